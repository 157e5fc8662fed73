"""Which public pages are ready-made? A bounded cache in this process, and the headers that let others cache too."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from flask import Response, request
from flask import json as flask_json

from commentsvc.infra import measures

_MAX_AGE = 5
_STALE = 55


@dataclass(frozen=True, slots=True)
class Encoded:
    """A JSON body as bytes, and its entity tag."""

    body: bytes
    etag: str


class PageCache:
    """Encoded pages by key, the least recently used dropped when their bytes exceed the limit; 0 keeps none."""

    def __init__(self, max_bytes: int) -> None:
        self._max = max_bytes
        self._bytes = 0
        self._pages: OrderedDict[Hashable, Encoded] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], Any]) -> Encoded:
        """Return the page for a key that names its content's version, made by `make` when it isn't there."""
        with self._lock:
            found = self._pages.get(key)
            if found is not None:
                self._pages.move_to_end(key)
        measures.page_cache.labels("miss" if found is None else "hit").inc()
        if found is not None:
            return found
        made = encode(make())
        if len(made.body) <= self._max // 8:
            self._keep(key, made)
        return made

    def _keep(self, key: Hashable, page: Encoded) -> None:
        with self._lock:
            previous = self._pages.pop(key, None)
            self._bytes += len(page.body) - (len(previous.body) if previous else 0)
            self._pages[key] = page
            while self._bytes > self._max:
                self._bytes -= len(self._pages.popitem(last=False)[1].body)


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
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Retry-After"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.make_conditional(request)
    return response
