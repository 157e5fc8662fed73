"""What is there for one reader: their votes, their own comments and what was decided?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import Action, Status
from commentsvc.queries import appeals
from commentsvc.store.models import Appeal, Article, Comment, Decision, Vote
from commentsvc.store.paging import Cursor, after, cut, decode_cursor

_MOST_VOTES = 1000
_MOST_OWN = 100
_OWN = "own"


@dataclass(frozen=True, slots=True)
class Own:
    """One of the reader's comments, the decision in force and whether it can be appealed against."""

    comment: Comment
    decision: Decision | None
    can_appeal: bool
    appeal: Appeal | None = None
    appeal_until: int | None = None


def votes_of(session: Session, person_id: int, article: Article) -> dict[int, int]:
    """Return the reader's votes under an article, by comment id; the latest thousand."""
    query = (
        select(Vote.comment_id, Vote.value)
        .join(Comment, Comment.id == Vote.comment_id)
        .where(Vote.person_id == person_id, Comment.article_id == article.id)
        .order_by(Vote.comment_id.desc())
        .limit(_MOST_VOTES)
    )
    return {row.comment_id: row.value for row in session.execute(query)}


def own_comments(session: Session, person_id: int, site_id: int, article: Article | None, *, now: int) -> Sequence[Own]:
    """List the reader's latest comments that are not withdrawn, on an article or on the site, newest first."""
    query = select(Comment).where(
        Comment.person_id == person_id, Comment.site_id == site_id, Comment.status != Status.WITHDRAWN
    )
    if article is not None:
        query = query.where(Comment.article_id == article.id)
    return _with_decisions(session, session.scalars(query.order_by(Comment.id.desc()).limit(_MOST_OWN)).all(), now=now)


def page_of_own(
    session: Session, person_id: int, site_id: int | None, *, limit: int, cursor: str | None, now: int
) -> tuple[Sequence[Own], str | None]:
    """Return a page of all that somebody wrote, on a site or on every one, withdrawn ones too, and the next cursor."""
    start = decode_cursor(cursor, sort=_OWN)
    query = select(Comment).where(Comment.person_id == person_id)
    if site_id is not None:
        query = query.where(Comment.site_id == site_id)
    query = after(query, start, Comment.id, Comment.id, descending=True)
    comments, more = cut(session.scalars(query.limit(limit + 1)).all(), limit)
    following = Cursor(_OWN, comments[-1].id, comments[-1].id).encode() if more else None
    return _with_decisions(session, comments, now=now), following


def _with_decisions(session: Session, comments: Sequence[Comment], *, now: int) -> list[Own]:
    in_force = _decisions_in_force(session, [comment.id for comment in comments])
    appealed = appeals.against(session, [decision.id for decision in in_force.values()])
    return [_own(comment, in_force.get(comment.id), appealed, now=now) for comment in comments]


def find_appealable(session: Session, comment: Comment) -> Decision | None:
    """Find the decision that an author may appeal against, if it is in time: a rejection, or a hold by a person."""
    decision = find_in_force(session, comment)
    return decision if decision is not None and is_appealable(comment, decision) else None


def find_in_force(session: Session, comment: Comment) -> Decision | None:
    """Find the latest decision that set the comment's status."""
    return _decisions_in_force(session, [comment.id]).get(comment.id)


def is_appealable(comment: Comment, decision: Decision) -> bool:
    """Whether the decision in force is one that its author may appeal against."""
    by_person = decision.by_person_id is not None
    return comment.status == Status.REJECTED or (comment.status == Status.HELD and by_person)


def _own(comment: Comment, decision: Decision | None, appealed: Mapping[int, Appeal], *, now: int) -> Own:
    if decision is None or not is_appealable(comment, decision):
        return Own(comment, decision, can_appeal=False, appeal=appealed.get(decision.id) if decision else None)
    until, appeal = appeals.deadline(decision.created_at), appealed.get(decision.id)
    return Own(comment, decision, appeal is None and now <= until, appeal, until)


def _decisions_in_force(session: Session, comment_ids: Sequence[int]) -> dict[int, Decision]:
    """Return the latest decision that set each comment's status; what pins, features or escalates one sets none."""
    if not comment_ids:
        return {}
    setting_none = [Action.PIN, Action.UNPIN, Action.FEATURE, Action.UNFEATURE, Action.ESCALATE]
    undone = aliased(Decision)
    latest = (
        select(func.max(Decision.id))
        .outerjoin(undone, undone.id == Decision.undoes_id)
        .where(
            Decision.comment_id.in_(comment_ids),
            Decision.action.not_in(setting_none),
            or_(undone.id.is_(None), undone.action.not_in(setting_none)),
        )
        .group_by(Decision.comment_id)
    )
    return {found.comment_id: found for found in session.scalars(select(Decision).where(Decision.id.in_(latest)))}
