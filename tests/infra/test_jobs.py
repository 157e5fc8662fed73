"""What any engine behind the jobs port must keep: done once if all goes well, never lost if it doesn't."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from commentsvc.enums import JobState
from commentsvc.infra import jobs
from commentsvc.infra.jobs import SECOND
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Job

NOW = 1_800_000_000_000_000


def enqueue(db: Database, name: str = "note", *, key: str | None = None, run_at: int | None = None) -> None:
    with db.writing() as session:
        jobs.enqueue(session, name, {"n": 1}, key=key, run_at=run_at, now=NOW)


def claim(db: Database, worker: str = "a", *, now: int = NOW) -> jobs.Claim | None:
    with db.writing() as session:
        return jobs.claim(session, worker=worker, now=now)


def states(db: Database) -> list[tuple[str, str]]:
    with db.reading() as session:
        return [(job.name, job.state) for job in session.scalars(select(Job).order_by(Job.id))]


def test_job_exists_only_when_its_transaction_commits(db: Database) -> None:
    session = db.open(write=True)
    jobs.enqueue(session, "note", {}, now=NOW)
    session.rollback()
    session.close()

    assert claim(db) is None


def test_claim_takes_the_job_that_has_been_due_longest(db: Database) -> None:
    enqueue(db, "later", run_at=NOW - 1)
    enqueue(db, "first", run_at=NOW - 2)
    enqueue(db, "tomorrow", run_at=NOW + SECOND)

    claimed = [claim(db), claim(db), claim(db)]

    assert [found.name if found else None for found in claimed] == ["first", "later", None]
    assert claimed[0] == jobs.Claim(id=2, name="first", args={"n": 1}, attempts=1, worker="a", created_at=NOW)


def test_same_key_waits_once_and_again_once_it_runs(db: Database) -> None:
    enqueue(db, key="comment:1")
    enqueue(db, key="comment:1")
    enqueue(db, key="comment:2")
    enqueue(db, "other", key="comment:1")
    assert len(states(db)) == 3

    claim(db)
    enqueue(db, key="comment:1")

    assert len(states(db)) == 4


def test_done_job_is_not_done_again(db: Database) -> None:
    enqueue(db)
    claimed = claim(db)
    assert claimed is not None

    with db.writing() as session:
        assert jobs.finish(session, claimed, now=NOW)

    assert claim(db, now=NOW + 100 * jobs.LEASE_US) is None
    assert states(db) == [("note", JobState.DONE)]


def test_lease_that_ran_out_gives_the_job_to_another_and_the_first_can_no_longer_finish_it(db: Database) -> None:
    enqueue(db)
    first = claim(db, "a")
    assert first is not None
    assert claim(db, "b", now=NOW + jobs.LEASE_US - 1) is None

    second = claim(db, "b", now=NOW + jobs.LEASE_US)

    assert second is not None
    assert (second.id, second.attempts) == (first.id, 2)
    with db.writing() as session:
        assert not jobs.finish(session, first, now=NOW)
        assert not jobs.renew(session, first, now=NOW)
        assert jobs.finish(session, second, now=NOW)


def test_renewed_lease_keeps_the_job(db: Database) -> None:
    enqueue(db)
    claimed = claim(db)
    assert claimed is not None

    with db.writing() as session:
        assert jobs.renew(session, claimed, now=NOW + jobs.LEASE_US - 1)

    assert claim(db, "b", now=NOW + jobs.LEASE_US + 1) is None


def test_job_that_fails_is_tried_later_and_later_with_its_error_kept(db: Database) -> None:
    enqueue(db)
    pauses = []
    now = NOW
    for _ in range(4):
        claimed = claim(db, now=now)
        assert claimed is not None
        with db.writing() as session:
            jobs.give_back(session, claimed, "Traceback …\nValueError: no", now=now)
        with db.reading() as session:
            job = session.get_one(Job, claimed.id)
            pauses.append((job.run_at - now) // SECOND)
            assert (job.state, job.error, job.worker) == (JobState.WAITING, "Traceback …\nValueError: no", None)
            now = job.run_at

    assert pauses == [2, 4, 8, 16]


def test_job_that_fails_for_good_is_kept_for_people_to_see(db: Database) -> None:
    enqueue(db)
    claimed = claim(db)
    assert claimed is not None
    spent = jobs.Claim(claimed.id, claimed.name, claimed.args, jobs.MAX_ATTEMPTS, claimed.worker, NOW)

    with db.writing() as session:
        jobs.give_back(session, spent, "no", now=NOW)

    assert states(db) == [("note", JobState.FAILED)]
    assert claim(db, now=NOW + 10**12) is None


def test_job_that_was_asked_for_again_while_it_failed_waits_once(db: Database) -> None:
    enqueue(db, key="comment:1")
    claimed = claim(db)
    assert claimed is not None
    enqueue(db, key="comment:1")

    with db.writing() as session:
        jobs.give_back(session, claimed, "no", now=NOW)

    with db.reading() as session:
        waiting = session.scalars(select(Job)).one()
    assert (waiting.state, waiting.attempts, waiting.error) == (JobState.WAITING, 0, None)


def test_purge_deletes_done_jobs_of_yesterday_and_nothing_else(db: Database) -> None:
    for name in ("done", "failed", "waits"):
        enqueue(db, name)
    done, failed = claim(db), claim(db)
    assert done is not None
    assert failed is not None
    with db.writing() as session:
        jobs.finish(session, done, now=NOW)
        spent = jobs.Claim(failed.id, failed.name, failed.args, jobs.MAX_ATTEMPTS, failed.worker, NOW)
        jobs.give_back(session, spent, "no", now=NOW)
    day = 24 * 3600 * SECOND

    with db.writing() as session:
        early, late = jobs.purge(session, now=NOW + day), jobs.purge(session, now=NOW + day + 1)

    assert (early, late) == (0, 1)
    assert [name for name, _ in states(db)] == ["failed", "waits"]


def test_many_workers_claim_every_job_once(db: Database) -> None:
    for _ in range(40):
        enqueue(db)
    claimed: list[int] = []
    lock = threading.Lock()

    def work(name: str) -> None:
        while (found := claim(db, name)) is not None:
            with lock:
                claimed.append(found.id)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(claimed) == list(range(1, 41))


WORKER = """
import sys, threading, time
from pathlib import Path
from commentsvc.store.db import Database
from commentsvc.worker import run_next
from commentsvc.infra.jobs import SECOND

def note(db, judge, args):
    with Path(sys.argv[2]).open("a") as log:
        log.write("began\\n")
    time.sleep(float(sys.argv[3]))
    with Path(sys.argv[2]).open("a") as log:
        log.write("done\\n")

db = Database(sys.argv[1])
end = time.monotonic() + 30
while time.monotonic() < end:
    if run_next(db, None, worker=sys.argv[3], registry={"note": note}, lease=3 * SECOND):
        break
    time.sleep(0.1)
"""


@pytest.mark.slow
def test_job_whose_worker_is_killed_comes_back_within_its_lease(db: Database, tmp_path: Path) -> None:
    with db.writing() as session:
        jobs.enqueue(session, "note", {}, now=now_us())
    log = tmp_path / "log"
    log.touch()
    victim = subprocess.Popen([sys.executable, "-c", WORKER, db.url, str(log), "60"])
    _wait_for(lambda: log.read_text() == "began\n")
    time.sleep(1.5)  # Long enough for a renewal: the lease counts from the last one.
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    killed = time.monotonic()

    heir = subprocess.Popen([sys.executable, "-c", WORKER, db.url, str(log), "0"])
    heir.wait(30)

    assert log.read_text() == "began\nbegan\ndone\n"
    assert time.monotonic() - killed < 8
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Job.state == JobState.DONE)) == 1


def _wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)
