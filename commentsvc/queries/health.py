"""Is everything well? Each finding says what was looked at, what is so, and what to do about it."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, inspect, null, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from commentsvc.enums import JobState, MessageState, Outcome, Status
from commentsvc.store.models import (
    OPEN,
    PUBLISHED,
    Article,
    Case,
    Comment,
    Decision,
    Job,
    Membership,
    OutgoingMail,
    Table,
    Vote,
)

_OVERDUE_US = 60_000_000
_LATE_MAIL_US = 3600 * 1_000_000
_DAY_US = 24 * 3600 * 1_000_000
LATEST = 10_000
"""How many decisions `verdicts` looks back: enough to see a change, few enough to be asked often."""
_REPAIR = "Report this with the version of commentsvc: a change to this figure was written past its transaction."


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: whether it is well, what is so, and what to do when it isn't."""

    name: str
    is_well: bool
    message: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Queue:
    """How much waits for people and for the worker."""

    open_cases: int
    waiting_jobs: int
    overdue_jobs: int
    failing_jobs: int
    retried_jobs: int
    failed_jobs: int


def queue(session: Session, *, now: int) -> Queue:
    """Count open cases and unfinished jobs: waiting, overdue by a minute, and those with an error."""
    waiting = Job.state.in_((JobState.WAITING, JobState.RUNNING))
    counts = session.execute(
        select(
            func.count().filter(waiting),
            func.count().filter(waiting, Job.run_at < now - _OVERDUE_US),
            func.count().filter(or_(Job.state == JobState.FAILED, and_(waiting, Job.error.is_not(None)))),
            func.count().filter(waiting, Job.attempts > 1),
            func.count().filter(Job.state == JobState.FAILED),
        ).select_from(Job)
    ).one()
    open_cases = session.scalar(select(func.coalesce(func.sum(Article.open_cases), 0))) or 0
    return Queue(int(open_cases), *counts)


def ages(session: Session, *, now: int) -> dict[str, float]:
    """Say for how many seconds the oldest open case, due job and unsent mail have waited; 0 when none does."""
    due = select(func.min(Job.run_at)).where(Job.run_at <= now, text("state IN ('waiting', 'running')"))
    begun = {
        "case": session.scalar(select(func.min(Case.opened_at)).where(Case.state == OPEN)),
        "job": session.scalar(due),
        "mail": session.scalar(
            select(func.min(OutgoingMail.created_at)).where(
                OutgoingMail.state == MessageState.WAITING, OutgoingMail.created_at > now - 2 * _DAY_US
            )
        ),
    }
    return {what: max(0, now - at) / 1e6 if at is not None else 0.0 for what, at in begun.items()}


def mails(session: Session, *, now: int) -> dict[str, int]:
    """Count the last day's mails by state; that is how long one is tried."""
    rows = session.execute(
        select(OutgoingMail.state, func.count().label("number"))
        .where(OutgoingMail.created_at > now - _DAY_US)
        .group_by(OutgoingMail.state)
    )
    counted = {row.state: row.number for row in rows}
    return {str(state): counted.get(state, 0) for state in MessageState}


def verdicts(session: Session) -> dict[str, int]:
    """Count what rules decided among the latest decisions, by outcome."""
    newest = select(func.max(Decision.id)).scalar_subquery()
    rows = session.execute(
        select(Decision.to_status, func.count().label("number"))
        .where(Decision.id > newest - LATEST, Decision.rule.is_not(None))
        .group_by(Decision.to_status)
    )
    counted = {row.to_status: row.number for row in rows}
    outcomes = {Outcome.PUBLISH: Status.PUBLISHED, Outcome.HOLD: Status.HELD, Outcome.REJECT: Status.REJECTED}
    return {outcome.value: counted.get(status, 0) for outcome, status in outcomes.items()}


def jobs(session: Session, *, now: int) -> list[Finding]:
    """Say whether jobs are done in time and without errors."""
    found = queue(session, now=now)
    latest = session.scalar(select(Job.error).where(Job.error.is_not(None)).order_by(Job.id.desc()).limit(1))
    why = (latest or "").strip().rpartition("\n")[2]
    return [
        Finding(
            "worker",
            found.overdue_jobs == 0,
            f"{found.waiting_jobs} jobs wait, {found.overdue_jobs} for more than a minute",
            "Start `commentsvc worker`, or `commentsvc run` with the embedded database.",
        ),
        Finding(
            "jobs", found.failing_jobs == 0, f"{found.failing_jobs} jobs fail" + (f": {why}" if why else ""),
            "They are tried again by themselves; the error says what is missing.",
        ),
    ]  # fmt: skip


def outbox(session: Session, *, now: int) -> Finding:
    """Say whether mail leaves the house: what was given up in the last day, and what has waited for an hour."""
    recent = OutgoingMail.created_at > now - 2 * _DAY_US
    failed, late = session.execute(
        select(
            func.count().filter(OutgoingMail.state == MessageState.FAILED),
            func.count().filter(
                OutgoingMail.state == MessageState.WAITING, OutgoingMail.created_at < now - _LATE_MAIL_US
            ),
        ).where(recent)
    ).one()
    latest = session.scalar(
        select(OutgoingMail.error).where(recent, OutgoingMail.error != "").order_by(OutgoingMail.id.desc()).limit(1)
    )
    why = f": {(latest or '').strip().partition(chr(10))[0]}" if latest and (failed or late) else ""
    said = f"{failed} given up in two days, {late} waiting for more than an hour{why}"
    return Finding("mail", not failed and not late, said, "Check COMMENTSVC_MAIL_URL and the mail server's own log.")


def stuck(session: Session, *, now: int) -> Finding:
    """Say which jobs get nowhere: asked for a day ago and still tried, or given up."""
    unfinished = Job.state.in_((JobState.WAITING, JobState.RUNNING))
    rows = session.execute(
        select(Job.name, func.count().label("number"))
        .where(
            or_(
                and_(unfinished, Job.created_at < now - _DAY_US, Job.error.is_not(None)),
                Job.state == JobState.FAILED,
            )
        )
        .group_by(Job.name)
        .order_by(Job.name)
    ).all()
    said = ", ".join(f"{row.number} of {row.name}" for row in rows)
    advice = "Their last error is in `jobs.error`; what was given up is kept for a month and isn't tried again."
    return Finding("stuck jobs", not rows, said or "none", advice)


def indexes(session: Session) -> list[Finding]:
    """Say whether every index that the reads walk is there."""
    inspector = inspect(session.connection())
    wanted = {str(index.name) for table in Table.metadata.sorted_tables for index in table.indexes}
    there = {index["name"] for table in Table.metadata.tables for index in inspector.get_indexes(table)}
    missing = sorted(wanted - there)
    message = f"missing: {', '.join(missing)}" if missing else f"all {len(wanted)} are there"
    return [Finding("indexes", not missing, message, "Reads will be slow; create them as the migrations do.")]


def counters(session: Session) -> list[Finding]:
    """Prove every kept count by counting again; reads the whole database."""
    return [_proved(session, name, wrong) for name, wrong in _proofs().items()]


def _proved(session: Session, name: str, wrong: Select[int]) -> Finding:
    found = session.scalars(wrong.limit(5)).all()
    if not found:
        return Finding(name, True, "as counted")
    shown = ", ".join(map(str, found))
    return Finding(name, False, f"differs from what is there, for example for id {shown}", _REPAIR)


def _proofs() -> dict[str, Select[int]]:
    """Return for each kept value a query of the rows where it is wrong."""
    return {
        "comments' listing": _wrong_listing(),
        "comments' shelves": _wrong_shelves(),
        "comments' replies": _wrong_replies(),
        "comments' votes": _wrong_votes(),
        "articles' comments": _wrong_comments(),
        "articles' open cases": _wrong_open_cases(),
        "held comments' cases": select(Comment.id).where(
            Comment.status == Status.HELD,
            ~exists().where(Case.comment_id == Comment.id, Case.state == OPEN),
        ),
        "members' published": _wrong_record(Membership.published_count, Status.PUBLISHED),
        "members' rejected": _wrong_record(Membership.rejected_count, Status.REJECTED),
    }


def _wrong_listing() -> Select[int]:
    listed = or_(Comment.status == Status.PUBLISHED, Comment.reply_count > 0)
    return select(Comment.id).where(Comment.listed != listed)


def _wrong_shelves() -> Select[int]:
    on_top = and_(Comment.listed.is_(True), Comment.parent_id.is_(None))

    def shelf(when: ColumnElement[bool], value: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[int]:
        return case((when, value), else_=null())

    return select(Comment.id).where(
        or_(
            Comment.top_of.is_distinct_from(shelf(and_(on_top, Comment.pinned.is_(False)), Comment.article_id)),
            Comment.pinned_on.is_distinct_from(shelf(and_(on_top, Comment.pinned.is_(True)), Comment.article_id)),
            Comment.reply_of.is_distinct_from(case((Comment.listed.is_(True), Comment.parent_id), else_=null())),
        )
    )


def _wrong_replies() -> Select[int]:
    child = aliased(Comment)
    listed = select(func.count()).where(child.parent_id == Comment.id, child.listed.is_(True)).scalar_subquery()
    return select(Comment.id).where(Comment.reply_count != listed)


def _wrong_votes() -> Select[int]:
    def cast_votes(value: int) -> ColumnElement[int]:
        return select(func.count()).where(Vote.comment_id == Comment.id, Vote.value == value).scalar_subquery()

    return select(Comment.id).where(or_(Comment.up != cast_votes(1), Comment.down != cast_votes(-1)))


def _wrong_comments() -> Select[int]:
    published = select(func.count()).where(Comment.article_id == Article.id, Comment.status == PUBLISHED)
    return select(Article.id).where(Article.comment_count != published.scalar_subquery())


def _wrong_open_cases() -> Select[int]:
    # Grouped once: no index leads from an article to its cases.
    counted = select(Case.article_id, func.count().label("n")).where(Case.state == OPEN).group_by(Case.article_id)
    open_cases = counted.subquery()
    return (
        select(Article.id)
        .outerjoin(open_cases, open_cases.c.article_id == Article.id)
        .where(Article.open_cases != func.coalesce(open_cases.c.n, 0))
    )


def _wrong_record(kept: InstrumentedAttribute[int], status: Status) -> Select[int]:
    counted = select(func.count()).where(
        Comment.person_id == Membership.person_id, Comment.site_id == Membership.site_id, Comment.status == status
    )
    return select(Membership.person_id).where(kept != counted.scalar_subquery())
