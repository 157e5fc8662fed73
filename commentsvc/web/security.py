"""Which requests do we take, who is asking, and what do our answers forbid a browser?"""

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from flask import Flask, Request, Response, current_app, g, request
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from commentsvc.enums import Scope
from commentsvc.errors import Forbidden, Invalid, Malformed, NotFound, NotSignedIn
from commentsvc.infra.limits import network_of
from commentsvc.queries.callers import Caller, find_caller
from commentsvc.web import context

P = ParamSpec("P")
R = TypeVar("R")

MAX_BODY = 64 * 1024
MAX_LONG_FORM = 2 * 1024 * 1024
_LONG_FORM = re.compile(r"/console/[^/]+/policy")
_MAX_DEPTH = 16


class StrictRequest(Request):
    """A request whose JSON is UTF-8, an object, not deep, without NaN or duplicate keys, and at most 64 KiB.

    The form of a site's policy may be longer: it has word lists of thousands.
    """

    max_content_length = MAX_BODY
    max_form_memory_size = MAX_BODY

    def __init__(self, environ: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(environ, *args, **kwargs)
        self.max_content_length = self.max_form_memory_size = most_of(self.path)

    def get_json(self, force: bool = False, silent: bool = False, cache: bool = True) -> Any:
        """Read the body, or raise Malformed (400), RequestEntityTooLarge (413) or UnsupportedMediaType (415)."""
        if self.mimetype != "application/json":
            raise UnsupportedMediaType
        return parse_json(self.get_data(cache=cache))


def most_of(path: str) -> int:
    """Return how many bytes a request to a path may bring."""
    return MAX_LONG_FORM if _LONG_FORM.fullmatch(path) else MAX_BODY


def parse_json(raw: bytes) -> dict[str, Any]:
    """Read a JSON object strictly, or raise Malformed."""
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_refuse_constant)
        _refuse_hostile(value)
    except (ValueError, RecursionError):
        raise Malformed("This isn't a JSON document in UTF-8 that we take.") from None
    if not isinstance(value, dict):
        raise Malformed("The body must be a JSON object.")
    return value


def setup(app: Flask) -> None:
    """Refuse long bodies, and send the headers that every answer carries."""
    app.before_request(_refuse_nul)
    app.before_request(_refuse_long_body)
    app.after_request(_headers)


def signed_in(scope: Scope) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let a view run only with a bearer token of this scope; `caller()` then says whose."""

    def decorate(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            g.caller = _find(scope)
            return view(*args, **kwargs)

        return checked

    return decorate


def caller() -> Caller:
    """Return who is asking, in a view that needs a sign-in."""
    return cast(Caller, g.caller)


def client_network() -> str:
    """Return whom the client's address stands for; proxies are believed only as far as the settings say."""
    return network_of(request.remote_addr or "")


def _find(scope: Scope) -> Caller:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise NotSignedIn("Sign in to do this.")
    services = context.services()
    # A transaction of its own: who asks is known before a write lock is taken.
    with services.db.reading() as session:
        found = find_caller(session, token.strip(), secret=services.settings.secret_key, now=context.now())
    if found is None:
        raise NotSignedIn("This sign-in has ended; sign in again.")
    if found.token_id is not None:
        services.seen.token(found.token_id, now=context.now())
    if scope not in found.scopes:
        raise Forbidden("This token may not do that.")
    return found


def _refuse_nul() -> None:
    if "\0" in request.path:
        raise NotFound("There is nothing here.")
    if "%00" in request.query_string.decode("latin-1"):
        raise Invalid("An address can't contain NUL.")


def _refuse_long_body() -> None:
    # serve.py has read the body by now, counted its bytes however they came, and says its length.
    if (request.content_length or 0) > (request.max_content_length or MAX_BODY):
        raise RequestEntityTooLarge


def _headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "strict-origin-when-cross-origin")
    headers.setdefault("X-Frame-Options", "DENY")
    if request.path.startswith("/api/"):
        headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
        headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin")
        headers.setdefault("Cache-Control", "no-store")
        if not request.path.startswith("/api/v1/token"):
            _let_pages_read(headers)
    if current_app.config["BASE_URL"].startswith("https://"):
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _let_pages_read(headers: Headers) -> None:
    """Let scripts of any page call the API: it honours no cookie, so there is nothing to ride on."""
    headers.setdefault("Access-Control-Allow-Origin", "*")
    headers.setdefault("Access-Control-Expose-Headers", "ETag, Retry-After")
    if request.method == "OPTIONS":
        headers.setdefault("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE")
        headers.setdefault("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key")
        headers.setdefault("Access-Control-Max-Age", "600")


def _refuse_hostile(value: object) -> None:
    """Raise ValueError for nesting beyond any request of ours, for NUL and for lone surrogates, without recursing."""
    waiting = [(value, 1)]
    while waiting:
        item, depth = waiting.pop()
        if isinstance(item, str):
            item.encode("utf-8")
            if "\0" in item:
                raise ValueError("NUL")
        elif isinstance(item, dict | list):
            if depth > _MAX_DEPTH:
                raise ValueError("too deep")
            inside = [*item.keys(), *item.values()] if isinstance(item, dict) else item
            waiting += [(child, depth + 1) for child in inside]


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
