"""Are jobs done as they come due, whatever goes wrong in one of them?"""

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import alerting
from commentsvc.actions.alerting import Lines
from commentsvc.enums import JobState, Status
from commentsvc.infra import jobs
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.relevance import UnavailableRelevance
from commentsvc.moderation.toxicity import Unavailable
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import AlertMessage, IdempotencyKey, Job, Membership
from commentsvc.worker import JOBS, JOBS_TOGETHER, Watch, run_next, run_worker
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000


@pytest.fixture
def judge() -> Iterator[Judge]:
    made = Judge(Unavailable("embedded", "not needed"), UnavailableRelevance("not needed"))
    yield made
    made.close()


def enqueue(db: Database, name: str, **args: Any) -> None:
    with db.writing() as session:
        jobs.enqueue(session, name, args, now=now_us())


def test_run_next_hands_the_job_its_arguments(db: Database) -> None:
    enqueue(db, "note", comment=5)
    seen: list[Mapping[str, Any]] = []

    did = run_next(db, None, worker="w", registry={"note": lambda _db, _judge, args: seen.append(args)})  # type: ignore[arg-type]

    assert (did, seen) == (True, [{"comment": 5}])
    assert run_next(db, None, worker="w", registry={}) is False  # type: ignore[arg-type]


def test_run_next_keeps_what_a_job_raised_and_does_the_next_one(db: Database) -> None:
    enqueue(db, "bad")
    enqueue(db, "unknown")
    enqueue(db, "good")
    done: list[str] = []

    def bad(*_: object) -> None:
        raise ValueError("nobody knows why")

    registry = {"bad": bad, "good": lambda *_: done.append("good")}
    for _ in range(3):
        assert run_next(db, None, worker="w", registry=registry)  # type: ignore[arg-type]

    with db.reading() as session:
        kept = {job.name: (job.state, job.error) for job in session.scalars(select(Job))}
    assert done == ["good"]
    assert kept["good"] == (JobState.DONE, None)
    assert kept["bad"][0] == JobState.WAITING
    assert "ValueError: nobody knows why" in (kept["bad"][1] or "")
    assert "KeyError: 'unknown'" in (kept["unknown"][1] or "")


def test_lease_is_renewed_while_a_job_runs(db: Database) -> None:
    enqueue(db, "slow")
    stolen: list[object] = []

    def slow(*_: object) -> None:
        time.sleep(1.2)
        with db.writing() as session:
            stolen.append(jobs.claim(session, worker="thief", now=now_us()))

    run_next(db, None, worker="w", registry={"slow": slow}, lease=600_000)  # type: ignore[arg-type]

    assert stolen == [None]


def test_worker_does_jobs_until_it_is_told_to_stop(db: Database, judge: Judge) -> None:
    stop = threading.Event()
    done: list[int] = []
    registry = {"note": lambda _db, _judge, args: done.append(args["n"])}
    thread = threading.Thread(target=run_worker, args=(db, judge), kwargs={"stop": stop, "registry": registry})
    thread.start()
    for number in range(3):
        enqueue(db, "note", n=number)

    end = time.monotonic() + 10
    while len(done) < 3 and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    thread.join(10)

    assert sorted(done) == [0, 1, 2]
    assert not thread.is_alive()


def test_worker_purges_answers_older_than_a_day(db: Database, cast: Cast, judge: Judge) -> None:
    with db.writing() as session:
        for key, age in (("old", DAY + 60_000_000), ("new", DAY - 60_000_000)):
            session.add(
                IdempotencyKey(
                    person_id=cast.ada.id, route="POST /x", key=key, request_hash="0", status=201, body="{}",
                    created_at=now_us() - age,
                )
            )  # fmt: skip
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(db, judge), kwargs={"stop": stop})
    thread.start()

    end = time.monotonic() + 10
    kept = ["old", "new"]
    while len(kept) > 1 and time.monotonic() < end:
        with db.reading() as session:
            kept = list(session.scalars(select(IdempotencyKey.key)))
        time.sleep(0.05)
    stop.set()
    thread.join(10)

    assert kept == ["new"]


def test_every_job_has_an_action() -> None:
    assert set(JOBS) == {
        "backtest",
        "breaker",
        "breaker_return",
        "bulk",
        "clear_person",
        "erase_person",
        "notice_mails",
        "rescore_site",
        "tell_followers",
    }
    assert set(JOBS_TOGETHER) == {"ask", "rescore", "tell"}


def test_run_worker_watches_and_tells(db: Database, cast: Cast, judge: Judge, settings: Settings) -> None:
    with db.writing() as session:
        alerting.save_settings(
            session, membership=session.get_one(Membership, (cast.eve.id, cast.daily.id)),
            mail_to=["cam@daily.example"], webhook_url="", lines=Lines(depth=1), new_secret=False, now=now_us(),
        )  # fmt: skip
        factories.comment(session, cast.story, cast.ada, status=Status.HELD)
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(db, judge), kwargs={"stop": stop, "settings": settings})
    thread.start()

    end = time.monotonic() + 10
    states: list[str] = []
    while states != ["sent"] and time.monotonic() < end:
        with db.reading() as session:
            states = list(session.scalars(select(AlertMessage.state)))
        time.sleep(0.05)
    stop.set()
    thread.join(10)

    assert states == ["sent"]


def test_watch_remembers_since_when_the_engine_is_out(
    db: Database, cast: Cast, judge: Judge, settings: Settings
) -> None:
    watch = Watch(settings)

    watch.look(db, judge)
    first = watch._out_since
    watch.look(db, judge)

    assert first is not None
    assert watch._out_since == first
