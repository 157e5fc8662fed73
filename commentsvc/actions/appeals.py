"""What changes when an author asks to look again?"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import cases
from commentsvc.actions.decisions import lock_thread
from commentsvc.enums import Guideline, Reason
from commentsvc.errors import Conflict, NotFound
from commentsvc.queries.readers import find_appealable
from commentsvc.store.models import Appeal, Comment, Person

_MAX_MESSAGE = 2000


def appeal(session: Session, *, comment_id: int | None, message: str, by: Person, now: int) -> Appeal:
    """Store an appeal against the decision in force and put the comment into the queue; one per decision."""
    comment = session.get(Comment, comment_id) if comment_id else None
    if comment is None or comment.person_id != by.id:
        raise NotFound("There is no such comment of yours.")
    lock_thread(session, comment)
    message = text.clean(message, field="message", max_length=_MAX_MESSAGE, multiline=True)
    decision = find_appealable(session, comment)
    if decision is None:
        raise Conflict("There is no decision on this comment to appeal against.")
    if session.scalar(select(Appeal.id).where(Appeal.decision_id == decision.id)) is not None:
        raise Conflict("You have appealed against this decision already.")
    made = Appeal(decision_id=decision.id, comment_id=comment.id, person_id=by.id, message=message, created_at=now)
    session.add(made)
    session.flush()
    cases.open_case(
        session, comment, reasons=Reason.APPEAL,
        guideline=Guideline(decision.guideline) if decision.guideline else None, likelihood=0.5, now=now,
    )  # fmt: skip
    return made
