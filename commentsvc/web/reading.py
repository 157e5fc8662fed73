"""How is a thread read without the widget: without JavaScript, and by search engines?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from commentsvc.actions.rules import rules_of
from commentsvc.enums import Sort, Status
from commentsvc.errors import Invalid, NotFound
from commentsvc.queries import sites, threads
from commentsvc.queries.threads import CommentRow, Page
from commentsvc.store.models import Article, Site
from commentsvc.store.paging import parse_id
from commentsvc.text import excerpt, to_html
from commentsvc.web import context
from commentsvc.web.cache import public, tagged
from commentsvc.web.shapes import badge_of
from commentsvc.web.times import time_text

blueprint = Blueprint("reading", __name__)

_LIMIT = 20
_SORTS = {
    Sort.BEST: "Best", Sort.NEWEST: "Newest", Sort.OLDEST: "Oldest", Sort.REPLIES: "Most replies",
    Sort.CONTROVERSIAL: "Most disputed",
}  # fmt: skip
_BADGES = {"manager": "Community manager", "admin": "Newsroom", "namesake": "Another of this name"}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one page shows: comments, some with replies, below the ancestors that they answer."""

    page: Page
    ancestors: list[CommentRow]
    ancestors_more: bool
    comment: CommentRow | None


@blueprint.get("/articles/<site_key>/<path:article_key>")
def show(site_key: str, article_key: str) -> Response:
    """Show a page of an article's comments, or one comment with what it answers and the replies to it."""
    session = context.public_session()
    site = sites.get_site(session, site_key)
    article = sites.find_article(session, site, article_key)
    if article is None:
        raise NotFound("Nobody has commented on such an article yet.")
    sort, after = _sort(request.args.get("sort")), request.args.get("after")
    comment = request.args.get("comment")
    shown = _comment(article, comment, after) if comment else _thread(article, sort, after)
    rules = rules_of(site, article, now=context.now())
    page = render_template(
        "reading/thread.html", site=site, article=article, shown=shown, sort=sort, sorts=_SORTS, after=after,
        title=_title(article, shown), is_closed=not rules.is_open, is_tripped=rules.notice is not None,
        at=_At(site, article, sort), body=_body, time_text=time_text, badge=_badge, day=_day,
        is_public=lambda row: row.status == Status.PUBLISHED, is_withdrawn=lambda row: row.status == Status.WITHDRAWN,
    )  # fmt: skip
    return _protected(public(tagged(page.encode()), mimetype="text/html"))


def address(site_key: str, article_key: str, **query: str | None) -> str:
    """Return the path of a thread's page, or with `comment` of one comment's."""
    asked = urlencode({name: value for name, value in query.items() if value})
    return f"/articles/{quote(site_key, safe='')}/{quote(article_key)}{'?' if asked else ''}{asked}"


@dataclass(frozen=True, slots=True)
class _At:
    """Addresses of this thread's pages, in the order that the reader chose."""

    site: Site
    article: Article
    sort: Sort

    def __call__(self, **query: Any) -> str:
        sort = query.pop("sort", self.sort)
        asked = {name: str(value) if value is not None else None for name, value in query.items()}
        return address(self.site.key, self.article.key, sort=None if sort == Sort.BEST else sort, **asked)


def _thread(article: Article, sort: Sort, after: str | None) -> _Shown:
    page = threads.page(context.public_session(), article, sort=sort, limit=_LIMIT, cursor=after)
    return _Shown(page, [], ancestors_more=False, comment=None)


def _comment(article: Article, comment_id: str, after: str | None) -> _Shown:
    session = context.public_session()
    found = threads.permalink(session, parse_id(comment_id))
    if found.comment.article_id != article.id:
        raise NotFound("There is no such comment.")
    replies = threads.replies(session, found.comment, limit=_LIMIT, cursor=after)
    return _Shown(replies, [*found.ancestors], found.ancestors_more, found.comment)


def _title(article: Article, shown: _Shown) -> str:
    if shown.comment is None:
        return f"Comments on “{article.title}”"
    return f"{shown.comment.name}: {excerpt(shown.comment.body, 60)}"


def _body(row: CommentRow) -> Markup:
    return Markup(to_html(row.body, row.links))  # noqa: S704 - to_html escapes; that is what it is for


def _day(time: int) -> str:
    return datetime.fromtimestamp(time // 1_000_000, UTC).strftime("%-d %B %Y, %H:%M UTC")


def _badge(row: CommentRow) -> str | None:
    return _BADGES.get(badge_of(row.role, namesake=row.namesake) or "")


def _sort(asked: str | None) -> Sort:
    try:
        return Sort(asked) if asked else Sort.BEST
    except ValueError:
        raise Invalid("There is no such order.", field="sort") from None


def _protected(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    return response
