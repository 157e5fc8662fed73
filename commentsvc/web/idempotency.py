"""Has this write been answered before? The answer is kept in the write's own transaction."""

import hashlib
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from flask import Response, request
from sqlalchemy.exc import IntegrityError

from commentsvc.errors import Invalid, KeyInFlight, KeyReused
from commentsvc.store.models import IdempotencyKey
from commentsvc.web import context, security

P = ParamSpec("P")

_MAX_KEY = 200
_DAY_US = 24 * 3600 * 1_000_000
_INSERT = IdempotencyKey.__table__.insert()  # type: ignore[attr-defined]
_in_flight: set[tuple[int, str, str]] = set()
_lock = threading.Lock()


def idempotent(view: Callable[P, Response]) -> Callable[P, Response]:
    """Let a repeat with the same `Idempotency-Key` get the first answer; put it below `signed_in`.

    Two requests at once in one process: the second gets KeyInFlight. In two processes: the second waits at the
    key's row, its own work is undone, and it gets the first one's answer.
    """

    @wraps(view)
    def once(*args: P.args, **kwargs: P.kwargs) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return view(*args, **kwargs)
        if not key or len(key) > _MAX_KEY or not key.isprintable():
            raise Invalid(f"An Idempotency-Key has 1 to {_MAX_KEY} printable characters.")
        place = (security.caller().person.id, _route(), key)
        with _lock:
            if place in _in_flight:
                raise KeyInFlight("This request is being answered right now; repeat it in a moment.")
            _in_flight.add(place)
        try:
            return _answer_once(view, place, *args, **kwargs)
        finally:
            with _lock:
                _in_flight.discard(place)

    return once


def _answer_once(
    view: Callable[P, Response], place: tuple[int, str, str], *args: P.args, **kwargs: P.kwargs
) -> Response:
    digest = hashlib.sha256(request.get_data()).hexdigest()
    known = _replay(place, digest)
    if known is not None:
        return known
    answer = view(*args, **kwargs)
    if answer.status_code >= 400:
        return answer
    session = context.session()
    person_id, route, key = place
    kept = {
        "person_id": person_id, "route": route, "key": key, "request_hash": digest, "status": answer.status_code,
        "body": answer.get_data(as_text=True), "created_at": context.now(),
    }  # fmt: skip
    try:
        session.flush()
        session.connection().execute(_INSERT, kept)
        # Committed here and not by the app, so that a repeat that another process answered first is found out now.
        session.commit()
    except IntegrityError:
        context.finish(commit=False)
        won = _replay(place, digest)
        if won is None:
            raise
        return won
    return answer


def _replay(place: tuple[int, str, str], digest: str) -> Response | None:
    with context.services().db.reading() as session:
        kept = session.get(IdempotencyKey, place)
    if kept is None:
        return None
    if kept.request_hash != digest:
        raise KeyReused("This Idempotency-Key came with another body before.")
    answer = Response(kept.body, kept.status, mimetype="application/json")
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _route() -> str:
    return f"{request.method} {request.path}"[:200]
