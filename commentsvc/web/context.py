"""What does a view have at hand: services, the request's transaction, the time?"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import structlog
from flask import current_app, g, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from commentsvc.infra.limits import Limiter
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us

if TYPE_CHECKING:
    from commentsvc.moderation.pipeline import Judge
    from commentsvc.web.seen import Seen

READS = {"GET", "HEAD", "OPTIONS"}
TURN = "commentsvc.turn"
"""In the WSGI environment: the lock that a request holds while it is answered, where requests take turns."""
_REST_S = 10.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What one application shares among its requests."""

    settings: Settings
    db: Database
    judge: "Judge"
    limiter: Limiter
    seen: "Seen"
    replica: Database | None = None
    """Where anonymous readers' pages may be read from, some seconds behind."""
    replica_rests_until: list[float] = field(default_factory=lambda: [0.0])
    """Until when a replica that didn't answer isn't asked again, as time.monotonic() counts."""
    has_site: threading.Event = field(default_factory=threading.Event)
    """Set once a site was found; there is no way back to an installation without one."""


def services() -> Services:
    """Return the application's services."""
    return cast(Services, current_app.extensions["commentsvc"])


def session() -> Session:
    """Return the request's one transaction, opened when first asked for: reading for GET, writing otherwise.

    It is committed when the view returns, whatever the status, and undone when the view raises.
    """
    if "session" not in g:
        g.session = services().db.open(write=request.method not in READS)
    return cast(Session, g.session)


def public_session() -> Session:
    """Return a transaction for reading what everyone sees: of the replica, where there is one and it answers."""
    here = services()
    if "session" not in g and here.replica is not None and time.monotonic() >= here.replica_rests_until[0]:
        try:
            g.session = here.replica.open(write=False)
        except OperationalError as error:
            here.replica_rests_until[0] = time.monotonic() + _REST_S
            _log.warning("the replica doesn't answer", why=type(error.orig).__name__)
    return session()


def begin_writing() -> Session:
    """End the request's transaction and open one for writing, for a GET that has to: somebody sent back by a provider.

    It ends as any other; what was read before is detached.
    """
    finish(commit=True)  # Undoing it would also make what was read forget itself.
    g.session = services().db.open(write=True)
    return cast(Session, g.session)


@contextmanager
def out_of_turn() -> Iterator[None]:
    """Let others have the turn that the front gave this request, while it waits for no database."""
    turn = request.environ.get(TURN)
    if turn is None:
        yield
        return
    turn.release()
    try:
        yield
    finally:
        turn.acquire()


@contextmanager
def writing() -> Iterator[Session]:
    """Write in the request's transaction if it is one for writing, else in one of its own."""
    opened: Session | None = g.get("session")
    is_writing = opened is None or bool(opened.connection().get_execution_options().get("commentsvc_write"))
    if is_writing and (opened is not None or request.method not in READS):
        yield session()
    else:
        with services().db.writing() as own:
            yield own


def now() -> int:
    """Return the request's time, the same from its first line to its last."""
    if "now" not in g:
        g.now = now_us()
    return cast(int, g.now)


def finish(*, commit: bool) -> None:
    """End the request's transaction, if there is one."""
    opened: Session | None = g.pop("session", None)
    if opened is None:
        return
    try:
        if commit:
            opened.commit()
        else:
            opened.rollback()
    finally:
        opened.close()
