"""How do Google's client libraries learn where Perspective is? By a document in Google's discovery format."""

from typing import Any

VERSION = "v1alpha1"

_SHAPES = {
    "AnalyzeCommentRequest": "comment, requestedAttributes, languages, spanAnnotations, doNotStore, clientToken.",
    "AnalyzeCommentResponse": "attributeScores, languages, detectedLanguages, clientToken.",
    "SuggestCommentScoreRequest": "comment, attributeScores, languages, context, communityId, clientToken.",
    "SuggestCommentScoreResponse": "clientToken.",
}
_PARAMETERS = {
    "key": "API key.",
    "alt": "json.",
    "fields": "Taken and not used.",
    "prettyPrint": "Taken and not used.",
    "quotaUser": "Taken and not used.",
}


def describe(root: str) -> dict[str, Any]:
    """Describe the service at an address that ends with a slash."""
    return {
        "kind": "discovery#restDescription",
        "discoveryVersion": "v1",
        "id": f"commentanalyzer:{VERSION}",
        "name": "commentanalyzer",
        "version": VERSION,
        "title": "Comment analysis",
        "description": "commentsvc, in the JSON of the Perspective API.",
        "protocol": "rest",
        "rootUrl": root,
        "baseUrl": root,
        "servicePath": "",
        "basePath": "",
        "batchPath": "batch",
        "parameters": {
            name: {"type": "string", "location": "query", "description": what} for name, what in _PARAMETERS.items()
        },
        "schemas": {name: {"id": name, "type": "object", "description": what} for name, what in _SHAPES.items()},
        "resources": {
            "comments": {
                "methods": {
                    "analyze": _method("analyze", "AnalyzeComment", "Score a comment."),
                    "suggestscore": _method("suggestscore", "SuggestCommentScore", "Suggest a score; nothing is kept."),
                }
            }
        },
    }


def _method(name: str, shape: str, what: str) -> dict[str, Any]:
    path = f"{VERSION}/comments:{name}"
    return {
        "id": f"commentanalyzer.comments.{name}",
        "path": path,
        "flatPath": path,
        "httpMethod": "POST",
        "description": what,
        "parameters": {},
        "parameterOrder": [],
        "request": {"$ref": f"{shape}Request"},
        "response": {"$ref": f"{shape}Response"},
    }
