"""Which articles does a site have, and how busy are they?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.enums import ArticleSort
from commentsvc.store.models import Article
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
