"""How does somebody find again what they wrote, and what became of it?"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import login_required

from commentsvc.enums import Status
from commentsvc.queries import readers, sites
from commentsvc.queries.readers import Own
from commentsvc.store.models import Article, Site
from commentsvc.text import excerpt
from commentsvc.web import accounts, context, rights
from commentsvc.web.accounts import signed_in_person
from commentsvc.web.reading import address

blueprint = Blueprint("own_comments", __name__, url_prefix="/auth")
blueprint.after_request(accounts.protect)

_PAGE = 20
_LONGEST = 400
_WORDS = {
    Status.PUBLISHED: "Public", Status.HELD: "Waits for a community manager", Status.REJECTED: "Not published",
    Status.WITHDRAWN: "Withdrawn by you",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Line:
    """One comment as the page shows it."""

    site: str
    article: str
    where: str | None
    """The address at which others can read it."""
    state: str
    text: str
    own: Own
    guideline: str
    statement: str | None


@blueprint.get("/comments")
@login_required  # type: ignore[untyped-decorator]
def show() -> ResponseReturnValue:
    """List a page of one's own comments, on every site, newest first."""
    person = signed_in_person()
    assert person is not None
    own, following = readers.page_of_own(
        context.session(), person.id, None, limit=_PAGE, cursor=request.args.get("after"), now=context.now()
    )
    return render_template(
        "accounts/comments.html", lines=_lines(own), following=following, is_first=not request.args.get("after"),
        day=accounts.day_of,
    )  # fmt: skip


def _lines(own: Sequence[Own]) -> list[_Line]:
    session = context.session()
    articles = sites.by_id(session, Article, {one.comment.article_id for one in own})
    newsrooms = sites.by_id(session, Site, {one.comment.site_id for one in own})
    words = {key: sites.guideline_words(sites.guidelines_of(session, site)) for key, site in newsrooms.items()}
    return [
        _line(one, newsrooms[one.comment.site_id], articles[one.comment.article_id], words[one.comment.site_id])
        for one in own
    ]


def _line(own: Own, site: Site, article: Article, words: dict[str, dict[str, str]]) -> _Line:
    comment, decision = own.comment, own.decision
    is_public = comment.status == Status.PUBLISHED
    broken = decision.guideline if decision and not is_public else None
    return _Line(
        site=site.name,
        article=article.title,
        where=address(site.key, article.key, comment=str(comment.id)) if is_public else None,
        state=_WORDS[Status(comment.status)],
        text=excerpt(comment.body, _LONGEST),
        own=own,
        guideline=words.get(broken or "", {}).get("title", ""),
        statement=rights.statement_of(own),
    )
