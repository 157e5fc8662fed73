"""What is a person told of, in which way, and which threads do they follow?"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import Session

from commentsvc.enums import Following, MailPace, NoticeKind, Status
from commentsvc.store.models import Article, Bounce, Comment, Decision, Follow, Membership, Notice, NoticePreference
from commentsvc.store.models import Person as People
from commentsvc.store.paging import Cursor, cut, decode_cursor

OF_OTHERS = (NoticeKind.REPLY, NoticeKind.MENTION, NoticeKind.FOLLOWED)
"""What other people's comments are the reason of; nobody is told of one that isn't public."""
MOST_UNREAD = 100
"""Nobody counts further."""
_SORT = "notices"


@dataclass(frozen=True, slots=True)
class Preference:
    """How a person is told of one kind of thing: on the page, and when by mail."""

    in_page: bool
    mail: MailPace


USUAL: Mapping[NoticeKind, Preference] = {
    NoticeKind.DECISION: Preference(True, MailPace.AT_ONCE),
    NoticeKind.APPEAL: Preference(True, MailPace.AT_ONCE),
    NoticeKind.SANCTION: Preference(True, MailPace.AT_ONCE),
    NoticeKind.REPORT: Preference(True, MailPace.NEVER),
    NoticeKind.REPLY: Preference(True, MailPace.DAILY),
    NoticeKind.MENTION: Preference(True, MailPace.DAILY),
    NoticeKind.FOLLOWED: Preference(True, MailPace.DAILY),
}
"""What holds as long as somebody hasn't chosen otherwise."""


@dataclass(frozen=True, slots=True)
class Told:
    """A notice with what it is about, as far as the person may see that now."""

    notice: Notice
    comment: Comment | None
    article: Article | None
    author: str | None
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class NoticePage:
    """Some notices, newest first, and the cursor behind them."""

    notices: Sequence[Told]
    next: str | None


@dataclass(frozen=True, slots=True)
class Followed:
    """A thread that somebody follows or has muted."""

    follow: Follow
    article: Article
    comment: Comment | None


def page(session: Session, person_id: int, site_id: int, *, limit: int, cursor: str | None) -> NoticePage:
    """Return a page of what a person is told of on a site, without what isn't public any more."""
    query = _told(person_id, site_id).where(Notice.in_page)
    behind = decode_cursor(cursor, sort=_SORT)
    if behind is not None:
        query = query.where(Notice.id < behind.id)
    rows = session.execute(query.order_by(Notice.id.desc()).limit(limit + 1)).all()
    shown, more = cut(rows, limit)
    told = [_as_told(*row) for row in shown]
    last = told[-1].notice if told else None
    return NoticePage(told, Cursor(_SORT, 0, last.id).encode() if more and last else None)


def count_unread(session: Session, person_id: int, site_id: int) -> int:
    """Count what a person hasn't seen, as `page` would show it; at most MOST_UNREAD."""
    some = (
        select(Notice.id)
        .outerjoin(Comment, Comment.id == Notice.comment_id)
        .where(Notice.person_id == person_id, Notice.site_id == site_id, Notice.read_at.is_(None))
        .where(Notice.in_page, _may_be_told())
        .limit(MOST_UNREAD)
    )
    return session.scalar(select(func.count()).select_from(some.subquery())) or 0


def list_for_mail(session: Session, person_id: int, site_id: int, ids: Collection[int]) -> Sequence[Told]:
    """List those of a person's notices that may be told now, oldest first."""
    rows = session.execute(_told(person_id, site_id).where(Notice.id.in_(ids)).order_by(Notice.id))
    return [_as_told(*row) for row in rows]


def preferences_of(session: Session, person_id: int, site_id: int) -> dict[NoticeKind, Preference]:
    """Return how a person wants to be told of each kind on a site."""
    rows = session.scalars(
        select(NoticePreference).where(NoticePreference.person_id == person_id, NoticePreference.site_id == site_id)
    )
    return {**USUAL, **{NoticeKind(row.kind): Preference(row.in_page, MailPace(row.mail)) for row in rows}}


def preferences_for(
    session: Session, person_ids: Collection[int], site_id: int, kind: NoticeKind
) -> dict[int, Preference]:
    """Return how each of several people wants to be told of one kind on a site."""
    rows = session.scalars(
        select(NoticePreference).where(
            NoticePreference.person_id.in_(person_ids),
            NoticePreference.site_id == site_id,
            NoticePreference.kind == kind,
        )
    )
    chosen = {row.person_id: Preference(row.in_page, MailPace(row.mail)) for row in rows}
    return {person_id: chosen.get(person_id, USUAL[kind]) for person_id in person_ids}


def may_be_mailed(session: Session, person: People) -> bool:
    """Say whether notices may go to a person's address: it is proven to be theirs, and hasn't bounced since."""
    if person.email is None or person.email_verified_at is None:
        return False
    bounced_at = session.scalar(select(Bounce.created_at).where(Bounce.address == person.email))
    return bounced_at is None or person.email_verified_at > bounced_at


def following(session: Session, person_id: int, article: Article | None) -> tuple[Following, dict[int, Following]]:
    """Return whether a person follows or has muted an article, and which of the comments there."""
    if article is None:
        return Following.USUAL, {}
    rows = session.scalars(
        select(Follow)
        .join(Article, Article.id == Follow.article_id)
        .where(Follow.person_id == person_id, Follow.site_id == article.site_id, Follow.article_id == article.id)
    ).all()
    known = {row.comment_id: Following.MUTE if row.muted else Following.FOLLOW for row in rows}
    whole = known.pop(None, Following.USUAL)
    return whole, {comment_id: how for comment_id, how in known.items() if comment_id is not None}


def list_follows(session: Session, person_id: int, site_id: int, *, limit: int) -> Sequence[Followed]:
    """List the threads that a person follows or has muted on a site, the latest first."""
    rows = session.execute(
        select(Follow, Article, Comment)
        .join(Article, Article.id == Follow.article_id)
        .outerjoin(Comment, and_(Comment.id == Follow.comment_id, Comment.status == Status.PUBLISHED))
        .where(Follow.person_id == person_id, Follow.site_id == site_id)
        .order_by(Follow.id.desc())
        .limit(limit)
    )
    return [Followed(*row) for row in rows]


def _told(person_id: int, site_id: int) -> Select[Notice, Comment, Article, str, Decision]:
    author = and_(Membership.person_id == Comment.person_id, Membership.site_id == Comment.site_id)
    return (
        select(Notice, Comment, Article, Membership.name, Decision)
        .outerjoin(Comment, Comment.id == Notice.comment_id)
        .outerjoin(Article, Article.id == Comment.article_id)
        .outerjoin(Membership, author)
        .outerjoin(Decision, Decision.id == Notice.decision_id)
        .where(Notice.person_id == person_id, Notice.site_id == site_id, _may_be_told())
    )


def _may_be_told() -> ColumnElement[bool]:
    return or_(Notice.kind.not_in(OF_OTHERS), Comment.status == Status.PUBLISHED)


def _as_told(
    notice: Notice, comment: Comment | None, article: Article | None, author: str | None, decision: Decision | None
) -> Told:
    # A report's outcome may be about a comment that others wrote and that is gone now: then it is told without it.
    is_theirs = comment is not None and comment.person_id == notice.person_id
    if comment is not None and (comment.status == Status.PUBLISHED or is_theirs):
        return Told(notice, comment, article, author, decision)
    return Told(notice, None, article, None, decision)
