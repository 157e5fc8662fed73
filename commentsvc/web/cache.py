"""How does an answer that is the same for everyone leave: as bytes with a tag, and headers that let others cache it?"""

import hashlib
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask import json as flask_json

_MAX_AGE = 5
_STALE = 55


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JSON body as bytes, and its entity tag."""

    body: bytes
    etag: str


def encode(value: Any) -> Encoded:
    """Write a public answer as bytes with the entity tag of just these bytes."""
    return tagged(flask_json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def tagged(body: bytes) -> Encoded:
    """Give bytes the entity tag of just these bytes."""
    return Encoded(body, hashlib.blake2b(body, digest_size=12).hexdigest())


def public(page: Encoded, *, until: int | None = None, mimetype: str = "application/json") -> Response:
    """Answer what is the same for everyone: any origin may read it, and caches may keep it for a minute at most,
    less when it holds for `until` seconds only."""
    response = Response(page.body, mimetype=mimetype)
    response.set_etag(page.etag)
    fresh = _MAX_AGE if until is None else max(0, min(_MAX_AGE, until))
    stale = _STALE if until is None else max(0, min(_STALE, until - fresh))
    response.headers["Cache-Control"] = f"public, max-age={fresh}, stale-while-revalidate={stale}"
    # Given again, it may be packed: see shelf.py.
    response.vary.add("Accept-Encoding")
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.make_conditional(request)
    return response
