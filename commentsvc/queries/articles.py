"""Which articles and sections does a site have, how busy are they, and what was changed about them?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.enums import ArticleSort, Status
from commentsvc.errors import NotFound
from commentsvc.queries import people
from commentsvc.queries.people import Face
from commentsvc.store.models import Article, Comment, RuleChange
from commentsvc.store.paging import Cursor, after, cut, decode_cursor, parse_id

_KEYS: dict[ArticleSort, InstrumentedAttribute[Any]] = {
    ArticleSort.COMMENTS: Article.comment_count,
    ArticleSort.NEWEST: Article.created_at,
    ArticleSort.CASES: Article.open_cases,
}


@dataclass(frozen=True, slots=True)
class Page:
    """Some articles in order, and where the next ones begin."""

    articles: Sequence[Article]
    next: str | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A pinned or featured comment with its author; readers see the effect while it is published."""

    comment: Comment
    author: Face

    @property
    def is_public(self) -> bool:
        """Whether readers see it."""
        return self.comment.status == Status.PUBLISHED


@dataclass(frozen=True, slots=True)
class Change:
    """One change of rules, and who made it."""

    change: RuleChange
    by: Face


_HISTORY = 30
_MOST_SHOWN = 100


def page(session: Session, site_id: int, *, q: str, sort: ArticleSort, cursor: str | None, limit: int) -> Page:
    """Read one page of a site's articles, most first; `q` looks into titles and keys."""
    key = _KEYS[sort]
    query = select(Article).where(Article.site_id == site_id)
    if q:
        query = query.where(or_(Article.title.icontains(q, autoescape=True), Article.key.icontains(q, autoescape=True)))
    query = after(query, decode_cursor(cursor, sort=sort), key, Article.id, descending=True)
    rows, more = cut(session.scalars(query.limit(limit + 1)).all(), limit)
    end = Cursor(sort, getattr(rows[-1], key.key), rows[-1].id).encode() if more else None
    return Page(rows, end)


def get_article(session: Session, site_id: int, article_id: int | None) -> Article:
    """Return a site's article by its id, or raise NotFound."""
    found = session.get(Article, article_id) if article_id else None
    if found is None or found.site_id != site_id:
        raise NotFound("There is no such article on this site.")
    return found


def list_shown(session: Session, article: Article) -> list[Shown]:
    """List an article's pinned comments, then its featured ones, newest first."""
    # Written as the partial index is, or SQLite wouldn't use it.
    is_shown = text("(comments.pinned OR comments.featured)")
    query = select(Comment).where(Comment.article_id == article.id, is_shown)
    order = query.order_by(Comment.pinned.desc(), Comment.id.desc()).limit(_MOST_SHOWN)
    found = session.scalars(order).all()
    faces = people.faces(session, article.site_id, {comment.person_id for comment in found})
    return [Shown(comment, faces[comment.person_id]) for comment in found]


def list_changes(session: Session, site_id: int, *, article_id: int | None = None) -> list[Change]:
    """List the latest changes of an article's rules, or of the site's and its sections', newest first."""
    query = select(RuleChange).where(RuleChange.site_id == site_id, RuleChange.article_id == article_id)
    found = session.scalars(query.order_by(RuleChange.id.desc()).limit(_HISTORY)).all()
    faces = people.faces(session, site_id, {change.by_person_id for change in found})
    return [Change(change, faces[change.by_person_id]) for change in found]


def count_by_section(session: Session, site_id: int) -> dict[str, int]:
    """Return how many articles each section of a site has, by name."""
    query = select(Article.section, func.count()).where(Article.site_id == site_id).group_by(Article.section)
    return {name: count for name, count in session.execute(query) if name}


def with_most_cases(session: Session, site_id: int, *, article_id: str = "", limit: int = 25) -> Sequence[Article]:
    """List the articles with the most open cases, and one more when somebody asks for it by its id."""
    query = select(Article).where(Article.site_id == site_id, Article.open_cases > 0)
    found = list(session.scalars(query.order_by(Article.open_cases.desc(), Article.id.desc()).limit(limit)))
    wanted = parse_id(article_id)
    if wanted and wanted not in {article.id for article in found}:
        found += session.scalars(select(Article).where(Article.site_id == site_id, Article.id == wanted))
    return found


def sections_with_cases(session: Session, site_id: int, *, limit: int = 50) -> Sequence[str]:
    """List the sections that have open cases, by name."""
    query = select(Article.section).where(
        Article.site_id == site_id, Article.open_cases > 0, Article.section.is_not(None), Article.section != ""
    )
    return [section for section in session.scalars(query.distinct().order_by(Article.section).limit(limit)) if section]
