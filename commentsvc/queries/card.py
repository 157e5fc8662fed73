"""What stands around one case, so that a manager need not leave its card: thread, people, precedents, edits, notes?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, select
from sqlalchemy.orm import Session

from commentsvc.enums import Action, Role
from commentsvc.queries import people, waves
from commentsvc.queries.people import Face
from commentsvc.queries.queue import Ancestor, Card
from commentsvc.queries.waves import Alike
from commentsvc.store.models import (
    CLOSED,
    Case,
    Comment,
    CommentNote,
    Decision,
    Membership,
    Revision,
)

_CHAIN = 25
_NEIGHBOURS = 2
_ANSWERS = 3
_NOTES = 20
_PRECEDENTS = 300
"""How many closed cases are looked through for similar ones: the latest say best what is done now."""
_BODY = 2000

Nearest = Callable[[str, Sequence[str]], list[tuple[int, float]]]
"""Picks those of some texts that say nearly what one says: (index, share), nearest first."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """A comment that a person decided about, and how much of its wording the one at hand shares, 0..1."""

    comment: Comment
    decision: Decision
    by: Face
    likeness: float


@dataclass(frozen=True, slots=True)
class Note:
    """What a colleague wrote beside the comment."""

    note: CommentNote
    by: Face


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Everything beyond the case itself.

    `chain` is all that the comment answers, outermost first, nearest 25. `before` and `after` are the nearest listed
    comments at its side: under the same parent, or at the top of the same thread. `answers` are the team's own replies.
    `was` is the text that reports or decisions saw, when it was another; `alike` counts comments in nearly the same
    words.
    """

    chain: Sequence[Ancestor] = ()
    before: Sequence[Ancestor] = ()
    after: Sequence[Ancestor] = ()
    answers: Sequence[Ancestor] = ()
    alike: Alike | None = None
    similar: Sequence[Precedent] = ()
    was: Revision | None = None
    notes: Sequence[Note] = ()
    notes_on_author: int = 0


def surroundings(session: Session, card: Card, *, nearest: Nearest) -> Surroundings:
    """Read what stands around a case, in a fixed number of queries; `nearest` says which precedents are similar."""
    comment = card.comment
    chain = _chain(session, comment) if comment.parent_id else []
    before, after = _siblings(session, comment)
    answers = _answers(session, comment)
    precedents = _precedents(session, comment, nearest)
    notes = session.scalars(
        select(CommentNote).where(CommentNote.comment_id == comment.id).order_by(CommentNote.id.desc()).limit(_NOTES)
    ).all()
    shown = [*chain, *before, *after, *answers]
    faces = people.faces(
        session,
        comment.site_id,
        {other.person_id for other in shown}
        | {decision.by_person_id for _, decision, _ in precedents if decision.by_person_id}
        | {note.by_person_id for note in notes},
    )

    def placed(comments: Sequence[Comment]) -> list[Ancestor]:
        return [Ancestor(other, faces[other.person_id]) for other in comments]

    return Surroundings(
        chain=placed(chain),
        before=placed(before),
        after=placed(after),
        answers=placed(answers),
        alike=waves.alike(session, comment.site_id, [comment.id]).get(comment.id),
        similar=[
            Precedent(other, decision, faces[decision.by_person_id], share)
            for other, decision, share in precedents
            if decision.by_person_id
        ],
        was=_text_seen_before(session, card),
        notes=[Note(note, faces[note.by_person_id]) for note in notes],
        notes_on_author=_count_notes(session, comment),
    )


def _chain(session: Session, comment: Comment) -> list[Comment]:
    chain = (
        select(Comment.parent_id.label("id"), literal(1).label("step"))
        .where(Comment.id == comment.id)
        .cte("chain", recursive=True)
    )
    chain = chain.union_all(
        select(Comment.parent_id, chain.c.step + 1)
        .join(chain, Comment.id == chain.c.id)
        .where(chain.c.step < _CHAIN, Comment.parent_id.is_not(None))
    )
    query = select(Comment).join(chain, Comment.id == chain.c.id).order_by(chain.c.step.desc())
    return list(session.scalars(query))


def _siblings(session: Session, comment: Comment) -> tuple[list[Comment], list[Comment]]:
    """Walk the shelf that readers see from where the comment stands, or would stand."""
    shelf = Comment.reply_of == comment.parent_id if comment.parent_id else Comment.top_of == comment.article_id
    at, other = comment.published_at or comment.created_at, Comment.id != comment.id
    before = (
        select(Comment)
        .where(shelf, other, Comment.published_at <= at)
        .order_by(Comment.published_at.desc(), Comment.id.desc())
    )
    after = select(Comment).where(shelf, other, Comment.published_at > at).order_by(Comment.published_at, Comment.id)
    return (
        list(session.scalars(before.limit(_NEIGHBOURS)))[::-1],
        list(session.scalars(after.limit(_NEIGHBOURS))),
    )


def _answers(session: Session, comment: Comment) -> list[Comment]:
    query = (
        select(Comment)
        .join(Membership, (Membership.person_id == Comment.person_id) & (Membership.site_id == Comment.site_id))
        .where(Comment.reply_of == comment.id, Membership.role != Role.READER)
        .order_by(Comment.id.desc())
        .limit(_ANSWERS)
    )
    return list(session.scalars(query))[::-1]


def _precedents(session: Session, comment: Comment, nearest: Nearest) -> list[tuple[Comment, Decision, float]]:
    """Find what people decided lately about comments worded like this one."""
    latest = (
        select(Case.id, Case.comment_id)
        .where(Case.site_id == comment.site_id, Case.state == CLOSED)
        .order_by(Case.closed_at.desc(), Case.id.desc())
        .limit(_PRECEDENTS)
        .subquery()
    )
    rows = session.execute(
        select(Decision.id, func.substr(Comment.body, 1, _BODY))
        .join(latest, latest.c.comment_id == Comment.id)
        .join(Decision, (Decision.comment_id == Comment.id) & (Decision.closed_case_id == latest.c.id))
        .where(
            Comment.id != comment.id,
            Decision.by_person_id.is_not(None),
            Decision.action.in_([Action.APPROVE, Action.REJECT]),
        )
        .order_by(Decision.id.desc())
    ).all()
    chosen = {rows[at][0]: share for at, share in nearest(comment.body[:_BODY], [body for _, body in rows])}
    if not chosen:
        return []
    found = session.execute(
        select(Comment, Decision).join(Decision, Decision.comment_id == Comment.id).where(Decision.id.in_(chosen))
    )
    return sorted(((other, decision, chosen[decision.id]) for other, decision in found), key=lambda row: -row[2])


def _text_seen_before(session: Session, card: Card) -> Revision | None:
    """Find the oldest text that an open report or the latest decision was about; None when it is still there."""
    comment = card.comment
    if comment.revision == 1:
        return None
    seen = [complaint.report.revision for complaint in card.reports if complaint.report.outcome is None]
    oldest = min(seen, default=card.latest.revision if card.latest else comment.revision)
    number = oldest if oldest < comment.revision else comment.revision - 1
    return session.get(Revision, (comment.id, number))


def _count_notes(session: Session, comment: Comment) -> int:
    query = select(func.count()).where(
        CommentNote.author_id == comment.person_id, CommentNote.site_id == comment.site_id
    )
    return session.scalar(query) or 0
