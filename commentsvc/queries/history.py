"""What was decided about a comment, by whom and why?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.enums import Action
from commentsvc.queries import blind, people
from commentsvc.queries.people import Face
from commentsvc.store.models import Comment, Decision

_MOST = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One decision, who made it (None: a rule), and whether it is the one that can be taken back now."""

    decision: Decision
    by: Face | None
    can_undo: bool


def list_decisions(session: Session, comment: Comment) -> Sequence[Entry]:
    """List the latest decisions about a comment, newest first; none while it is to be judged blind."""
    if blind.has_hidden_case(session, comment.id):
        return ()
    decisions = session.scalars(
        select(Decision).where(Decision.comment_id == comment.id).order_by(Decision.id.desc()).limit(_MOST)
    ).all()
    deciders = {d.by_person_id for d in decisions if d.by_person_id is not None}
    faces = people.faces(session, comment.site_id, deciders)
    return [
        Entry(
            decision=decision,
            by=faces[decision.by_person_id] if decision.by_person_id is not None else None,
            can_undo=decision is decisions[0] and can_undo(decision, comment),
        )
        for decision in decisions
    ]


def has_decision_by_person(session: Session, comment_id: int) -> bool:
    """Say whether a person, not only rules, has decided about a comment."""
    query = select(Decision.id).where(Decision.comment_id == comment_id, Decision.by_person_id.is_not(None)).limit(1)
    return session.scalar(query) is not None


def can_undo(latest: Decision, comment: Comment) -> bool:
    """Whether a comment's latest decision can be taken back: a manager's, on the text that is still there."""
    return (
        latest.by_person_id is not None
        and latest.action not in {Action.UNDO, Action.WITHDRAW}
        and latest.from_status is not None
        and latest.revision == comment.revision
    )
