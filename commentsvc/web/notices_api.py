"""What may a reader's widget ask of notices: what is new, mark it read, follow or mute a thread?"""

from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, jsonify
from pydantic import ConfigDict, Field, StringConstraints

from commentsvc.actions import notices as acts
from commentsvc.actions.notice_words import title_of
from commentsvc.enums import Following, Guideline, NoticeKind, Scope, Status
from commentsvc.errors import Forbidden, Invalid, NotFound
from commentsvc.queries import notices, sites
from commentsvc.queries.notices import Told
from commentsvc.store.models import Site
from commentsvc.store.paging import parse_id
from commentsvc.text import excerpt
from commentsvc.web import context, shapes
from commentsvc.web.answers import Out
from commentsvc.web.idempotency import idempotent
from commentsvc.web.security import caller, signed_in
from commentsvc.web.times import time_text

blueprint = APIBlueprint("notices_api", __name__, url_prefix="/api/v1", tag="Notices")

_EXCERPT = 200


class NoticesQuery(shapes.PageQuery):
    """Which site's notices, how many, and behind which cursor."""

    site: shapes.SiteKey
    limit: int = Field(20, ge=1, le=50)


class ReadIn(shapes.In):
    """The newest notice that was seen."""

    site: shapes.SiteKey
    up_to: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class FollowIn(shapes.In):
    """What to follow or mute: an article's thread, or what is below one of its comments."""

    model_config = ConfigDict(extra="forbid", strict=False)

    site: shapes.SiteKey
    article: shapes.Key
    comment: Annotated[str, StringConstraints(min_length=1, max_length=40)] | None = None
    following: Following


class AboutOut(Out):
    """The comment that a notice is about; never one that I may not see."""

    id: str
    parent: str | None
    author: str | None
    excerpt: str
    status: Status


class WhereOut(Out):
    """The article that a notice is about."""

    key: str
    url: str
    title: str


class DecidedOut(Out):
    """What was decided about my comment, and why."""

    id: str
    status: Status
    was_public: bool
    guideline: Guideline | None
    message: str
    decided_by: Literal["manager", "automatic"]


class NoticeOut(Out):
    """One thing that I am told of; `title` says it in English."""

    id: str
    kind: NoticeKind
    title: str
    created_at: str
    read: bool
    comment: AboutOut | None
    article: WhereOut | None
    decision: DecidedOut | None
    message: str


class NoticeListOut(Out):
    """Some of my notices, newest first, and the cursor behind them; `unread` counts up to 100."""

    notices: list[NoticeOut]
    unread: int
    next: str | None


class UnreadOut(Out):
    """How many notices are left unread."""

    unread: int


class FollowingOut(Out):
    """What I follow or have muted of an article: the whole thread, and comments by their ids."""

    article: Following
    comments: dict[str, Following]


@blueprint.get("/notices")
@signed_in(Scope.READER)
@blueprint.input(NoticesQuery, location="query")
@blueprint.output(NoticeListOut)
@blueprint.doc(summary="What I am told of", responses=[401, 403, 404, 422], security="bearer")
def list_notices(query_data: NoticesQuery) -> Response:
    """Return my notices on a site, without what isn't public any more."""
    session, person, site = context.session(), caller().person, _own_site(query_data.site)
    page = notices.page(session, person.id, site.id, limit=query_data.limit, cursor=query_data.after)
    unread = notices.count_unread(session, person.id, site.id)
    return jsonify({"notices": [_notice_json(told) for told in page.notices], "unread": unread, "next": page.next})


@blueprint.put("/notices/read")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(ReadIn)
@blueprint.output(UnreadOut)
@blueprint.doc(summary="Mark notices as read", responses=[401, 403, 404, 422], security="bearer")
def mark_read(json_data: ReadIn) -> Response:
    """Mark what I was told up to and including one notice as read."""
    session, person, site = context.session(), caller().person, _own_site(json_data.site)
    up_to = parse_id(json_data.up_to)
    if up_to is None:
        raise Invalid("This isn’t a notice’s id.", field="up_to")
    acts.mark_read(session, person.id, site.id, up_to=up_to, now=context.now())
    return jsonify({"unread": notices.count_unread(session, person.id, site.id)})


@blueprint.get("/follows")
@signed_in(Scope.READER)
@blueprint.input(shapes.ArticleQuery, location="query")
@blueprint.output(FollowingOut)
@blueprint.doc(summary="What I follow of an article", responses=[401, 403, 404, 422], security="bearer")
def show_following(query_data: shapes.ArticleQuery) -> Response:
    """Return whether I follow or have muted an article's thread, or what is below some of its comments."""
    return _following(_own_site(query_data.site), query_data.article)


@blueprint.put("/follows")
@signed_in(Scope.READER)
@idempotent
@blueprint.input(FollowIn)
@blueprint.output(FollowingOut)
@blueprint.doc(summary="Follow or mute a thread", responses=[401, 403, 404, 409, 422, 429], security="bearer")
def follow(json_data: FollowIn) -> Response:
    """Follow or mute an article's thread or what is below one comment; `usual` takes it back."""
    session, person, site = context.session(), caller().person, _own_site(json_data.site)
    context.services().limiter.hit("follow", person.id)
    article = sites.find_article(session, site, json_data.article)
    if article is None:
        raise NotFound("There is no such article yet.", field="article")
    comment_id = None if json_data.comment is None else parse_id(json_data.comment) or 0
    acts.follow(session, article, comment_id, json_data.following, by=person, now=context.now())
    return _following(site, json_data.article)


def _following(site: Site, article_key: str) -> Response:
    session = context.session()
    article = sites.find_article(session, site, article_key)
    whole, comments = notices.following(session, caller().person.id, article)
    return jsonify({"article": whole, "comments": {str(comment_id): how for comment_id, how in comments.items()}})


def _own_site(key: str) -> Site:
    site = sites.get_site(context.session(), key)
    if caller().site_id != site.id:
        raise Forbidden("This sign-in is for another site.", field="site")
    return site


def _notice_json(told: Told) -> dict[str, Any]:
    notice, comment, article, decision = told.notice, told.comment, told.article, told.decision
    about = comment and {
        "id": str(comment.id),
        "parent": str(comment.parent_id) if comment.parent_id else None,
        "author": told.author,
        "excerpt": excerpt(comment.body, _EXCERPT),
        "status": comment.status,
    }
    decided = decision and {
        "id": str(decision.id),
        "status": decision.to_status,
        "was_public": decision.from_status == Status.PUBLISHED,
        "guideline": decision.guideline,
        "message": decision.message,
        "decided_by": "manager" if decision.by_person_id else "automatic",
    }
    return {
        "id": str(notice.id),
        "kind": notice.kind,
        "title": title_of(told),
        "created_at": time_text(notice.created_at),
        "read": notice.read_at is not None,
        "comment": about,
        "article": article and {"key": article.key, "url": article.url, "title": article.title},
        "decision": decided,
        "message": str(notice.facts.get("message") or ""),
    }
