"""What changes when a manager decides about many comments at once, or takes all of it back?

The set is fixed, with the revision and the case's version of each comment, when it is prepared: what arrives later is
not swept along, and what changes meanwhile is a conflict. Up to INLINE are decided where they are asked for; more are a
job that goes on where it stopped: each step notes how far it came in the transaction that decides.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, literal, select
from sqlalchemy.orm import Session

from commentsvc.actions import decisions, reviewing
from commentsvc.actions.decisions import Item
from commentsvc.enums import Action, BulkKind, BulkState, Guideline
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.infra import jobs
from commentsvc.permissions import may_moderate
from commentsvc.queries import bulks
from commentsvc.queries.sites import find_membership, is_barred
from commentsvc.store.db import Database
from commentsvc.store.models import Bulk, BulkItem, Comment, Membership
from commentsvc.text import clean

JOB = "bulk"
ACTIONS = (Action.APPROVE, Action.REJECT, Action.WITHHOLD)
INLINE = 100
"""So many are decided within the request."""
MAX_CHOSEN = 500
"""So many can be selected one by one."""
AT_ONCE = 50
"""How many are decided in one transaction: others write in between."""
_MAX_PROBLEM = 200


def prepare(
    session: Session,
    kind: BulkKind,
    selection: Mapping[str, Any],
    *,
    action: Action,
    membership: Membership,
    now: int,
    chosen: Sequence[Item] = (),
    guideline: Guideline | None = None,
    note: str = "",
    message: str = "",
) -> Bulk:
    """Fix what a bulk decision is about, without deciding anything yet; `chosen` are a selection's comments.

    Raises Forbidden, Invalid, or NotFound for a comment that isn't the site's.
    """
    if not may_moderate(membership):
        raise Forbidden("Only managers of the site may decide about its comments.")
    if action not in ACTIONS:
        raise Invalid("Choose what to do with them.", field="action")
    if action == Action.REJECT and guideline is None:
        raise Invalid("Say which guideline they break.", field="guideline")
    if kind == BulkKind.SELECTION and not 1 <= len(chosen) <= MAX_CHOSEN:
        raise Invalid(f"Choose 1 to {MAX_CHOSEN} comments.", field="chosen")
    bulk = Bulk(
        site_id=membership.site_id, person_id=membership.person_id, kind=kind, selection=dict(selection), action=action,
        guideline=guideline if action == Action.REJECT else None, batch=decisions.new_batch(), created_at=now,
        note=clean(note, field="note", max_length=reviewing.MAX_TEXT, min_length=0, multiline=True),
        message=clean(message, field="message", max_length=reviewing.MAX_TEXT, min_length=0, multiline=True),
    )  # fmt: skip
    session.add(bulk)
    session.flush()
    bulk.total = _fix(session, bulk, chosen) if kind == BulkKind.SELECTION else _fix_matching(session, bulk)
    session.flush()
    return bulk


def start(session: Session, bulk_id: int, *, membership: Membership, now: int) -> Bulk:
    """Carry out what was prepared: at once when it is little, else as a job. A second time changes nothing.

    Raises NotFound for what another has prepared: only they have seen what it would do.
    """
    bulk = _locked(session, membership, bulk_id)
    if bulk.person_id != membership.person_id:
        raise NotFound("There is no such bulk decision of yours on this site.")
    if bulk.state != BulkState.PREPARED:
        return bulk
    bulk.state, bulk.started_at = BulkState.RUNNING, now
    _go(session, bulk, now=now)
    return bulk


def take_back(session: Session, bulk_id: int, *, membership: Membership, now: int) -> Bulk:
    """Undo a bulk decision as a whole, even one that still runs: each comment to which nothing has happened since.

    A second time changes nothing. Raises Conflict for what was never carried out.
    """
    bulk = _locked(session, membership, bulk_id)
    if bulk.state in {BulkState.UNDOING, BulkState.UNDONE}:
        return bulk
    if bulk.state == BulkState.PREPARED:
        raise Conflict("This was never carried out; there is nothing to take back.")
    if bulk.undone_by_id is None:
        # What was stopped while it was taken back goes on from there instead.
        bulk.reached, bulk.undo_batch = 0, decisions.new_batch()
    bulk.state, bulk.problem, bulk.undone_by_id = BulkState.UNDOING, None, membership.person_id
    _go(session, bulk, now=now)
    return bulk


def advance(db: Database, bulk_id: int, *, now: int) -> int | None:
    """Go on with a bulk decision by a few comments; None when nothing is left to do, else 0: go on at once."""
    with db.writing() as session:
        bulk = session.get(Bulk, bulk_id, with_for_update=True)
        return None if bulk is None else _step(session, bulk, AT_ONCE, now=now)


def _go(session: Session, bulk: Bulk, *, now: int) -> None:
    if bulk.total > INLINE:
        jobs.enqueue(session, JOB, {"bulk": bulk.id}, key=f"{JOB}:{bulk.id}", now=now)
        return
    while _step(session, bulk, INLINE, now=now) is not None:
        pass


def _step(session: Session, bulk: Bulk, most: int, *, now: int) -> int | None:
    """Do the next items of whatever the bulk decision is at; its row is locked, so nobody else does them too."""
    if bulk.state == BulkState.RUNNING:
        return _decide_some(session, bulk, most, now=now)
    if bulk.state == BulkState.UNDOING:
        return _undo_some(session, bulk, most, now=now)
    return None


def _decide_some(session: Session, bulk: Bulk, most: int, *, now: int) -> int | None:
    membership = _whose(session, bulk.person_id, bulk, now=now)
    items = _next(session, bulk, most)
    if not items:
        bulk.state, bulk.finished_at = BulkState.DONE, now
        return None
    try:
        results = reviewing.review(
            session, [Item(item.comment_id, item.revision, item.seen) for item in items], action=Action(bulk.action),
            membership=membership, guideline=Guideline(bulk.guideline) if bulk.guideline else None, note=bulk.note,
            message=bulk.message, batch=bulk.batch, now=now,
        )  # fmt: skip
    except Forbidden as problem:
        # Their role has ended since they confirmed it. Nothing was written: review() asks for that first.
        bulk.state, bulk.finished_at, bulk.problem = BulkState.STOPPED, now, problem.message
        return None
    for item, result in zip(items, results, strict=True):
        item.decision_id = result.decision.id if result.decision else None
        item.problem = result.problem.message[:_MAX_PROBLEM] if result.problem else None
    done = sum(item.decision_id is not None for item in items)
    bulk.done, bulk.conflicts = bulk.done + done, bulk.conflicts + len(items) - done
    bulk.reached = items[-1].place
    session.flush()
    return 0


def _whose(session: Session, person_id: int, bulk: Bulk, *, now: int) -> Membership | None:
    """Return what whoever wants it is on the site now; None once they are suspended or banned there."""
    if is_barred(session, person_id, bulk.site_id, now=now):
        return None
    return find_membership(session, person_id, bulk.site_id)


def _undo_some(session: Session, bulk: Bulk, most: int, *, now: int) -> int | None:
    membership = _whose(session, bulk.undone_by_id or bulk.person_id, bulk, now=now)
    items = _next(session, bulk, most)
    if not items:
        bulk.state, bulk.undone_at = BulkState.UNDONE, now
        return None
    if membership is None or not may_moderate(membership):
        bulk.state, bulk.problem = BulkState.STOPPED, "Whoever took it back no longer manages this site."
        return None
    for item in items:
        try:
            reviewing.take_back(session, item.decision_id or 0, membership=membership, batch=bulk.undo_batch, now=now)
            bulk.undone += 1
        except Conflict as problem:
            # Nothing was written: undo() checks everything first.
            item.problem = problem.message[:_MAX_PROBLEM]
            bulk.kept += 1
    bulk.reached = items[-1].place
    session.flush()
    return 0


def _next(session: Session, bulk: Bulk, most: int) -> Sequence[BulkItem]:
    query = select(BulkItem).where(BulkItem.bulk_id == bulk.id, BulkItem.place > bulk.reached)
    if bulk.state == BulkState.UNDOING:
        query = query.where(BulkItem.decision_id.is_not(None))
    return session.scalars(query.order_by(BulkItem.place).limit(most)).all()


def _fix(session: Session, bulk: Bulk, chosen: Sequence[Item]) -> int:
    wanted = {item.comment_id: item for item in chosen}
    ours = session.scalars(
        select(Comment.id)
        .where(Comment.id.in_(wanted), Comment.site_id == bulk.site_id)
        .order_by(Comment.article_id, Comment.id)
    ).all()
    if len(ours) != len(wanted):
        raise NotFound("There is no such comment on this site.")
    session.add_all(
        BulkItem(bulk_id=bulk.id, place=place, comment_id=one, revision=wanted[one].revision, seen=wanted[one].seen)
        for place, one in enumerate(ours, start=1)
    )
    return len(ours)


def _fix_matching(session: Session, bulk: Bulk) -> int:
    """Fix the set within the database: it may be a hundred thousand comments."""
    found = bulks.matching(bulk.site_id, BulkKind(bulk.kind), bulk.selection).subquery()
    place = func.row_number().over(order_by=(found.c.article_id, found.c.id))
    rows = select(literal(bulk.id), place, found.c.id, found.c.revision, found.c.seen)
    session.execute(insert(BulkItem).from_select(["bulk_id", "place", "comment_id", "revision", "seen"], rows))
    return session.scalar(select(func.count()).where(BulkItem.bulk_id == bulk.id)) or 0


def _locked(session: Session, membership: Membership, bulk_id: int) -> Bulk:
    if not may_moderate(membership):
        raise Forbidden("Only managers of the site may decide about its comments.")
    bulk = session.get(Bulk, bulk_id, with_for_update=True, populate_existing=True)
    if bulk is None or bulk.site_id != membership.site_id:
        raise NotFound("There is no such bulk decision on this site.")
    return bulk
