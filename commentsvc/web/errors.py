"""Which HTTP answer does a domain error get? The only place that knows their numbers."""

from typing import Any, cast

import structlog
from apiflask.exceptions import HTTPError as ValidationFailure
from flask import Flask, Response, current_app, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from commentsvc import errors
from commentsvc.web import tracing

_log = structlog.get_logger(__name__)

STATUS: dict[type[errors.DomainError], int] = {
    errors.Malformed: 400,
    errors.Invalid: 422,
    errors.NotSignedIn: 401,
    errors.Forbidden: 403,
    errors.OriginRefused: 403,
    errors.Sanctioned: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.ParentNotPublic: 409,
    errors.ParentChanged: 409,
    errors.ArticleClosed: 409,
    errors.EditWindowOver: 409,
    errors.Nudged: 409,
    errors.KeyReused: 422,
    errors.KeyInFlight: 409,
    errors.TooManyRequests: 429,
    errors.TokenRefused: 400,
    errors.ClassifierUnavailable: 503,
    errors.Unanswered: 502,
    errors.Misconfigured: 500,
}
_CODES = {
    400: "malformed",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    503: "unavailable",
}
_MESSAGES = {
    400: "This request can't be understood.",
    403: "This isn't allowed.",
    404: "There is nothing here.",
    405: "This address doesn't take that method.",
    413: "This is more than 64 KiB.",
    415: "Send JSON, with Content-Type: application/json.",
}


def setup(app: Flask) -> None:
    """Answer every error in the one shape, or as a page where a person is looking."""
    app.register_error_handler(errors.DomainError, response)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(ValidationFailure, _validation)
    app.register_error_handler(Exception, _crash)


def response(error: errors.DomainError) -> Response:
    """Answer a domain error; also for views that return a refusal because it must be remembered."""
    code = error.reason if isinstance(error, errors.TokenRefused) else error.code
    answer = _answer(STATUS[type(error)], code, error.message, field=error.field, details=error.details)
    if isinstance(error, errors.TooManyRequests):
        answer.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.NotSignedIn) and _wants_json():
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _http(error: HTTPException) -> Response:
    if error.response is not None:
        return cast(Response, error.response)
    status = error.code or 500
    message = _MESSAGES.get(status) or error.description or error.name
    answer = _answer(status, _CODES.get(status, "error"), message)
    if status == 405 and (allow := dict(error.get_headers()).get("Allow")):
        answer.headers["Allow"] = allow
    return answer


def _validation(error: ValidationFailure) -> Response:
    located: dict[str, dict[str, list[str]]] = error.detail or {}
    fields = [(field, problems[0]) for part in located.values() for field, problems in part.items() if problems]
    if not fields:
        return _answer(error.status_code, _CODES.get(error.status_code, "error"), error.message or "")
    field, message = fields[0]
    details = {"fields": dict(fields)} if len(fields) > 1 else None
    return _answer(422, "invalid", message.removeprefix("Value error, "), field=field, details=details)


def _crash(error: Exception) -> Response:
    # The route and not the path: a path may hold a one-time link.
    route = request.url_rule.rule if request.url_rule else None
    _log.error("unexpected error", route=route, method=request.method, exc_info=error)
    details = {"request_id": tracing.request_id()}
    return _answer(500, "internal", "Something went wrong on our side; it has been recorded.", details=details)


def _answer(
    status: int, code: str, message: str, *, field: str | None = None, details: dict[str, Any] | None = None
) -> Response:
    if not _wants_json():
        asked = (details or {}).get("request_id")
        page = render_template("errors/error.html", status=status, message=message, request_id=asked)
        return Response(page, status, mimetype="text/html")
    body: dict[str, Any] = {"code": code, "message": message}
    if field is not None:
        body["field"] = field
    if details is not None:
        body["details"] = details
    answer = jsonify({"error": body})
    answer.status_code = status
    return answer


def _wants_json() -> bool:
    if "assets" not in current_app.blueprints:  # The scorer has no pages.
        return True
    if request.path.startswith(("/api/", "/v1alpha1/", "/internal/", "/healthz", "/readyz")):
        return True
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
