"""What is to be done after a commit, and who does it? The jobs table: a lease that runs out gives a job to another.

Nothing here runs a job; worker.py does. A job may run twice (its worker died, or was slow), so what it does must bear
repeating.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, delete, exists, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import JobState
from commentsvc.infra.discretion import discreet
from commentsvc.store.models import Job

SECOND = 1_000_000
LEASE_US = 15 * SECOND
"""How long a job stays with a worker that is no longer heard of."""
MAX_ATTEMPTS = 300
"""With pauses that grow to five minutes, about a day: a classifier that is out overnight finds its comments waiting."""
_LONGEST_PAUSE_S = 300
_KEEP_DONE_US = 24 * 3600 * SECOND
_KEEP_FAILED_US = 30 * 24 * 3600 * SECOND
_MAX_ERROR = 2000


@dataclass(frozen=True, slots=True)
class Claim:
    """A job that is one worker's until its lease ends."""

    id: int
    name: str
    args: Mapping[str, Any]
    attempts: int
    worker: str
    created_at: int


def enqueue(
    session: Session,
    name: str,
    args: Mapping[str, Any],
    *,
    now: int,
    key: str | None = None,
    run_at: int | None = None,
) -> None:
    """Ask for a job in the caller's transaction; it exists when that commits.

    With a key, nothing is added while the same job still waits; one that runs already doesn't count, since it may
    have read what this transaction changes.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "name": name,
        "key": key,
        "args": dict(args),
        "state": JobState.WAITING,
        "run_at": now if run_at is None else run_at,
        "attempts": 0,
        "created_at": now,
    }
    session.execute(insert(Job).values(row).on_conflict_do_nothing())


def has_due(session: Session, *, now: int, name: str | None = None) -> bool:
    """Say whether a claim would find something; cheaper than trying, and takes no lock."""
    due = _due(now) if name is None else _due(now).where(Job.name == name)
    return session.scalar(select(due.exists())) or False


def claim(session: Session, *, worker: str, now: int, lease: int = LEASE_US, name: str | None = None) -> Claim | None:
    """Take the job that has been due longest (of a name, when one is given), or return None.

    Safe when several workers ask at once: on PostgreSQL they skip what another is taking, on SQLite they queue.
    """
    return next(iter(claim_many(session, worker=worker, now=now, lease=lease, name=name, most=1)), None)


def claim_many(
    session: Session, *, worker: str, now: int, most: int, lease: int = LEASE_US, name: str | None = None
) -> list[Claim]:
    """Take up to `most` jobs that have been due longest, as `claim` does."""
    due = _due(now) if name is None else _due(now).where(Job.name == name)
    chosen = due.order_by(Job.run_at, Job.id).limit(most).with_for_update(skip_locked=True)
    rows = session.execute(
        update(Job)
        # Read once, before the update: a subquery might be asked again after the first row has changed.
        .where(Job.id.in_(session.scalars(chosen).all()))
        .values(state=JobState.RUNNING, worker=worker, run_at=now + lease, attempts=Job.attempts + 1)
        .returning(Job.id, Job.name, Job.args, Job.attempts, Job.created_at)
        .execution_options(synchronize_session=False)
    )
    return sorted(
        (Claim(row.id, row.name, row.args, row.attempts, worker, row.created_at) for row in rows),
        key=lambda claimed: claimed.id,
    )


def renew(session: Session, claimed: Claim, *, now: int, lease: int = LEASE_US) -> bool:
    """Lengthen the lease; False when the job has gone to someone else."""
    return _settle(session, claimed, run_at=now + lease)


def finish(session: Session, claimed: Claim, *, now: int) -> bool:
    """Mark a job done; False when it has gone to someone else, who will do it again."""
    return _settle(session, claimed, state=JobState.DONE, run_at=now, error=None)


def give_back(session: Session, claimed: Claim, error: str, *, now: int) -> None:
    """Keep what went wrong, and have the job tried again later, each time later than before.

    After the last attempt it is failed, for people to see. When the same job was asked for again meanwhile, that one
    replaces this.
    """
    error = discreet(error[-_MAX_ERROR:].replace("\x00", ""))
    if claimed.attempts >= MAX_ATTEMPTS:
        _settle(session, claimed, state=JobState.FAILED, run_at=now, error=error)
        return
    later = now + min(2 ** min(claimed.attempts, 10), _LONGEST_PAUSE_S) * SECOND
    _wait_again(session, claimed, run_at=later, error=error)


def go_on(session: Session, claimed: Claim, *, run_at: int) -> None:
    """Have a job that isn't done, but hasn't failed either, go on later; however often, it is never given up."""
    _wait_again(session, claimed, run_at=run_at, error=None, attempts=0)


def hasten(session: Session, name: str, *, now: int) -> int:
    """Make all waiting jobs of a name due now, and return how many were not."""
    # Written as the index of keys is, or SQLite wouldn't use it.
    waiting = (Job.name == name, text("state = 'waiting' AND key IS NOT NULL"), Job.run_at > now)
    hastened = update(Job).where(*waiting).values(run_at=now).returning(Job.id)
    return len(session.scalars(hastened.execution_options(synchronize_session=False)).all())


def is_asked_for(session: Session, name: str, key: str) -> bool:
    """Say whether a job with this key waits or runs."""
    unfinished = Job.state.in_((JobState.WAITING, JobState.RUNNING))
    return session.scalar(select(Job.id).where(Job.name == name, Job.key == key, unfinished).limit(1)) is not None


def _wait_again(session: Session, claimed: Claim, **values: Any) -> None:
    newer = aliased(Job)
    replaced = exists().where(
        newer.name == Job.name, newer.key == Job.key, newer.state == JobState.WAITING, newer.id != Job.id
    )
    session.execute(
        delete(Job)
        .where(Job.id == claimed.id, Job.worker == claimed.worker, replaced)
        .execution_options(synchronize_session=False)
    )
    _settle(session, claimed, state=JobState.WAITING, worker=None, **values)


def purge(session: Session, *, now: int) -> int:
    """Delete jobs done a day ago or failed a month ago; return how many."""
    old = or_(
        and_(Job.state == JobState.DONE, Job.run_at < now - _KEEP_DONE_US),
        and_(Job.state == JobState.FAILED, Job.run_at < now - _KEEP_FAILED_US),
    )
    gone = session.scalars(delete(Job).where(old).returning(Job.id).execution_options(synchronize_session=False))
    return len(gone.all())


def _due(now: int) -> Select[int]:
    # Written as the index is, or SQLite wouldn't use it.
    return select(Job.id).where(Job.run_at <= now, text("state IN ('waiting', 'running')"))


def _settle(session: Session, claimed: Claim, **values: Any) -> bool:
    changed = session.scalar(
        update(Job)
        .where(Job.id == claimed.id, Job.worker == claimed.worker, Job.state == JobState.RUNNING)
        .values(**values)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return changed is not None
