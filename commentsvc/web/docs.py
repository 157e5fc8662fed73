"""What does the API look like to a person? A page made from its own OpenAPI document, with nothing third-party."""

from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, make_response, render_template

blueprint = Blueprint("docs", __name__)

_METHODS = ("get", "put", "post", "patch", "delete")
_REFUSALS = {"400": "Not a JSON object in UTF-8", "413": "More than 64 KiB", "415": "Not JSON by its content type"}
_ERROR = {"application/json": {"schema": {"$ref": "#/components/schemas/HTTPError"}}}


@blueprint.get("/api/docs")
def show() -> Response:
    """Show every operation by tag, with its parameters, body and answers."""
    spec = cast(dict[str, Any], cast(APIFlask, current_app).spec)
    answer = make_response(render_template("docs/api.html", spec=spec, groups=_by_tag(spec), schemas=_schemas(spec)))
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return answer


def name_refused_bodies(spec: Any) -> Any:
    """Add to every operation with a body how a body is refused before any view looks at it."""
    for operations in spec["paths"].values():
        for operation in operations.values():
            if isinstance(operation, dict) and "requestBody" in operation:
                for status, why in _REFUSALS.items():
                    operation["responses"].setdefault(status, {"description": why, "content": _ERROR})
    return spec


def _by_tag(spec: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, operations in spec["paths"].items():
        for method in _METHODS:
            if method in operations:
                operation = {"method": method.upper(), "path": path, **operations[method]}
                groups.setdefault(operation.get("tags", ["Other"])[0], []).append(operation)
    return groups


def _schemas(spec: dict[str, Any]) -> dict[str, Any]:
    schemas: dict[str, Any] = spec.get("components", {}).get("schemas", {})
    return schemas
