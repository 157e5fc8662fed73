"""What does every JSON body look like, in and out?"""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, field_validator

from commentsvc.actions.rules import Rules
from commentsvc.enums import ArticleState, Mode, ReportReason, Role, Sort, Status
from commentsvc.moderation.opening import MAX_SLOW_MODE
from commentsvc.queries.readers import Own
from commentsvc.queries.sites import Limits
from commentsvc.queries.threads import CommentRow, Page, Permalink
from commentsvc.store.models import Appeal, Article, Comment, Guidelines, Person, Sanction, Site
from commentsvc.web.times import parse_time, time_text

Key = Annotated[str, StringConstraints(min_length=1, max_length=300)]
SiteKey = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Revision = Annotated[int, Field(ge=1, le=2**31)]


class In(BaseModel):
    """A body that we take: unknown members and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Query(BaseModel):
    """A query string that we take: unknown members are refused, numbers are read from text."""

    model_config = ConfigDict(extra="forbid")


class SiteQuery(Query):
    """Which site."""

    site: SiteKey


class ArticleQuery(SiteQuery):
    """Which site and article."""

    article: Key


def _listed(value: object) -> object:
    """Take one article as a list of one: APIFlask hands over the first value of a repeated parameter."""
    return [value] if isinstance(value, str) else value


class CountsQuery(SiteQuery):
    """Which site and articles; `article` is repeated."""

    article: Annotated[list[Key], BeforeValidator(_listed), Field(min_length=1, max_length=100)]


class MeQuery(SiteQuery):
    """Which site, and perhaps which article."""

    article: Key | None = None


class NewQuery(ArticleQuery):
    """Which thread, and since when."""

    since: str

    @field_validator("since")
    @classmethod
    def _time(cls, value: str) -> str:
        parse_time(value)
        return value


class PageQuery(Query):
    """How many, and behind which cursor."""

    limit: int = Field(20, ge=1, le=100)
    after: Annotated[str, StringConstraints(max_length=200)] | None = None


class OwnQuery(PageQuery):
    """Whose site, how many, and behind which cursor."""

    site: SiteKey


class ThreadQuery(PageQuery):
    """Which thread, in which order, how many, and behind which cursor."""

    site: SiteKey
    article: Key
    sort: Sort = Sort.BEST


class ArticleRefIn(In):
    """The page that the widget sits on."""

    key: Key
    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    title: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class PostIn(In):
    """A new comment."""

    site: SiteKey
    article: ArticleRefIn
    parent: str | None = None
    parent_revision: Revision | None = None
    body: str
    nudge: bool = False


class EditIn(In):
    """A comment's new text."""

    body: str


class VoteIn(In):
    """One vote, or none."""

    value: Annotated[int, Field(ge=-1, le=1, strict=True)]


class ReportIn(In):
    """A complaint about a revision."""

    model_config = ConfigDict(extra="forbid", strict=False)

    revision: Annotated[int, Field(ge=1, le=2**31, strict=True)]
    reason: ReportReason
    detail: str = ""


class AppealIn(In):
    """Why to look again."""

    message: str


class SanctionAppealIn(AppealIn):
    """Why to look again at a sanction."""

    site: SiteKey


class AcknowledgeIn(In):
    """The warning that somebody confirms to have read."""

    site: SiteKey
    sanction: Annotated[str, StringConstraints(min_length=1, max_length=40)]


class ArticleIn(BaseModel):
    """What a publisher says of an article."""

    model_config = ConfigDict(extra="forbid")

    site: SiteKey
    key: Key
    url: str
    title: str
    lead: str | None = None
    body: str | None = None
    section: str | None = None
    author: str | None = None
    published_at: str | None = None
    state: ArticleState | None = None
    mode: Mode | None = None
    slow_mode: Annotated[int, Field(ge=0, le=MAX_SLOW_MODE, strict=True)] | None = None
    hours: Annotated[str, StringConstraints(max_length=11)] | None = None
    close_at: str | None = None
    reopen_at: str | None = None

    @field_validator("published_at", "close_at", "reopen_at")
    @classmethod
    def _time(cls, value: str | None) -> str | None:
        if value is not None:
            parse_time(value)
        return value


def config_json(site: Site, guidelines: Guidelines, limits: Limits, *, sign_in: str) -> dict[str, Any]:
    """Write what the widget needs before anything else."""
    return {
        "site": site.key,
        "name": site.name,
        "guidelines": {"version": guidelines.version, "text": guidelines.text, "items": guidelines.items},
        "sorts": [sort.value for sort in Sort],
        "limits": limits.as_json(),
        "locale": site.locale,
        "sign_in": sign_in,
    }


def thread_json(key: str, article: Article | None, rules: Rules, page: Page | None) -> dict[str, Any]:
    """Write a page of a thread; an article that nobody has seen yet is empty, and as open as its site."""
    head = {
        "key": key,
        "state": rules.state,
        "mode": rules.mode,
        "title": article.title if article else None,
        "comment_count": article.comment_count if article else 0,
        "slow_mode": rules.slow_mode,
        "opens_at": time_text(rules.opens_at),
        "closes_at": time_text(rules.closes_at),
        "notice": rules.notice,
    }
    return {"article": head, **(page_json(page) if page else {"comments": [], "next": None})}


def page_json(page: Page) -> dict[str, Any]:
    """Write comments and the cursor behind them; each with its first replies where the page brought them."""
    comments = []
    for row in page.comments:
        shape = comment_json(row)
        inner = page.replies.get(row.id)
        if inner is not None:
            shape["replies"] = {"comments": [comment_json(reply) for reply in inner.comments], "next": inner.next}
        comments.append(shape)
    return {"comments": comments, "next": page.next}


def permalink_json(found: Permalink) -> dict[str, Any]:
    """Write one comment with its ancestors from the top down."""
    return {
        **comment_json(found.comment),
        "ancestors": [comment_json(row) for row in found.ancestors],
        "ancestors_more": found.ancestors_more,
    }


def comment_json(row: CommentRow) -> dict[str, Any]:
    """Write a comment as everyone sees it; a tombstone has no author, body or links."""
    public = row.status == Status.PUBLISHED
    shape: dict[str, Any] = {
        "id": str(row.id),
        "revision": row.revision,
        "parent": str(row.parent_id) if row.parent_id else None,
        "article": row.article_key,
        "author": {"id": str(row.person_id), "name": row.name, "badge": badge_of(row.role, namesake=row.namesake)}
        if public
        else None,
        "body": row.body if public else None,
        "links": row.links if public else [],
        "status": _public_status(row.status),
        "created_at": time_text(row.published_at),
        "edited_at": time_text(row.edited_at) if public else None,
        "votes": {"up": row.up, "down": row.down} if public else {"up": 0, "down": 0},
        "reply_count": row.reply_count,
        "depth": row.depth,
        "pinned": row.pinned,
        "featured": row.featured and public,
    }
    return shape


def own_comment_json(comment: Comment, *, name: str, role: str, article_key: str) -> dict[str, Any]:
    """Write a comment as its author sees it: with its true status, and its text whatever that is."""
    return {
        "id": str(comment.id),
        "revision": comment.revision,
        "parent": str(comment.parent_id) if comment.parent_id else None,
        "article": article_key,
        "author": {"id": str(comment.person_id), "name": name, "badge": badge_of(role)},
        "body": comment.body,
        "links": comment.links,
        "status": comment.status,
        "created_at": time_text(comment.published_at or comment.created_at),
        "edited_at": time_text(comment.edited_at),
        "votes": {"up": comment.up, "down": comment.down},
        "reply_count": comment.reply_count,
        "depth": comment.depth,
        "pinned": comment.pinned,
        "featured": comment.featured,
    }


def me_json(
    person: Person,
    *,
    name: str,
    role: str,
    votes: dict[int, int],
    mine: Sequence[dict[str, Any]],
    unread: int,
    sanctions: Sequence[dict[str, Any]],
    wait: int,
) -> dict[str, Any]:
    """Write what only the reader themselves may see."""
    return {
        "person": {"id": str(person.id), "name": name, "badge": badge_of(role), "role": role},
        "votes": {str(comment): value for comment, value in votes.items()},
        "mine": list(mine),
        "notices": {"unread": unread},
        "sanctions": list(sanctions),
        "wait": wait,
    }


def sanction_json(sanction: Sanction, *, statement: str, appeal: Appeal | None, can_appeal: bool) -> dict[str, Any]:
    """Write a sanction in force as the person themselves is told of it."""
    return {
        "id": str(sanction.id),
        "kind": sanction.kind,
        "reason": sanction.reason,
        "until": time_text(sanction.until),
        "can_appeal": can_appeal,
        "appeal": appeal_json(appeal),
        "statement": statement,
    }


def appeal_json(appeal: Appeal | None) -> dict[str, Any] | None:
    """Write where an appeal stands."""
    if appeal is None:
        return None
    return {
        "id": str(appeal.id),
        "state": appeal.state,
        "outcome": appeal.outcome,
        "answer": appeal.answer,
        "created_at": time_text(appeal.created_at),
        "decided_at": time_text(appeal.decided_at),
    }


def own_json(own: Own, *, name: str, role: str, article_key: str, statement: str | None) -> dict[str, Any]:
    """Write one of the reader's comments with what was decided about it and why."""
    decision = own.decision
    restricted = own.comment.status in {Status.HELD, Status.REJECTED}
    return {
        **own_comment_json(own.comment, name=name, role=role, article_key=article_key),
        "guideline": decision.guideline if decision and restricted else None,
        "message": decision.message if decision and restricted else "",
        "decision": str(decision.id) if decision and restricted else None,
        "decided_by": ("manager" if decision.by_person_id else "automatic") if decision and restricted else None,
        "can_appeal": own.can_appeal,
        "appeal_until": time_text(own.appeal_until),
        "appeal": appeal_json(own.appeal),
        "statement": statement,
    }


def article_json(article: Article) -> dict[str, Any]:
    """Write an article as its publisher's server sees it."""
    return {
        "key": article.key,
        "url": article.url,
        "title": article.title,
        "lead": article.lead,
        "body": article.body,
        "section": article.section,
        "author": article.author,
        "published_at": time_text(article.published_at),
        "state": article.state,
        "mode": article.mode,
        "slow_mode": article.slow_mode,
        "hours": article.hours,
        "close_at": time_text(article.close_at),
        "reopen_at": time_text(article.reopen_at),
        "comment_count": article.comment_count,
    }


def badge_of(role: str, *, namesake: bool = False) -> str | None:
    """Return the badge that stands beside a name: the role's, or that somebody else here has the name too."""
    if role == Role.READER:
        return "namesake" if namesake else None
    return role


def _public_status(status: str) -> str:
    return "removed" if status in {Status.HELD, Status.REJECTED} else status
