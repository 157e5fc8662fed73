"""Which public answers are given again without waking Flask? Those whose stamp in the database is still the same.

A view asks for it: `watch` a query before it reads anything else, and `offer` its answer until a time. The front
(serve.py) keeps what was offered, bounded by bytes, compressed once; before it gives an answer again it asks whether
anything was committed since, and if so, whether the query answers as it did. So nobody sees an answer that the
application would not have given at that moment.
"""

import gzip
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec

from flask import request
from sqlalchemy import Select
from sqlalchemy.orm import Session

from commentsvc.infra import measures
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.glance import Glance, Question, Rows
from commentsvc.web import tracing

P = ParamSpec("P")

Headers = list[tuple[str, str]]
Answer = tuple[int, Headers, bytes]

_OFFERS = "commentsvc.offers"
"""In the WSGI environment: where a view puts its offer, when somebody would take it."""
_WORTH_PACKING = 500
_ENTRY = 2_000
"""Bytes that an entry costs beside its bodies, roughly."""
_PER_REQUEST = {"x-request-id", "content-length"}
_OF_A_BODY = {"content-type"}


@dataclass(frozen=True, slots=True)
class Watched:
    """A query and how it answered before the view read anything else."""

    query: Select[Any]
    rows: Rows


@dataclass(frozen=True, slots=True)
class Offer:
    """What a view says of its answer: until when it holds, as long as `watched` answers the same."""

    until: int
    watched: Watched | None
    endpoint: str
    route: str


@dataclass(slots=True)
class _Kept:
    offer: Offer
    question: Question | None
    seen: int
    """The database's move at which the stamp was the same."""
    headers: Headers
    body: bytes
    packed: bytes | None
    etag: str

    @property
    def size(self) -> int:
        return len(self.body) + len(self.packed or b"") + _ENTRY


def watch(session: Session, build: Callable[P, Select[Any]], *args: P.args, **kwargs: P.kwargs) -> Watched | None:
    """Note how the query that `build` makes of the arguments answers now; None where nobody keeps answers.

    Ask before anything else is read: what is committed in between makes the stamp too old, which is safe.
    """
    if _OFFERS not in request.environ:
        return None
    query = build(*args, **kwargs)
    return Watched(query, [tuple(row) for row in session.execute(query)])


def offer(watched: Watched | None, *, until: int) -> None:
    """Let the answer of this request be given again until a time, as long as what was watched answers the same."""
    offers = request.environ.get(_OFFERS)
    if offers is not None and request.url_rule is not None:
        offers.append(Offer(until, watched, request.endpoint or "none", request.url_rule.rule))


def invite(environ: dict[str, Any]) -> list[Offer]:
    """Say in a request's WSGI environment that an offer would be taken, and return where it will be."""
    offers: list[Offer] = []
    environ[_OFFERS] = offers
    return offers


class Shelf:
    """The answers that this process keeps, the least recently given dropped first; for one thread, the event loop's.

    What is watched is only kept before SQLite: that question is a read of memory, where one to a server over the
    network would hold the event loop up, and cost what Flask does.
    """

    def __init__(self, db: Database, settings: Settings) -> None:
        self._glance = Glance(db) if db.is_sqlite else None
        self._settings = settings
        self._most = settings.page_cache_mb * 1024 * 1024
        self._bytes = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def find(self, key: str, headers: Mapping[str, str]) -> Answer | None:
        """Return the answer to a request (`key_of`) that may be given again, or None."""
        kept = self._kept.get(key)
        if kept is None:
            return None
        began = time.perf_counter()
        if not self._holds(kept):
            self._drop(key)
            return None
        self._kept.move_to_end(key)
        status, answer, body = _told(kept, headers)
        name = tracing.new_name(headers.get("x-request-id"), self._settings)
        seconds = time.perf_counter() - began
        measures.page_cache.labels("hit").inc()
        measures.requests.labels(kept.offer.endpoint, "GET", status).inc()
        measures.request_seconds.labels(kept.offer.endpoint).observe(seconds)
        tracing.say(self._settings, kept.offer.route, "GET", status, seconds, request_id=name)
        return status, [*answer, ("x-request-id", name)], body

    def keep(self, key: str, offer: Offer, answer: Answer) -> None:
        """Keep an answer that was offered."""
        status, headers, body = answer
        etag = next((value for name, value in headers if name == "etag"), "")
        if status != 200 or not etag:
            return
        measures.page_cache.labels("miss").inc()
        if offer.watched and not self._glance:
            return
        kept = _Kept(
            offer=offer,
            question=self._glance.phrase(offer.watched.query) if self._glance and offer.watched else None,
            seen=-1,
            headers=[(name, value) for name, value in headers if name not in _PER_REQUEST],
            body=body,
            packed=gzip.compress(body, 6, mtime=0) if len(body) >= _WORTH_PACKING else None,
            etag=etag,
        )
        if kept.size <= self._most // 8:
            self._drop(key)
            self._kept[key] = kept
            self._bytes += kept.size
            while self._bytes > self._most:
                self._drop(next(iter(self._kept)))

    def _holds(self, kept: _Kept) -> bool:
        if now_us() >= kept.offer.until:
            return False
        if kept.question is None or kept.offer.watched is None or self._glance is None:
            return True
        try:
            # Asked first: what is committed after it makes the next number another one.
            move = self._glance.moves()
            if move != kept.seen and self._glance.ask(kept.question) != kept.offer.watched.rows:
                return False
        except sqlite3.Error:
            return False
        kept.seen = move
        return True

    def _drop(self, key: str) -> None:
        dropped = self._kept.pop(key, None)
        if dropped is not None:
            self._bytes -= dropped.size


def key_of(scope: Any) -> str:
    """Name a request by all that its public answer depends on; `scope` is RSGI's."""
    return f"{scope.headers.get('host')} {scope.path}?{scope.query_string}"


def _told(kept: _Kept, asked: Mapping[str, str]) -> Answer:
    """Write the answer as this client takes it. Bodies that were packed have the weak form of the tag: they are the
    same content, not the same bytes."""
    packed = kept.packed if kept.packed is not None and _takes_gzip(asked.get("accept-encoding", "")) else None
    etag = kept.etag if packed is None else f"W/{kept.etag}"
    headers = [(name, value) if name != "etag" else (name, etag) for name, value in kept.headers]
    if _knows(asked.get("if-none-match", ""), kept.etag):
        return 304, [pair for pair in headers if pair[0] not in _OF_A_BODY], b""
    if packed is None:
        return 200, headers, kept.body
    return 200, [*headers, ("content-encoding", "gzip")], packed


def _takes_gzip(accepted: str) -> bool:
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in {"gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _knows(named: str, etag: str) -> bool:
    return any(one.strip().removeprefix("W/") in {etag, "*"} for one in named.split(",")) if named else False
