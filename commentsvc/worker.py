"""Which action does each job call, and who calls it? A thread in the server, or `commentsvc worker`."""

import os
import secrets
import socket
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from commentsvc.actions import (
    account_changes,
    alerting,
    asking,
    backtesting,
    breaker,
    bulks,
    clearing,
    digests,
    erasing,
    exporting,
    judging,
    mailing,
    notices,
    purging,
    rescoring,
    telling,
)
from commentsvc.infra import jobs, measures
from commentsvc.infra.jobs import Claim
from commentsvc.moderation.pipeline import Judge
from commentsvc.settings import Settings, load_settings
from commentsvc.store.db import Database, now_us

Work = Callable[[Database, Judge, Mapping[str, Any]], int | None]
"""Does one job; returns None when it is done, else in how many microseconds it is to go on."""
Together = Callable[[Database, Judge, Sequence[Claim]], Sequence[int | None]]
"""Does several jobs of one name at once, and answers for each as `Work` does."""

_POLL_S = 0.5
_PURGE_EVERY_S = 600.0
_LOOK_EVERY_S = 2.0
_WATCH_EVERY_S = 60.0
_AFTER_TROUBLE_S = 5.0
_TOGETHER = 32
_TURN_S = 2.0
"""How long a long job goes on before others that are due have their turn."""
_PAUSE_US = jobs.SECOND // 5
_RETRY_LEAST_US, _RETRY_MOST_US = 30 * jobs.SECOND, 600 * jobs.SECOND
_log = structlog.get_logger(__name__)


def _rescore(db: Database, judge: Judge, claims: Sequence[Claim]) -> Sequence[int | None]:
    wanted = [(claimed.args["comment"], claimed.args["revision"]) for claimed in claims]
    answers = judging.rescore(db, judge, wanted, now=now_us())
    if any(answers):
        # The engine answers: whoever was told to come later may come now.
        with db.writing() as session:
            jobs.hasten(session, "rescore", now=now_us())
    # Not an error of the job's: however long the classifier is out, no comment is given up.
    return [_retry_pause(claimed) if answer is False else None for claimed, answer in zip(claims, answers, strict=True)]


def _retry_pause(claimed: Claim) -> int:
    """The longer a check has failed, the rarer it is asked: ten thousand comments then cost next to nothing."""
    return min(max((now_us() - claimed.created_at) // 4, _RETRY_LEAST_US), _RETRY_MOST_US)


def _ask(db: Database, _judge: Judge, claims: Sequence[Claim]) -> Sequence[int | None]:
    settings = load_settings()
    servers = asking.Servers(settings.akismet_url, settings.private_host_names)
    wanted = [asking.Wanted(**_renamed(claimed.args), since=claimed.created_at) for claimed in claims]
    answers = asking.ask_many(db, wanted, servers=servers, now=now_us())
    return [None if is_done else _ask_pause(claimed) for claimed, is_done in zip(claims, answers, strict=True)]


def _renamed(args: Mapping[str, Any]) -> dict[str, Any]:
    return {"comment_id": args["comment"], "revision": args["revision"], "check": args["check"]}


def _ask_pause(claimed: Claim) -> int:
    """Soon again at first: somebody waits to see their comment."""
    return min(max((now_us() - claimed.created_at) // 4, 5 * jobs.SECOND), _RETRY_MOST_US)


def _rescore_site(db: Database, judge: Judge, args: Mapping[str, Any]) -> int | None:
    return _take_turn(lambda: rescoring.advance(db, judge, args["rescoring"], now=now_us()))


def _decide_bulk(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
    return _take_turn(lambda: bulks.advance(db, args["bulk"], now=now_us()))


def _take_turn(advance: Callable[[], int | None]) -> int | None:
    """Go on with a long job by small steps for a while, then let others have their turn."""
    end = time.monotonic() + _TURN_S
    while time.monotonic() < end:
        began = time.monotonic()
        pause = advance()
        if pause != 0:
            return pause
        # Half of the time at most: the same cores answer readers.
        time.sleep(time.monotonic() - began)
    return _PAUSE_US


def _backtest(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
    return _take_turn(lambda: 0 if backtesting.advance(db, args["backtest"], now=now_us()) else None)


def jobs_outside(settings: Settings) -> Mapping[str, Work]:
    """Return the jobs that reach other servers, as the settings say how."""

    def alert(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
        return alerting.deliver(db, settings, args["message"], clock=now_us)

    def mail(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
        return mailing.deliver(db, settings, args["mail"], clock=now_us)

    def export(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
        return _take_turn(lambda: exporting.advance(db, args["export"], base_url=settings.base_url, now=now_us()))

    def reset(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
        with db.writing() as session:
            account_changes.mail_reset(session, args["email"], secret=settings.secret_key, now=now_us())
        return None

    return {
        alerting.JOB: alert,
        mailing.JOB: mail,
        exporting.JOB: export,
        account_changes.RESET_JOB: reset,
    }


def _clear_person(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
    return _take_turn(lambda: None if clearing.advance(db, args["clearing"], now=now_us()) is None else 0)


def _tell(db: Database, _judge: Judge, claims: Sequence[Claim]) -> Sequence[int | None]:
    with db.writing() as session:
        for claimed in claims:
            telling.tell(session, claimed.args["comment"], is_new=claimed.args["new"], now=now_us())
    return [None] * len(claims)


def _tell_followers(db: Database, _judge: Judge, args: Mapping[str, Any]) -> None:
    with db.writing() as session:
        telling.tell_followers(session, args, now=now_us())


def _write_notice_mails(db: Database, _judge: Judge, _args: Mapping[str, Any]) -> int | None:
    return _take_turn(lambda: digests.advance(db, now=now_us()))


def _erase_person(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
    return _take_turn(lambda: erasing.advance(db, args["deletion"], now=now_us()))


def _look_at_breaker(db: Database, _judge: Judge, args: Mapping[str, Any]) -> None:
    breaker.evaluate(db, args["article"], now=now_us())


def _let_breaker_go(db: Database, _judge: Judge, args: Mapping[str, Any]) -> int | None:
    return breaker.come_back(db, args["trip"], now=now_us())


JOBS: Mapping[str, Work] = {
    rescoring.JOB: _rescore_site,
    bulks.JOB: _decide_bulk,
    backtesting.JOB: _backtest,
    clearing.JOB: _clear_person,
    erasing.JOB: _erase_person,
    breaker.JOB: _look_at_breaker,
    breaker.RETURN_JOB: _let_breaker_go,
    telling.FOLLOWERS_JOB: _tell_followers,
    notices.MAIL_JOB: _write_notice_mails,
}
JOBS_TOGETHER: Mapping[str, Together] = {"rescore": _rescore, judging.ASK: _ask, telling.JOB: _tell}


class Keeper:
    """Keeps scores in step with the engine: notices one that comes back, and one that is another than before."""

    def __init__(self) -> None:
        self._known: tuple[str, str] | None = None

    def look(self, db: Database, judge: Judge) -> None:
        """Have what waits for the engine judged now, and sites rescored, when that has become possible."""
        if judge.is_out:
            self._known = None
            return
        engine = (judge.toxicity.name, judge.toxicity.version)
        if engine == self._known:
            return
        with db.writing() as session:
            sites = rescoring.begin(session, engine=engine[0], version=engine[1], now=now_us())
            waiting = jobs.hasten(session, "rescore", now=now_us())
        if sites or waiting:
            _log.info("scores are brought up to date", engine=engine[0], version=engine[1], sites=sites, held=waiting)
        self._known = engine


class Watch:
    """Looks every minute whether a site's line is crossed; knows since when this process's engine is out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._out_since: int | None = None

    def look(self, db: Database, judge: Judge) -> None:
        """Raise and end alerts."""
        now = now_us()
        self._out_since = (self._out_since or now) if judge.is_out else None
        alerting.watch(db, base_url=self._settings.base_url, out_since=self._out_since, now=now)


def run_worker(
    db: Database,
    judge: Judge,
    *,
    stop: threading.Event,
    registry: Mapping[str, Work] = JOBS,
    settings: Settings | None = None,
) -> None:
    """Do jobs as they come due until `stop` is set; the one in hand is finished first.

    A database that goes away is waited for: its jobs are still there when it is back. Alerts are watched for and sent
    by a worker that knows the settings.
    """
    name = worker_name()
    keeper = Keeper()
    watch = Watch(settings) if settings else None
    registry = {**registry, **jobs_outside(settings)} if settings else registry
    next_purge = next_look = next_watch = 0.0
    while not stop.is_set():
        try:
            if time.monotonic() >= next_purge:
                next_purge = time.monotonic() + _PURGE_EVERY_S
                with db.writing() as session:
                    purging.purge(session, now=now_us())
            if time.monotonic() >= next_look:
                next_look = time.monotonic() + _LOOK_EVERY_S
                keeper.look(db, judge)
            if watch is not None and time.monotonic() >= next_watch:
                next_watch = time.monotonic() + _WATCH_EVERY_S
                watch.look(db, judge)
            if not run_next(db, judge, worker=name, registry=registry):
                stop.wait(_POLL_S)
        except SQLAlchemyError as error:
            _log.error("The worker can't use the database; trying again.", error=str(error))
            stop.wait(_AFTER_TROUBLE_S)


def worker_name() -> str:
    """Name this worker, differently from every other one."""
    return f"{socket.gethostname()[:20]}:{os.getpid()}:{secrets.token_hex(3)}"


def run_next(
    db: Database,
    judge: Judge,
    *,
    worker: str,
    registry: Mapping[str, Work] = JOBS,
    lease: int = jobs.LEASE_US,
    name: str | None = None,
) -> bool:
    """Do the job that has been due longest (of a name, when one is given); False when there is none."""
    with db.reading() as session:
        if not jobs.has_due(session, now=now_us(), name=name):
            return False
    claims = _claim(db, worker=worker, lease=lease, name=name)
    if not claims:
        return False
    first = claims[0]
    began = time.perf_counter()
    structlog.contextvars.bind_contextvars(job=first.name, request_id=first.request_id)
    try:
        with _renewing(db, claims, lease):
            if first.name in JOBS_TOGETHER:
                pauses = JOBS_TOGETHER[first.name](db, judge, claims)
            else:
                pauses = [registry[first.name](db, judge, first.args)]
    except Exception as error:  # Whatever a job raises is kept with it, and the next one is done.
        _count(first, "failed", began, len(claims))
        _log.error("A job failed.", id=first.id, attempt=first.attempts, error=repr(error))
        with db.writing() as session:
            for claimed in claims:
                jobs.give_back(session, claimed, traceback.format_exc(), now=now_us())
    else:
        _count(first, "done", began, sum(pause is None for pause in pauses))
        _count(first, "later", None, sum(pause is not None for pause in pauses))
        with db.writing() as session:
            for claimed, pause in zip(claims, pauses, strict=True):
                _put_down(session, claimed, pause)
    finally:
        structlog.contextvars.unbind_contextvars("job", "request_id")
    return True


def _count(first: Claim, result: str, began: float | None, number: int) -> None:
    if number:
        measures.jobs.labels(first.name, result).inc(number)
    if began is not None:
        measures.job_seconds.labels(first.name).observe(time.perf_counter() - began)


def _claim(db: Database, *, worker: str, lease: int, name: str | None) -> list[Claim]:
    """Take the job that is due, and with it others that can be done together with it."""
    with db.writing() as session:
        first = jobs.claim(session, worker=worker, now=now_us(), lease=lease, name=name)
        if first is None:
            return []
        if first.name not in JOBS_TOGETHER:
            return [first]
        others = jobs.claim_many(session, worker=worker, now=now_us(), lease=lease, name=first.name, most=_TOGETHER - 1)
        return [first, *others]


def _put_down(session: Session, claimed: Claim, pause: int | None) -> None:
    if pause is None:
        jobs.finish(session, claimed, now=now_us())
    else:
        jobs.go_on(session, claimed, run_at=now_us() + pause)


@contextmanager
def _renewing(db: Database, claims: Sequence[Claim], lease: int) -> Iterator[None]:
    done = threading.Event()

    def renew() -> None:
        while not done.wait(lease / jobs.SECOND / 3):
            try:
                with db.writing() as session:
                    renewed = [jobs.renew(session, claimed, now=now_us(), lease=lease) for claimed in claims]
                if not any(renewed):
                    return
            except SQLAlchemyError as error:
                _log.warning("A lease couldn't be renewed.", id=claims[0].id, error=str(error))

    thread = threading.Thread(target=renew, name=f"lease-{claims[0].id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
