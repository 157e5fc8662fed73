"""What changes when all that a person posted is rejected at once, and when that is taken back?

A job goes through it in small steps. How far it has come is kept in the transaction of what it did, so it may be killed
at any point and goes on from there; all its decisions share one batch.
"""

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, aliased

from commentsvc import text
from commentsvc.actions import cases, decisions
from commentsvc.actions.sanctions import require_power
from commentsvc.enums import Action, ClearingState, Guideline, Status
from commentsvc.errors import Conflict, NotFound
from commentsvc.infra import jobs
from commentsvc.store.db import Database
from commentsvc.store.models import OPEN, Clearing, Comment, Decision, Membership, Person, Sanction

JOB = "clear_person"
MAX_MESSAGE = 2000
_AT_ONCE = 10
"""How many comments one transaction decides: few enough that somebody who posts meanwhile hardly waits."""
_STANDING = (Status.PUBLISHED, Status.HELD)


def begin(
    session: Session,
    person_id: int,
    *,
    guideline: Guideline,
    message: str,
    since: int,
    membership: Membership | None,
    now: int,
    sanction: Sanction | None = None,
) -> Clearing:
    """Have everything rejected that a person has posted on a manager's site since a time, held or published.

    Conflict when that is being done already.
    """
    site, by = require_power(session, person_id, membership)
    if find_open(session, person_id, site.id) is not None:
        raise Conflict("What this person posted is being rejected already.")
    meant = _meant(person_id, site.id, since)
    total, last_id = session.execute(meant.with_only_columns(func.count(), func.max(Comment.id))).one()
    made = Clearing(
        site_id=site.id, person_id=person_id, sanction_id=sanction.id if sanction else None, by_person_id=by.id,
        guideline=guideline, batch=decisions.new_batch(), since=since, last_id=last_id or 0, total=total,
        message=text.clean(message, field="message", max_length=MAX_MESSAGE, min_length=0, multiline=True),
        state=ClearingState.OPEN, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    _enqueue(session, made, now=now)
    return made


def undo(session: Session, clearing_id: int, *, person_id: int, membership: Membership | None, now: int) -> Clearing:
    """Have a clearing taken back: at once if it is still going on, and as far as nothing has happened since."""
    site, by = require_power(session, person_id, membership)
    clearing = session.get(Clearing, clearing_id, with_for_update=True, populate_existing=True)
    if clearing is None or (clearing.person_id, clearing.site_id) != (person_id, site.id):
        raise NotFound("There is no such clearing on this site.")
    if clearing.undone_by_person_id is not None:
        raise Conflict("This is being taken back already.")
    other = find_open(session, person_id, site.id)
    if other is not None and other.id != clearing.id:
        raise Conflict("Another clearing is going on; take that back first.")
    clearing.undone_by_person_id, clearing.state, clearing.finished_at = by.id, ClearingState.OPEN, None
    clearing.reached, clearing.total, clearing.done, clearing.skipped = 0, _count_decided(session, clearing), 0, 0
    _enqueue(session, clearing, now=now)
    session.flush()
    return clearing


def advance(db: Database, clearing_id: int, *, now: int) -> int | None:
    """Do the next few comments; return None when the clearing is over, else in how many microseconds to go on."""
    with db.writing() as session:
        clearing = session.get(Clearing, clearing_id, with_for_update=True)
        if clearing is None or clearing.state != ClearingState.OPEN:
            return None
        step = _take_back_some if clearing.undone_by_person_id else _reject_some
        if step(session, clearing, now=now):
            return 0
        clearing.state = ClearingState.UNDONE if clearing.undone_by_person_id else ClearingState.DONE
        clearing.finished_at = now
    return None


def find_open(session: Session, person_id: int, site_id: int) -> Clearing | None:
    """Find the clearing of a person that goes on."""
    return session.scalar(
        select(Clearing).where(Clearing.person_id == person_id, Clearing.site_id == site_id, Clearing.state == OPEN)
    )


def _reject_some(session: Session, clearing: Clearing, *, now: int) -> bool:
    by = session.get_one(Person, clearing.by_person_id)
    found = session.scalars(
        _meant(clearing.person_id, clearing.site_id, clearing.since)
        .where(Comment.id > clearing.reached, Comment.id <= clearing.last_id)
        .order_by(Comment.id)
        .limit(_AT_ONCE)
    ).all()
    # In the order of articles, as everyone locks them who changes several threads at once.
    for comment in sorted(found, key=lambda one: (one.article_id, one.id)):
        decisions.lock_thread(session, comment)
        done = comment.status in _STANDING and _reject(session, clearing, comment, by=by, now=now)
        clearing.done, clearing.skipped = clearing.done + done, clearing.skipped + (not done)
    if found:
        clearing.reached = found[-1].id
    return bool(found)


def _reject(session: Session, clearing: Clearing, comment: Comment, *, by: Person, now: int) -> bool:
    case = cases.find_latest_case(session, comment.id)
    try:
        decisions.decide(
            session, comment, Status.REJECTED, action=Action.REJECT, by=by, revision=comment.revision,
            seen=case.version if case else None, guideline=Guideline(clearing.guideline), message=clearing.message,
            batch=clearing.batch, now=now,
        )  # fmt: skip
    except Conflict:
        return False
    return True


def _take_back_some(session: Session, clearing: Clearing, *, now: int) -> bool:
    by = session.get_one(Person, clearing.undone_by_person_id)
    rows = session.execute(
        select(Decision, Comment.article_id)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(*_decided(clearing), Decision.id > clearing.reached)
        .order_by(Decision.id)
        .limit(_AT_ONCE)
    ).all()
    for decision, _ in sorted(rows, key=lambda row: (row[1], row[0].comment_id)):
        try:
            decisions.undo(session, decision, by=by, now=now)
            clearing.done += 1
        except Conflict:
            clearing.skipped += 1
    if rows:
        clearing.reached = rows[-1][0].id
    return bool(rows)


def _meant(person_id: int, site_id: int, since: int) -> Select[Comment]:
    return select(Comment).where(
        Comment.person_id == person_id,
        Comment.site_id == site_id,
        Comment.created_at >= since,
        Comment.status.in_(_STANDING),
    )


def _decided(clearing: Clearing) -> tuple[ColumnElement[bool], ...]:
    taken_back = aliased(Decision)
    undone = select(taken_back.id).where(taken_back.undoes_id == Decision.id).exists()
    return (Decision.batch == clearing.batch, Decision.action == Action.REJECT, ~undone)


def _count_decided(session: Session, clearing: Clearing) -> int:
    return session.scalar(select(func.count()).select_from(Decision).where(*_decided(clearing))) or 0


def _enqueue(session: Session, clearing: Clearing, *, now: int) -> None:
    jobs.enqueue(session, JOB, {"clearing": clearing.id}, key=f"{JOB}:{clearing.id}", now=now)
