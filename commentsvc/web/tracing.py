"""Which request do these log lines belong to, and what is said of each request?

One line a request, in JSON logs: the route's pattern, never the address; nothing that came from the client but a
request id that a proxy of ours vouches for.
"""

import re
import secrets
import time
from typing import cast

import structlog
from flask import Flask, Response, g, request

from commentsvc.settings import Settings
from commentsvc.web import context

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
_log = structlog.get_logger(__name__)


def setup(app: Flask) -> None:
    """Name every request before anything else sees it, and say what became of it after everything else."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """Return the request's name."""
    if "request_id" not in g:
        _begin()
    return cast(str, g.request_id)


def new_name(given: str | None, settings: Settings) -> str:
    """Name a request: as a proxy of ours did, or anew."""
    is_ours = settings.trusted_proxies > 0 and given and _ID.fullmatch(given)
    return given if is_ours and given else secrets.token_hex(12)


def say(settings: Settings, route: str | None, method: str, status: int, seconds: float, **bound: str) -> None:
    """Write a request's one line, where lines are for programs."""
    if settings.log_format == "json":
        _log.info("request", route=route, method=method, status=status, ms=round(seconds * 1000, 2), **bound)


def _begin() -> None:
    g.request_id = new_name(request.headers.get("X-Request-Id"), context.services().settings)
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    route = request.url_rule.rule if request.url_rule else None
    method = request.method if request.method in _METHODS else "other"
    say(context.services().settings, route, method, response.status_code, time.perf_counter() - g.began)
    structlog.contextvars.clear_contextvars()
    return response
