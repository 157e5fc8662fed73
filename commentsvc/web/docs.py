"""What does the API look like to a person? A page made from its own OpenAPI document, with nothing third-party."""

from typing import Any, cast

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, make_response, render_template

blueprint = Blueprint("docs", __name__)

_METHODS = ("get", "put", "post", "patch", "delete")


@blueprint.get("/api/docs")
def show() -> Response:
    """Show every operation by tag, with its parameters, body and answers."""
    spec = cast(dict[str, Any], cast(APIFlask, current_app).spec)
    answer = make_response(render_template("docs/api.html", spec=spec, groups=_by_tag(spec), schemas=_schemas(spec)))
    answer.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return answer


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
