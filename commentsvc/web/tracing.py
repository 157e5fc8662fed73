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


def _begin() -> None:
    given = request.headers.get("X-Request-Id", "")
    is_ours = context.services().settings.trusted_proxies > 0 and _ID.fullmatch(given)
    g.request_id = given if is_ours else secrets.token_hex(12)
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-Id"] = request_id()
    if context.services().settings.log_format == "json":
        _log.info(
            "request",
            route=request.url_rule.rule if request.url_rule else None,
            method=request.method if request.method in _METHODS else "other",
            status=response.status_code,
            ms=round((time.perf_counter() - g.began) * 1000, 2),
        )
    structlog.contextvars.clear_contextvars()
    return response
