"""What does every answer promise? The models behind the OpenAPI document; tests hold the real answers against them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from commentsvc.enums import (
    AppealOutcome,
    AppealState,
    ArticleState,
    BreakerAction,
    Guideline,
    Mode,
    ReportReason,
    Role,
    SanctionKind,
    Sort,
    Status,
)

ERROR_SCHEMA = {
    "type": "object",
    "description": "The one error body: a stable code, a sentence, the member it is about.",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "field": {"type": "string"},
                "details": {"type": "object"},
            },
        }
    },
}


class Out(BaseModel):
    """An answer: its members are all that is sent."""

    model_config = ConfigDict(extra="forbid")


class GuidelineOut(Out):
    """One thing that the community promised."""

    guideline: Guideline
    title: str
    text: str


class GuidelinesOut(Out):
    """What the community promised, and which version of it."""

    version: int
    text: str
    items: list[GuidelineOut]


class LimitsOut(Out):
    """A comment's greatest length, and seconds for editing and between comments."""

    max_length: int
    edit_window: int
    gap: int


class ConfigOut(Out):
    """What the widget needs first."""

    site: str
    name: str
    guidelines: GuidelinesOut
    sorts: list[Sort]
    limits: LimitsOut
    locale: str
    sign_in: str


class AuthorOut(Out):
    """How an author appears on the site."""

    id: str
    name: str
    badge: Literal["manager", "admin", "namesake"] | None


class VotesOut(Out):
    """How many voted which way."""

    up: int
    down: int


class CommentOut(Out):
    """A comment as everyone sees it; a tombstone has no author, body or links."""

    id: str
    revision: int
    parent: str | None
    article: str
    author: AuthorOut | None
    body: str | None
    links: list[tuple[int, int]]
    status: Literal["published", "removed", "withdrawn"]
    created_at: str | None
    edited_at: str | None
    votes: VotesOut
    reply_count: int
    depth: int
    pinned: bool
    featured: bool


class PageOut(Out):
    """Some comments, and the cursor behind the last one."""

    comments: list[CommentOut]
    next: str | None


class TopCommentOut(CommentOut):
    """A top-level comment with its first replies, if it has any."""

    replies: PageOut | None = None


class ArticleHeadOut(Out):
    """The article above a thread."""

    key: str
    state: ArticleState
    mode: Mode
    title: str | None
    comment_count: int
    slow_mode: int
    opens_at: str | None
    closes_at: str | None
    notice: BreakerAction | None


class ThreadOut(Out):
    """A page of a thread."""

    article: ArticleHeadOut
    comments: list[TopCommentOut]
    next: str | None


class PermalinkOut(CommentOut):
    """One comment, its nearest ancestors from the top down, and whether there are more."""

    ancestors: list[CommentOut]
    ancestors_more: bool


class CountOut(Out):
    """How many."""

    count: int


class CountsOut(Out):
    """Published comments by article."""

    counts: dict[str, int]


class ReasonOut(Out):
    """Why a comment isn't published: in words, and the guideline if one is meant."""

    guideline: Guideline | None
    message: str


class OwnCommentOut(CommentOut):
    """A comment as its author sees it."""

    author: AuthorOut
    body: str
    status: Status  # type: ignore[assignment]
    reasons: list[ReasonOut] | None = None


class AppealStandingOut(Out):
    """Where an appeal stands; an answer once it is decided."""

    id: str
    state: AppealState
    outcome: AppealOutcome | None
    answer: str
    created_at: str
    decided_at: str | None


class MineOut(OwnCommentOut):
    """One of my comments, with the decision in force where it isn't published."""

    guideline: Guideline | None
    message: str
    decision: str | None
    decided_by: Literal["manager", "automatic"] | None
    can_appeal: bool
    appeal_until: str | None
    appeal: AppealStandingOut | None
    statement: str | None


class PersonOut(Out):
    """Who I am on the site."""

    id: str
    name: str
    badge: Literal["manager", "admin", "namesake"] | None
    role: Role


class NoticesOut(Out):
    """How many notices I haven't seen."""

    unread: int


class OwnSanctionOut(Out):
    """A sanction in force on me; a warning is, until I acknowledge it."""

    id: str
    kind: SanctionKind
    reason: str
    until: str | None
    can_appeal: bool
    appeal: AppealStandingOut | None
    statement: str


class SanctionsOut(Out):
    """The sanctions in force on me."""

    sanctions: list[OwnSanctionOut]


class MeOut(Out):
    """What only I may see."""

    person: PersonOut
    votes: dict[str, Literal[1, -1]]
    mine: list[MineOut]
    notices: NoticesOut
    sanctions: list[OwnSanctionOut]
    wait: int


class OwnPageOut(Out):
    """Some of what I wrote, newest first, and the cursor behind the last."""

    comments: list[MineOut]
    next: str | None


class VoteOut(Out):
    """My vote, and everyone's."""

    value: Literal[1, 0, -1]
    votes: VotesOut


class ReportOut(Out):
    """The report as it was stored."""

    id: str
    reason: ReportReason
    revision: int


class AppealOut(Out):
    """The appeal as it was stored."""

    id: str
    decision: str


class SanctionAppealOut(Out):
    """The appeal against a sanction as it was stored."""

    id: str
    sanction: str


class ArticleOut(Out):
    """An article as its publisher's server sees it."""

    key: str
    url: str
    title: str
    lead: str
    body: str
    section: str | None
    author: str
    published_at: str | None
    state: ArticleState
    mode: Mode | None
    slow_mode: int | None
    hours: str | None
    close_at: str | None
    reopen_at: str | None
    comment_count: int
