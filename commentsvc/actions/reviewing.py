"""What changes when a manager decides about comments of their site?"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions import claiming, decisions
from commentsvc.actions.decisions import Item, Result
from commentsvc.enums import Action, Guideline
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.permissions import may_moderate
from commentsvc.queries.queue import find_version
from commentsvc.store.models import Comment, Decision, Membership, Person
from commentsvc.text import clean

MAX_ITEMS = 100
MAX_TEXT = 2000
ACTIONS = (
    Action.APPROVE,
    Action.REJECT,
    Action.WITHHOLD,
    Action.PIN,
    Action.UNPIN,
    Action.FEATURE,
    Action.UNFEATURE,
    Action.ESCALATE,
)


def review(
    session: Session,
    items: Sequence[Item],
    *,
    action: Action,
    membership: Membership | None,
    now: int,
    guideline: Guideline | None = None,
    note: str = "",
    message: str = "",
    batch: str | None = None,
) -> list[Result]:
    """Decide about comments in the name of a manager; each is done or a conflict, in the order of the items.

    Nothing happens when it raises: Forbidden, NotFound for a comment of another site, Invalid for a rejection that
    names no guideline.
    """
    by, site_id = _manager(session, membership)
    if action not in ACTIONS:
        raise Invalid("A manager can't decide this.", field="action")
    if action == Action.REJECT and guideline is None:
        raise Invalid("Say which guideline the comment breaks.", field="guideline")
    if not 1 <= len(items) <= MAX_ITEMS:
        raise Invalid(f"Name 1 to {MAX_ITEMS} comments.", field="comments")
    results = decisions.decide_many(
        session,
        items,
        action=action,
        by=by,
        site_id=site_id,
        guideline=guideline,
        note=clean(note, field="note", max_length=MAX_TEXT, min_length=0, multiline=True),
        message=clean(message, field="message", max_length=MAX_TEXT, min_length=0, multiline=True),
        batch=batch,
        now=now,
    )
    if membership is not None:
        claiming.renew(session, membership, now=now)
    return results


def take_back(
    session: Session, decision_id: int, *, membership: Membership | None, now: int, batch: str | None = None
) -> Decision:
    """Undo one decision in the name of a manager of its site; the record of both stays.

    Raises Forbidden, NotFound, or Conflict when something has happened to the comment since.
    """
    by, site_id = _manager(session, membership)
    decision = session.scalar(select(Decision).where(Decision.id == decision_id, Decision.site_id == site_id))
    if decision is None:
        raise NotFound("There is no such decision on this site.")
    return decisions.undo(session, decision, by=by, batch=batch, now=now)


def take_back_batch(
    session: Session, batch: str, *, membership: Membership | None, now: int
) -> tuple[str, list[Result]]:
    """Undo the decisions that were made together, each unless something has happened to its comment since.

    Returns the batch of the undoing, and what became of each comment. Raises Forbidden, or NotFound when the site has
    no such batch. At most MAX_ITEMS: what is larger is a bulk decision, and undone as one.
    """
    _, site_id = _manager(session, membership)
    made = session.scalars(
        select(Decision)
        .join(Comment, Comment.id == Decision.comment_id)
        .where(Decision.batch == batch, Decision.site_id == site_id, Decision.by_person_id.is_not(None))
        .where(Decision.action.not_in((Action.UNDO, Action.WITHDRAW)))
        .order_by(Comment.article_id, Comment.id)
        .limit(MAX_ITEMS)
    ).all()
    if not made:
        raise NotFound("There is no such batch on this site.")
    new = decisions.new_batch()
    return new, [_undone(session, decision, membership=membership, batch=new, now=now) for decision in made]


def _undone(session: Session, decision: Decision, *, membership: Membership | None, batch: str, now: int) -> Result:
    undone, problem = None, None
    try:
        undone = take_back(session, decision.id, membership=membership, batch=batch, now=now)
    except Conflict as conflict:
        problem = conflict
    comment = session.get_one(Comment, decision.comment_id)
    version = find_version(session, comment.id)
    return Result(comment.id, "done" if undone else "conflict", comment, undone, version, problem)


def _manager(session: Session, membership: Membership | None) -> tuple[Person, int]:
    if membership is None or not may_moderate(membership):
        raise Forbidden("Only managers of the site may decide about its comments.")
    return session.get_one(Person, membership.person_id), membership.site_id
