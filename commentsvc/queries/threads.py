"""What is there to read: a page of a thread, the replies to a comment, one comment with its ancestors, counts?

Every page costs a fixed number of queries on an index, whatever the size of the thread; nothing here recurses.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, Select, func, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.enums import Sort, Status
from commentsvc.errors import NotFound
from commentsvc.store.models import PUBLISHED, Article, Comment, Membership
from commentsvc.store.paging import Cursor, after, cut, decode_cursor

FLAT_FROM = 6
"""At this depth and below, a branch reads flat."""
FIRST_REPLIES = 3
_ANCESTORS = 10
_VOTE_WINDOW_US = 5_000_000

CommentRow = Row[Any]
"""One comment's columns with its author's `name` and `role` and its article's `article_key`."""

_SORT_KEYS: dict[Sort, tuple[InstrumentedAttribute[Any], bool]] = {
    Sort.BEST: (Comment.best, True),
    Sort.NEWEST: (Comment.published_at, True),
    Sort.OLDEST: (Comment.published_at, False),
    Sort.REPLIES: (Comment.reply_count, True),
    Sort.CONTROVERSIAL: (Comment.controversial, True),
}
_REPLIES = "thread"
_UNSHOWN = {"fingerprint", "top_of", "reply_of", "pinned_on"}
_COLUMNS = [column for column in Comment.__table__.columns if column.name not in _UNSHOWN]


@dataclass(frozen=True, slots=True)
class Page:
    """Some comments and the cursor behind the last one."""

    comments: Sequence[CommentRow]
    next: str | None
    replies: dict[int, "Page"] = field(default_factory=dict)
    """The first replies of each comment, by its id."""


@dataclass(frozen=True, slots=True)
class Permalink:
    """One comment, its nearest ancestors from the top down, and whether there are more above them."""

    comment: CommentRow
    ancestors: Sequence[CommentRow]
    ancestors_more: bool


def page(session: Session, article: Article, *, sort: Sort, limit: int, cursor: str | None) -> Page:
    """Return top-level comments with their first replies; pinned ones once, before the first page."""
    key, descending = _SORT_KEYS[sort]
    start = decode_cursor(cursor, sort=sort)
    query = after(_rows().where(Comment.top_of == article.id), start, key, Comment.id, descending=descending)
    rows, more = cut(session.execute(query.limit(limit + 1)).all(), limit)
    following = _cursor(sort, key, rows[-1]) if more else None
    if start is None:
        pinned = session.execute(_rows().where(Comment.pinned_on == article.id).order_by(Comment.id.desc()))
        rows = [*pinned, *rows]
    return Page(rows, following, _first_replies(session, rows))


def replies(session: Session, comment: CommentRow, *, limit: int, cursor: str | None) -> Page:
    """Return what is below a comment, oldest first: direct children, or from depth 6 on the rest of the branch."""
    start = decode_cursor(cursor, sort=_REPLIES)
    if comment.depth >= FLAT_FROM:
        branch = comment.id if comment.depth == FLAT_FROM else comment.branch_id
        query = _rows().where(Comment.branch_id == branch, Comment.listed.is_(True))
        if comment.depth > FLAT_FROM:
            start = start or Cursor(_REPLIES, comment.published_at, comment.id)
    else:
        query = _rows().where(Comment.reply_of == comment.id)
    query = after(query, start, Comment.published_at, Comment.id, descending=False)
    rows, more = cut(session.execute(query.limit(limit + 1)).all(), limit)
    return Page(rows, _cursor(_REPLIES, Comment.published_at, rows[-1]) if more else None)


def get_public(session: Session, comment_id: int | None) -> CommentRow:
    """Return a comment that readers can see (published, or a tombstone), or raise NotFound."""
    row = find_row(session, comment_id)
    if row is None or not row.listed:
        raise NotFound("There is no such comment.")
    return row


def find_row(session: Session, comment_id: int | None) -> CommentRow | None:
    """Find a comment, public or not, with its author and article."""
    if comment_id is None:
        return None
    return session.execute(_rows().where(Comment.id == comment_id)).one_or_none()


def permalink(session: Session, comment_id: int | None) -> Permalink:
    """Return a published comment with its nearest ten ancestors, or raise NotFound."""
    row = get_public(session, comment_id)
    if row.status != Status.PUBLISHED:
        raise NotFound("There is no such comment.")
    chain = (
        select(Comment.id, Comment.parent_id, Comment.depth)
        .where(Comment.id == row.parent_id)
        .cte("chain", recursive=True)
    )
    # The database walks the chain, no further than we show.
    above = select(Comment.id, Comment.parent_id, Comment.depth).where(
        Comment.id == chain.c.parent_id, chain.c.depth > row.depth - _ANCESTORS
    )
    ids = select(chain.union_all(above).c.id)
    ancestors = session.execute(_rows().where(Comment.id.in_(ids)).order_by(Comment.depth)).all()
    return Permalink(row, ancestors, bool(ancestors) and ancestors[0].parent_id is not None)


def newest(session: Session, site_id: int, article: Article | None, *, limit: int) -> Sequence[CommentRow]:
    """Return a site's newest published comments, or an article's, at any depth."""
    where = Comment.article_id == article.id if article else Comment.site_id == site_id
    query = _rows().where(where, Comment.status == PUBLISHED).add_columns(Article.title.label("article_title"))
    return session.execute(query.order_by(Comment.published_at.desc(), Comment.id.desc()).limit(limit)).all()


def count_new(session: Session, article: Article, *, since: int) -> int:
    """Count comments published after a time."""
    query = select(func.count()).where(
        Comment.article_id == article.id, Comment.status == PUBLISHED, Comment.published_at > since
    )
    return session.scalar(query) or 0


def counts(session: Session, site_id: int, keys: Sequence[str]) -> dict[str, int]:
    """Return how many comments are published under each article; unknown ones have none."""
    found = session.execute(
        select(Article.key, Article.comment_count).where(Article.site_id == site_id, Article.key.in_(set(keys)))
    )
    known = {row.key: row.comment_count for row in found}
    return {key: known.get(key, 0) for key in keys}


def article_keys(session: Session, ids: Collection[int]) -> dict[int, str]:
    """Return publishers' keys by article id."""
    if not ids:
        return {}
    return {row.id: row.key for row in session.execute(select(Article.id, Article.key).where(Article.id.in_(ids)))}


def thread_version(article: Article, *, now: int) -> str:
    """Name what readers see of a thread: the version, and the last 5-second window of votes that is over.

    A busy vote so moves the name at most every 5 s, and none is ever left out for good.
    """
    current = now // _VOTE_WINDOW_US
    votes = article.voted_at if article.voted_at < current else article.voted_before
    return f"{article.version}.{votes}"


def vote_window(now: int) -> int:
    """Number the 5-second window that a time lies in."""
    return now // _VOTE_WINDOW_US


def _rows() -> Select[Any]:
    return (
        select(*_COLUMNS, Membership.name, Membership.role, Membership.namesake, Article.key.label("article_key"))
        .join(
            Membership,
            (Membership.person_id == Comment.person_id) & (Membership.site_id == Comment.site_id),
        )
        .join(Article, Article.id == Comment.article_id)
    )


def _first_replies(session: Session, rows: Sequence[CommentRow]) -> dict[int, Page]:
    parents = [row.id for row in rows if row.reply_count]
    if not parents:
        return {}
    some = [
        select(Comment.id)
        .where(Comment.reply_of == parent)
        .order_by(Comment.published_at, Comment.id)
        .limit(FIRST_REPLIES + 1)
        .subquery()
        for parent in parents
    ]
    # One small index seek a parent in one statement: a window function would read all their replies.
    ids = union_all(*(select(part.c.id) for part in some))
    query = _rows().where(Comment.id.in_(ids.subquery().select())).order_by(Comment.published_at, Comment.id)
    by_parent: dict[int, list[CommentRow]] = {parent: [] for parent in parents}
    for row in session.execute(query):
        by_parent[row.parent_id].append(row)
    return {parent: _reply_page(found) for parent, found in by_parent.items()}


def _reply_page(rows: list[CommentRow]) -> Page:
    shown, more = cut(rows, FIRST_REPLIES)
    return Page(shown, _cursor(_REPLIES, Comment.published_at, shown[-1]) if more else None)


def _cursor(sort: str, key: InstrumentedAttribute[Any], row: CommentRow) -> str:
    return Cursor(sort, getattr(row, key.key), row.id).encode()
