"""What would Perspective have answered? Its two methods in its own JSON, for whoever called it: docs/perspective.md."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge

from commentsvc.enums import Scope
from commentsvc.errors import DomainError, Forbidden, NotFound, NotSignedIn
from commentsvc.moderation.detection import detect
from commentsvc.moderation.sentences import Source, sentences
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores
from commentsvc.queries.callers import find_caller, hash_token
from commentsvc.web import context
from commentsvc.web.perspective_discovery import VERSION, describe
from commentsvc.web.perspective_shapes import (
    AnalyzeCommentRequest,
    AttributeParameters,
    SuggestCommentScoreRequest,
    TextEntry,
    bad_key,
    invalid,
    read,
    refusal,
    too_large,
)

blueprint = Blueprint("perspective", __name__)

MAX_BYTES = 20 * 1024
_LABELS = {
    "TOXICITY": "toxicity",
    "SEVERE_TOXICITY": "severe_toxicity",
    "INSULT": "insult",
    "PROFANITY": "obscene",
    "THREAT": "threat",
    "IDENTITY_ATTACK": "identity_attack",
    "SEXUALLY_EXPLICIT": "sexual_explicit",
}
ATTRIBUTES = {**_LABELS, **{f"{name}_EXPERIMENTAL": label for name, label in _LABELS.items()}}
"""Perspective's attributes by our labels; its _EXPERIMENTAL ones were the same question put to a newer model."""

Parts = Sequence[tuple[Span, Scores]]


@blueprint.post("/v1alpha1/comments:analyze")
def analyze() -> Response:
    """Score a comment. Nothing of it is kept, whatever `doNotStore` says."""
    _authenticate()
    asked = read(AnalyzeCommentRequest, request.get_data())
    wanted = _wanted(asked)
    source = _source(asked.comment)
    detected = [language] if (language := detect(source.text)) else []
    _refuse_languages(asked.languages or [], detected, next(iter(wanted)))
    parts = sentences(source.text) if asked.span_annotations else []
    whole, *others = context.services().judge.score([source.text, *(source.text[start:end] for start, end in parts)])
    _refuse_unjudged(whole, wanted, detected)
    spans = list(zip(parts, others, strict=True)) or [((0, len(source.text)), whole)]
    placed = [(source.utf16(span), scores) for span, scores in spans]
    found = {name: _scores(ATTRIBUTES[name], how, whole, placed) for name, how in wanted.items()}
    answer = {
        "attributeScores": {name: scores for name, scores in found.items() if scores},
        "languages": asked.languages or detected,
        "detectedLanguages": detected,
    }
    return jsonify({**answer, **_token(asked.client_token)})


@blueprint.post("/v1alpha1/comments:suggestscore")
def suggest_score() -> Response:
    """Take a suggestion as Perspective did and keep nothing of it: the engines don't learn from other systems."""
    _authenticate()
    asked = read(SuggestCommentScoreRequest, request.get_data())
    _source(asked.comment)
    if not asked.attribute_scores:
        raise invalid("Missing attribute_scores", "NO_REQUESTED_ATTRIBUTES")
    return jsonify(_token(asked.client_token))


@blueprint.get("/$discovery/rest")
def discovery() -> Response:
    """Describe both methods to Google's client libraries, which take the service's address from here."""
    if request.args.get("version", VERSION) != VERSION:
        raise NotFound("There is only v1alpha1.")
    base: str = current_app.config["BASE_URL"]
    # The public address where it was asked for by that; it knows that it is https. A scorer has addresses of its own.
    root = base if urlsplit(base).netloc == request.host else request.host_url
    return jsonify(describe(root.rstrip("/") + "/"))


@blueprint.errorhandler(DomainError)
def refuse(error: DomainError) -> Response:
    """Refuse in Perspective's shape."""
    return refusal(error)


@blueprint.errorhandler(RequestEntityTooLarge)
def refuse_long_body(_error: RequestEntityTooLarge) -> Response:
    """Refuse a long body in Perspective's shape."""
    return too_large()


@blueprint.after_request
def keep_out_of_caches(response: Response) -> Response:
    """Let no cache keep an answer; scripts of web pages get none at all, for want of CORS headers."""
    response.headers["Cache-Control"] = "no-store"
    return response


def _authenticate() -> None:
    """Find a key that may analyze, and count the call by it. The database is let go before anything is scored."""
    kind, _, bearer = request.headers.get("Authorization", "").partition(" ")
    key = (
        request.headers.get("X-Goog-Api-Key") or request.args.get("key") or (bearer if kind.lower() == "bearer" else "")
    )
    key = key.strip()
    if not key:
        raise NotSignedIn("Method doesn't allow unregistered callers. Please use an API key.")
    services = context.services()
    with services.db.reading() as session:
        caller = find_caller(session, key, secret=services.settings.secret_key, now=context.now())
    if caller is None:
        raise bad_key()
    if caller.token_id is not None:
        services.seen.token(caller.token_id, now=context.now())
    if Scope.ANALYZE not in caller.scopes:
        raise Forbidden("This API key may not analyze comments.")
    services.limiter.hit("analyze", hash_token(key))


def _source(comment: TextEntry) -> Source:
    text = comment.text or ""
    if len(text.encode()) > MAX_BYTES:
        raise invalid("Comment text too long.", "COMMENT_TOO_LONG")
    source = Source(text, is_html=comment.type == "HTML")
    if not source.text.strip():
        raise invalid("Comment must be non-empty.", "COMMENT_EMPTY")
    return source


def _wanted(asked: AnalyzeCommentRequest) -> dict[str, AttributeParameters]:
    wanted = {name: how or AttributeParameters() for name, how in (asked.requested_attributes or {}).items()}
    if not wanted:
        raise invalid("Missing requested_attributes", "NO_REQUESTED_ATTRIBUTES")
    for name, how in wanted.items():
        if name not in ATTRIBUTES:
            raise invalid(f"Unknown requested attribute: {name[:100]}")
        if how.score_type not in {None, "PROBABILITY", "SCORE_TYPE_UNSPECIFIED"}:
            raise invalid(f"Requested score type {how.score_type[:100]} is not supported by attribute {name}")
    return wanted


def _refuse_languages(requested: Sequence[str], detected: Sequence[str], attribute: str) -> None:
    """Refuse a text that is said to be, or where nothing is said surely is, in no language that the engine judges."""
    known = context.services().judge.languages
    if requested and not any(language.replace("_", "-").partition("-")[0].lower() in known for language in requested):
        raise _unsupported(attribute, {"requestedLanguages": requested[:10]}, requested)
    if not requested and not set(detected) <= known:
        raise _unsupported(attribute, {"detectedLanguages": detected}, detected)


def _refuse_unjudged(scores: Scores, wanted: Mapping[str, Any], detected: Sequence[str]) -> None:
    """Refuse where the engine has no score for anything that was asked: no number is better than a made-up one."""
    first = next(iter(wanted))
    if any(scores[ATTRIBUTES[name]] is not None for name in wanted):
        return
    if any(score is not None for score in scores.values()):
        engine = context.services().judge.toxicity
        raise invalid(f"Attribute {first} is not supported by the engine {engine.name} {engine.version}")
    if set(detected) <= context.services().judge.languages:
        raise invalid("Unable to detect language", "LANGUAGE_DETECTION_FAILED")
    raise _unsupported(first, {"detectedLanguages": detected}, detected)


def _unsupported(attribute: str, which: dict[str, Any], languages: Sequence[str]) -> DomainError:
    named = ", ".join(language[:20] for language in languages[:10])
    return invalid(
        f"Attribute {attribute} does not support request languages: {named}",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        languageNotSupportedByAttributeError={**which, "attribute": attribute},
    )


def _scores(label: str, how: AttributeParameters, whole: Scores, parts: Parts) -> dict[str, Any]:
    """Return an attribute's scores; those that the engine doesn't know, or below the threshold, aren't in it."""
    least = how.score_threshold or 0.0
    spans = [
        {"begin": begin, "end": end, "score": _score(value)}
        for (begin, end), scores in parts
        if (value := scores[label]) is not None and value >= least
    ]
    found: dict[str, Any] = {"spanScores": spans} if spans else {}
    if (value := whole[label]) is not None and value >= least:
        found["summaryScore"] = _score(value)
    return found


def _score(value: float) -> dict[str, Any]:
    return {"value": round(value, 7), "type": "PROBABILITY"}


def _token(token: str | None) -> dict[str, str]:
    return {"clientToken": token} if token else {}
