"""Which action does each job call, and who calls it? A thread in the server, or `commentsvc worker`."""

import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from commentsvc.actions import judging, purging
from commentsvc.infra import jobs
from commentsvc.infra.jobs import Claim
from commentsvc.moderation.pipeline import Judge
from commentsvc.store.db import Database, now_us

Work = Callable[[Database, Judge, Mapping[str, Any]], None]

_POLL_S = 0.5
_PURGE_EVERY_S = 600.0
_AFTER_TROUBLE_S = 5.0
_log = structlog.get_logger(__name__)


def _rescore(db: Database, judge: Judge, args: Mapping[str, Any]) -> None:
    if not judging.rescore(db, judge, args["comment"], args["revision"], now=now_us()):
        # Not an error of the job's: however long the classifier is out, no comment is given up.
        with db.writing() as session:
            judging.enqueue_rescore(session, args["comment"], args["revision"], now=now_us())


JOBS: Mapping[str, Work] = {"rescore": _rescore}


def run_worker(db: Database, judge: Judge, *, stop: threading.Event, registry: Mapping[str, Work] = JOBS) -> None:
    """Do jobs as they come due until `stop` is set; the one in hand is finished first.

    A database that goes away is waited for: its jobs are still there when it is back.
    """
    name = f"{socket.gethostname()[:20]}:{os.getpid()}:{secrets.token_hex(3)}"
    next_purge = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_purge:
                next_purge = time.monotonic() + _PURGE_EVERY_S
                with db.writing() as session:
                    purging.purge(session, now=now_us())
            if not run_next(db, judge, worker=name, registry=registry):
                stop.wait(_POLL_S)
        except SQLAlchemyError as error:
            _log.error("The worker can't use the database; trying again.", error=str(error))
            stop.wait(_AFTER_TROUBLE_S)


def run_next(
    db: Database,
    judge: Judge,
    *,
    worker: str,
    registry: Mapping[str, Work] = JOBS,
    lease: int = jobs.LEASE_US,
) -> bool:
    """Do the job that has been due longest; False when there is none."""
    with db.reading() as session:
        if not jobs.has_due(session, now=now_us()):
            return False
    with db.writing() as session:
        claimed = jobs.claim(session, worker=worker, now=now_us(), lease=lease)
    if claimed is None:
        return False
    try:
        with _renewing(db, claimed, lease):
            registry[claimed.name](db, judge, claimed.args)
    except Exception as error:  # Whatever a job raises is kept with it, and the next one is done.
        _log.error("A job failed.", job=claimed.name, id=claimed.id, attempt=claimed.attempts, error=repr(error))
        with db.writing() as session:
            jobs.give_back(session, claimed, traceback.format_exc(), now=now_us())
    else:
        with db.writing() as session:
            jobs.finish(session, claimed, now=now_us())
    return True


@contextmanager
def _renewing(db: Database, claimed: Claim, lease: int) -> Iterator[None]:
    done = threading.Event()

    def renew() -> None:
        while not done.wait(lease / jobs.SECOND / 3):
            try:
                with db.writing() as session:
                    if not jobs.renew(session, claimed, now=now_us(), lease=lease):
                        return
            except SQLAlchemyError as error:
                _log.warning("A lease couldn't be renewed.", id=claimed.id, error=str(error))

    thread = threading.Thread(target=renew, name=f"lease-{claimed.id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
