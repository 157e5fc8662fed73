"""Who is to hear of a new comment: whom it answers, whom it names, who follows its thread?

When a comment is published, one row asks for a job; the job finds the people. What is told twice is told once.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, select, text
from sqlalchemy.orm import Session, aliased

from commentsvc.actions import mentions
from commentsvc.actions.notices import tell_of
from commentsvc.enums import NoticeKind, Status
from commentsvc.infra import jobs
from commentsvc.store.models import Comment, Follow, Site

JOB, FOLLOWERS_JOB = "tell", "tell_followers"
_CHUNK = 500
_MOST_ABOVE = 200
"""So far up a comment is heard by those who follow what it is below of."""
_FOLLOWED = (
    # Written as the index is, or SQLite wouldn't use it.
    select(Follow.id)
    .where(Follow.article_id == bindparam("article"), text("comment_id IS NULL"), ~Follow.muted)
    .limit(1)
)


def enqueue(session: Session, comment: Comment, *, is_new: bool, now: int) -> None:
    """Have people told of a comment that is public now, if there may be any; `is_new`: it wasn't before."""
    may_be_heard = comment.parent_id is not None or _is_followed(session, comment.article_id)
    if "@" in comment.body or (is_new and may_be_heard):
        key = f"{JOB}:{comment.id}:{'new' if is_new else comment.revision}"
        jobs.enqueue(session, JOB, {"comment": comment.id, "new": is_new}, key=key, now=now)


def tell(session: Session, comment_id: int, *, is_new: bool, now: int) -> None:
    """Tell whom a public comment answers and names; leave those who follow to a job of their own."""
    comment = session.get(Comment, comment_id)
    if comment is None or comment.status != Status.PUBLISHED:
        return
    above = _above(session, comment)
    site = session.get_one(Site, comment.site_id)
    if is_new and comment.parent_id is not None:
        parent = session.get_one(Comment, comment.parent_id)
        _tell(session, NoticeKind.REPLY, comment, [parent.person_id], above, site=site, now=now)
    named = mentions.find(session, comment.body, site_id=comment.site_id)
    _tell(session, NoticeKind.MENTION, comment, named, above, site=site, now=now)
    if is_new and _followers(session, comment, above, after=0, limit=1):
        _enqueue_followers(session, comment, after=0, now=now)


def tell_followers(session: Session, args: Mapping[str, Any], *, now: int) -> None:
    """Tell some of those who follow a comment's thread, and have the next ones told."""
    comment = session.get(Comment, args["comment"])
    if comment is None or comment.status != Status.PUBLISHED:
        return
    above = _above(session, comment)
    people = _followers(session, comment, above, after=args["after"], limit=_CHUNK)
    site = session.get_one(Site, comment.site_id)
    _tell(session, NoticeKind.FOLLOWED, comment, people, above, site=site, now=now)
    if len(people) == _CHUNK:
        _enqueue_followers(session, comment, after=people[-1], now=now)


def _tell(
    session: Session,
    kind: NoticeKind,
    comment: Comment,
    people: Collection[int],
    above: Sequence[int],
    *,
    site: Site,
    now: int,
) -> None:
    others = [person_id for person_id in people if person_id != comment.person_id]
    muted = _muted(session, comment, above, others)
    heard = [person_id for person_id in others if person_id not in muted]
    if heard:
        tell_of(session, kind, comment, heard, site=site, now=now)


def _enqueue_followers(session: Session, comment: Comment, *, after: int, now: int) -> None:
    key = f"{FOLLOWERS_JOB}:{comment.id}:{after}"
    jobs.enqueue(session, FOLLOWERS_JOB, {"comment": comment.id, "after": after}, key=key, now=now)


def _is_followed(session: Session, article_id: int) -> bool:
    return session.scalar(_FOLLOWED, {"article": article_id}) is not None


def _followers(session: Session, comment: Comment, above: Sequence[int], *, after: int, limit: int) -> list[int]:
    """List those who follow the thread in some way, also where something nearer is muted."""
    people: set[int] = set()
    for where in _places(comment, above):
        some = select(Follow.person_id).where(where, ~Follow.muted, Follow.person_id > after)
        people |= set(session.scalars(some.distinct().order_by(Follow.person_id).limit(limit)))
    return sorted(people)[:limit]


def _muted(session: Session, comment: Comment, above: Sequence[int], people: Collection[int]) -> set[int]:
    """Find who doesn't want to hear of it: what was chosen nearest to the comment counts."""
    if not people:
        return set()
    nearness = {comment_id: number for number, comment_id in enumerate(above)}
    nearest: dict[int, tuple[int, bool]] = {}
    for where in _places(comment, above):
        for row in session.scalars(select(Follow).where(where, Follow.person_id.in_(people))):
            choice = (nearness.get(row.comment_id, len(above)) if row.comment_id else len(above), row.muted)
            nearest[row.person_id] = min(nearest.get(row.person_id, choice), choice)
    return {person_id for person_id, (_, is_muted) in nearest.items() if is_muted}


def _places(comment: Comment, above: Sequence[int]) -> list[ColumnElement[bool]]:
    """Build the conditions of a follow that hears of the comment: of the article, or of what it is below."""
    whole = and_(Follow.article_id == comment.article_id, text("follows.comment_id IS NULL"))
    return [whole, and_(Follow.comment_id.in_(above), Follow.comment_id.is_not(None))] if above else [whole]


def _above(session: Session, comment: Comment) -> list[int]:
    """List the comments that a comment is below of, the nearest first."""
    if comment.parent_id is None:
        return []
    start = select(Comment.id, Comment.parent_id).where(Comment.id == comment.parent_id)
    up = start.cte("up", recursive=True)
    parent = aliased(Comment)
    up = up.union_all(select(parent.id, parent.parent_id).join(up, parent.id == up.c.parent_id))
    return list(session.scalars(select(up.c.id).limit(_MOST_ABOVE)))
