"""What is there to read: a page of a thread, the replies to a comment, one comment with its ancestors, counts?

Every page costs a fixed number of queries on an index, whatever the size of the thread; nothing here recurses.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Row,
    Select,
    Text,
    TextClause,
    bindparam,
    cast,
    func,
    select,
    text,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.enums import Sort, Status
from commentsvc.errors import NotFound
from commentsvc.store.models import PUBLISHED, Article, Comment, Membership, Site
from commentsvc.store.paging import Cursor, after, cut, decode_cursor

FLAT_FROM = 6
"""At this depth and below, a branch reads flat."""
FIRST_REPLIES = 3
_ANCESTORS = 10
_VOTE_WINDOW_US = 5_000_000
_FAR_US = 24 * 3600 * 1_000_000

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
    key = _SORT_KEYS[sort][0]
    start = decode_cursor(cursor, sort=sort)
    where: dict[str, Any] = {"article": article.id, "limit": limit + 1}
    where |= {"value": start.value, "row": start.id} if start else {}
    connection = session.connection()
    rows, more = cut(connection.execute(_page_query(sort, is_first=start is None), where).all(), limit)
    following = _cursor(sort, key, rows[-1]) if more else None
    if start is None:
        pinned = connection.execute(_PINNED, {"article": article.id})
        rows = [*pinned, *rows]
    return Page(rows, following, _first_replies(connection, rows))


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


def counts(session: Session, site_key: str, keys: Sequence[str]) -> dict[str, int]:
    """Return how many comments are published under each article; unknown ones have none."""
    known = {row.key: row.comment_count for row in session.execute(count_rows(site_key, keys))}
    return {key: known.get(key, 0) for key in keys}


def count_rows(site_key: str, keys: Sequence[str]) -> Select[Any]:
    """Build the query for the known ones of these articles with their counts."""
    columns: list[Any] = [Article.key, Article.comment_count]
    of_site = select(*columns).join(Site).where(Site.key == site_key)
    return of_site.where(Article.key.in_(sorted(set(keys)))).order_by(Article.id)


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


def version_holds_until(article: Article, *, now: int) -> int:
    """Return when the clock alone moves `thread_version`, in microseconds; far away when it doesn't."""
    current = now // _VOTE_WINDOW_US
    return (current + 1) * _VOTE_WINDOW_US if article.voted_at >= current else now + _FAR_US


def stamp(site_key: str, article_key: str) -> Select[Any]:
    """Build the query whose answer stays the same as long as what readers see of a thread does, clocks aside."""
    columns = [column for column in Article.__table__.columns if column.name not in {"lead", "body", "open_cases"}]
    site = (cast(Site.policy, Text), Site.time_zone)
    return select(*columns, *site).join(Site).where(Site.key == site_key, Article.key == article_key)


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


# What every reader asks is built once, and asked past the session: both cost more than the database takes to answer.
_PINNED = _rows().where(Comment.pinned_on == bindparam("article")).order_by(Comment.id.desc())
_BY_ID = _rows().where(Comment.id.in_(bindparam("ids", expanding=True))).order_by(Comment.published_at, Comment.id)


@cache
def _page_query(sort: Sort, *, is_first: bool) -> Select[Any]:
    """Build the query for a page, the first one or the one behind (`value`, `row`), of `limit` rows of an `article`."""
    key, descending = _SORT_KEYS[sort]
    where = Comment.top_of == bindparam("article")
    if not is_first:
        where = Comment.id.in_(_behind(select(Comment.id).where(where), key, descending=descending))
    return _ordered(_rows().where(where), key, descending=descending)


def _behind(ids: Select[Any], key: InstrumentedAttribute[Any], *, descending: bool) -> CompoundSelect[Any]:
    """Find what comes after (`value`, `row`): the rest of those with that value, then the others, each by a seek.

    Most comments of a large thread have the same few values. One condition for both makes SQLite read all of them:
    the last page of a million took sixty times as long as the first.
    """
    value: BindParameter[Any] = bindparam("value")
    row: BindParameter[Any] = bindparam("row")
    tied = ids.where(key == value, Comment.id < row if descending else Comment.id > row)
    others = ids.where(key < value if descending else key > value)
    halves = (_ordered(half, key, descending=descending).subquery() for half in (tied, others))
    return union_all(*(select(half.c.id) for half in halves))


def _ordered(query: Select[Any], key: InstrumentedAttribute[Any], *, descending: bool) -> Select[Any]:
    order = (key.desc(), Comment.id.desc()) if descending else (key, Comment.id)
    return query.order_by(*order).limit(bindparam("limit"))


def _first_replies(connection: Connection, rows: Sequence[CommentRow]) -> dict[int, Page]:
    parents = [row.id for row in rows if row.reply_count]
    if not parents:
        return {}
    asked = {"most": FIRST_REPLIES + 1, **{f"p{at}": parent for at, parent in enumerate(parents)}}
    ids = connection.scalars(_first_ids(len(parents)), asked).all()
    by_parent: dict[int, list[CommentRow]] = {parent: [] for parent in parents}
    for row in connection.execute(_BY_ID, {"ids": ids}):
        by_parent[row.parent_id].append(row)
    return {parent: _reply_page(found) for parent, found in by_parent.items()}


@lru_cache(maxsize=128)
def _first_ids(parents: int) -> TextClause:
    """Build the query for the first replies, `most` each, to so many comments (`p0`, `p1`, …).

    One small index seek a parent in one statement: a window function would read all their replies.
    """
    one = (
        "SELECT id FROM (SELECT id FROM comments WHERE reply_of = :p{at} "
        "ORDER BY published_at, id LIMIT :most) AS r{at}"
    )
    return text(" UNION ALL ".join(one.format(at=at) for at in range(parents)))


def _reply_page(rows: list[CommentRow]) -> Page:
    shown, more = cut(rows, FIRST_REPLIES)
    return Page(shown, _cursor(_REPLIES, Comment.published_at, shown[-1]) if more else None)


def _cursor(sort: str, key: InstrumentedAttribute[Any], row: CommentRow) -> str:
    return Cursor(sort, getattr(row, key.key), row.id).encode()
