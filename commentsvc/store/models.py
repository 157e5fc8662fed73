"""How is it kept? The tables, each with the indexes that its reads walk.

Times are integer microseconds since 1970 (UTC), ids are 64-bit integers; both mean the same on SQLite and PostgreSQL.
"""

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

Id = BigInteger().with_variant(Integer(), "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")

PUBLISHED = literal_column("'published'", String)
OPEN = literal_column("'open'", String)
CLOSED = literal_column("'closed'", String)
"""Literals on purpose: SQLite takes a partial index only when the query repeats its condition word for word."""


class Table(DeclarativeBase):
    """What every table shares: names for constraints, so that migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        int: BigInteger().with_variant(Integer(), "sqlite"),
        dict[str, Any]: Json,
        list[Any]: Json,
    }


def _only(index: str, *columns: Any, where: str, unique: bool = False) -> Index:
    """Build a partial index; queries must repeat `where` in literals or SQLite won't use it."""
    return Index(index, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))


class Site(Table):
    """A publication that embeds comments."""

    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(20), default="en")
    policy: Mapped[dict[str, Any]]
    """What judging needs, as moderation.policy reads it."""
    limits: Mapped[dict[str, Any]]
    """Lengths, windows and gaps; see queries.sites.Limits."""
    guidelines_version: Mapped[int] = mapped_column(default=1)
    password_grant: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[int]


class Guidelines(Table):
    """One version of what a site's community promised; `items` are {guideline, title, text}."""

    __tablename__ = "guidelines"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    items: Mapped[list[Any]]
    created_at: Mapped[int]


class Origin(Table):
    """An exact origin (scheme, host, port) whose pages may embed a site."""

    __tablename__ = "origins"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(String(300), primary_key=True)


class Person(Table):
    """One account, good for every site."""

    __tablename__ = "persons"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    """Lower-cased; None once the account is deleted."""
    name: Mapped[str] = mapped_column(String(60))
    skeleton: Mapped[str] = mapped_column(String(200), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    epoch: Mapped[int] = mapped_column(default=1)
    """Every session and token carries it; adding one ends them all at the next request."""
    email_verified_at: Mapped[int | None]
    created_at: Mapped[int]


class Membership(Table):
    """What a person is on one site: name, role, badge and record."""

    __tablename__ = "memberships"
    __table_args__ = (Index(None, "site_id", "skeleton", unique=True), Index(None, "site_id", "role"))

    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    skeleton: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20), default="reader")
    published_count: Mapped[int] = mapped_column(default=0)
    rejected_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[int]


class Sanction(Table):
    """A restriction of one person on one site, with its reason and its end."""

    __tablename__ = "sanctions"
    __table_args__ = (Index(None, "person_id", "site_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[int]
    until: Mapped[int | None]
    lifted_at: Mapped[int | None]


class Article(Table):
    """A page that carries a thread, known by (site, key)."""

    __tablename__ = "articles"
    __table_args__ = (
        Index(None, "site_id", "key", unique=True),
        Index(None, "site_id", "comment_count", "id"),
        Index(None, "site_id", "created_at", "id"),
        Index(None, "site_id", "open_cases", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    key: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    section: Mapped[str | None] = mapped_column(String(100))
    author: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(20), default="open")
    mode: Mapped[str | None] = mapped_column(String(20))
    """None: as the site says."""
    comment_count: Mapped[int] = mapped_column(default=0)
    """Published comments, at any depth."""
    open_cases: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    """Moves in the same transaction as whatever readers see of the thread, votes excepted."""
    voted_at: Mapped[int] = mapped_column(default=0)
    voted_before: Mapped[int] = mapped_column(default=0)
    """The last two 5-second windows in which someone voted; see queries.threads.thread_version."""
    created_at: Mapped[int]


class Comment(Table):
    """One contribution, at any depth, with its newest revision's text."""

    __tablename__ = "comments"
    __table_args__ = (
        _only("ix_comments_top_time", "top_of", "published_at", "id", where="top_of IS NOT NULL"),
        _only("ix_comments_top_best", "top_of", "best", "id", where="top_of IS NOT NULL"),
        _only("ix_comments_top_replies", "top_of", "reply_count", "id", where="top_of IS NOT NULL"),
        _only("ix_comments_top_controversial", "top_of", "controversial", "id", where="top_of IS NOT NULL"),
        _only("ix_comments_replies", "reply_of", "published_at", "id", where="reply_of IS NOT NULL"),
        _only("ix_comments_branch", "branch_id", "published_at", "id", where="branch_id IS NOT NULL"),
        _only("ix_comments_pinned", "pinned_on", "id", where="pinned_on IS NOT NULL"),
        _only("ix_comments_public", "article_id", "published_at", where="status = 'published'"),
        _only("ix_comments_feed", "site_id", "published_at", where="status = 'published'"),
        Index("ix_comments_parent", "parent_id"),
        Index("ix_comments_author", "person_id", "site_id", "id"),
        Index("ix_comments_wave", "site_id", "fingerprint", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    branch_id: Mapped[int | None]
    """The ancestor at depth 6, for comments below it: how deep branches read flat."""
    depth: Mapped[int] = mapped_column(default=0)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    status: Mapped[str] = mapped_column(String(20), default="held")
    """Written by actions.decisions alone; a row is born held."""
    listed: Mapped[bool] = mapped_column(Boolean, default=False)
    """Published, or a tombstone with something listed below it."""
    top_of: Mapped[int | None]
    """The article, while listed at top level and not pinned; the shelf that the sorts walk."""
    reply_of: Mapped[int | None]
    """The parent, while listed; the shelf that replies walk."""
    pinned_on: Mapped[int | None]
    """The article, while listed, at top level and pinned."""
    revision: Mapped[int] = mapped_column(default=1)
    body: Mapped[str] = mapped_column(Text)
    links: Mapped[list[Any]]
    fingerprint: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int]
    published_at: Mapped[int | None]
    """When it was first published; the key of newest and oldest."""
    edited_at: Mapped[int | None]
    up: Mapped[int] = mapped_column(default=0)
    down: Mapped[int] = mapped_column(default=0)
    best: Mapped[float] = mapped_column(Float(53), default=0.0)
    controversial: Mapped[float] = mapped_column(Float(53), default=0.0)
    reply_count: Mapped[int] = mapped_column(default=0)
    """Listed direct children."""
    pinned: Mapped[bool] = mapped_column(Boolean, default=False)
    featured: Mapped[bool] = mapped_column(Boolean, default=False)

    article: Mapped[Article] = relationship(lazy="raise_on_sql")
    person: Mapped[Person] = relationship(lazy="raise_on_sql")


class Revision(Table):
    """One version of a comment's text, and what judging made of it."""

    __tablename__ = "revisions"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int]


class SignalRow(Table):
    """What one check observed about one revision, each time it was asked."""

    __tablename__ = "signals"
    __table_args__ = (Index(None, "comment_id", "revision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    revision: Mapped[int]
    check: Mapped[str] = mapped_column("check_name", String(30))
    guideline: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(20))
    score: Mapped[float | None] = mapped_column(Float(53))
    evidence: Mapped[dict[str, Any]]
    """{message, spans: [[start, end]…], labels: {label: number|null}}"""
    engine: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[int]


_OPEN = "state = 'open'"


class Case(Table):
    """An item that needs a manager: at most one open per comment."""

    __tablename__ = "cases"
    __table_args__ = (
        _only("ix_cases_open_comment", "comment_id", unique=True, where=_OPEN),
        _only("ix_cases_open_rank", "site_id", "rank", "id", where=_OPEN),
        _only("ix_cases_open_time", "site_id", "opened_at", "id", where=_OPEN),
        _only("ix_cases_open_guideline", "site_id", "guideline", "rank", "id", where=_OPEN),
        _only("ix_cases_closed_time", "site_id", "closed_at", "id", where="state = 'closed'"),
        Index(None, "comment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    version: Mapped[int] = mapped_column(default=1)
    """Moves with every reason, decision and revision; what a decision names as `seen`."""
    state: Mapped[str] = mapped_column(String(10), default="open")
    reasons: Mapped[int]
    """Bits of enums.Reason."""
    guideline: Mapped[str | None] = mapped_column(String(20))
    likelihood: Mapped[float] = mapped_column(Float(53))
    reach: Mapped[float] = mapped_column(Float(53))
    rank: Mapped[float] = mapped_column(Float(53))
    """The order of the queue: log2(likelihood x reach) - opened_at / 6 h; see queries.queue."""
    opened_at: Mapped[int]
    closed_at: Mapped[int | None]
    lease_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    lease_until: Mapped[int | None]


class Decision(Table):
    """Who, or which rule, changed what, seeing which revision, and why; never updated, never deleted."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "comment_id", "id"),
        Index(None, "batch"),
        Index(None, "site_id", "id"),
        _only("ix_decisions_undoes", "undoes_id", unique=True, where="undoes_id IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    batch: Mapped[str] = mapped_column(String(32))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    revision: Mapped[int]
    action: Mapped[str] = mapped_column(String(20))
    from_status: Mapped[str | None] = mapped_column(String(20))
    to_status: Mapped[str] = mapped_column(String(20))
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    rule: Mapped[str | None] = mapped_column(String(60))
    """The automatic rule that decided, when no person did."""
    guideline: Mapped[str | None] = mapped_column(String(20))
    guidelines_version: Mapped[int]
    note: Mapped[str] = mapped_column(Text, default="")
    """For managers."""
    message: Mapped[str] = mapped_column(Text, default="")
    """For the author."""
    closed_case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    created_at: Mapped[int]


class Report(Table):
    """A reader's complaint about one revision of a comment."""

    __tablename__ = "reports"
    __table_args__ = (
        Index(None, "comment_id", "revision", "person_id", unique=True),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    revision: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    reason: Mapped[str] = mapped_column(String(20))
    detail: Mapped[str] = mapped_column(Text, default="")
    outcome: Mapped[str | None] = mapped_column(String(20))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    """The decision that answered it."""
    created_at: Mapped[int]


class Appeal(Table):
    """An author's request to look again at one decision."""

    __tablename__ = "appeals"

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), unique=True)
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    message: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int]


class Vote(Table):
    """One person's vote on one comment; no row for no vote."""

    __tablename__ = "votes"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True, index=True)
    value: Mapped[int]
    created_at: Mapped[int]


class Nudge(Table):
    """Feedback that was given before posting, and what came of it."""

    __tablename__ = "nudges"
    __table_args__ = (Index(None, "person_id", "article_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    guideline: Mapped[str | None] = mapped_column(String(20))
    fingerprint: Mapped[int] = mapped_column(BigInteger)
    outcome: Mapped[str | None] = mapped_column(String(20))
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    created_at: Mapped[int]


class Notice(Table):
    """Something a person should hear of: a decision on their comment."""

    __tablename__ = "notices"
    __table_args__ = (_only("ix_notices_unread", "person_id", "site_id", where="read_at IS NULL"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"))
    created_at: Mapped[int]
    read_at: Mapped[int | None]


class IdempotencyKey(Table):
    """The answer to a write, kept 24 hours for whoever repeats it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    route: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int]


class AuthorizationCode(Table):
    """What a pop-up hands to the widget: single use, at most 60 s, bound to site, origin and challenge."""

    __tablename__ = "authorization_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    origin: Mapped[str] = mapped_column(String(300))
    challenge: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class RefreshToken(Table):
    """One link of a family of refresh tokens; only hashes are kept."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    family: Mapped[str] = mapped_column(String(32), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    epoch: Mapped[int]
    used_at: Mapped[int | None]
    revoked_at: Mapped[int | None]
    expires_at: Mapped[int] = mapped_column(index=True)


class ApiToken(Table):
    """A personal token for scripts and publishers' servers."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[Any]]
    created_at: Mapped[int]
    last_used_at: Mapped[int | None]
    revoked_at: Mapped[int | None]


class OneTimeLink(Table):
    """A mailed or printed link: single use, expiring, stored hashed."""

    __tablename__ = "one_time_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(30))
    expires_at: Mapped[int] = mapped_column(index=True)


class SignInFailure(Table):
    """A failed sign-in, counted per account and client so that guessing slows down without locking a victim out."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index(None, "subject", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int]


class Job(Table):
    """Work to be done after a commit; a lease that runs out gives it to someone else."""

    __tablename__ = "jobs"
    __table_args__ = (
        _only("ix_jobs_due", "run_at", "id", where="state IN ('waiting', 'running')"),
        _only("ix_jobs_key", "name", "key", unique=True, where="state = 'waiting' AND key IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str | None] = mapped_column(String(100))
    args: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    run_at: Mapped[int]
    """When it is due; for a running job, when its lease ends."""
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int]
