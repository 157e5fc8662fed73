"""What do managers see and do: signals, cases, decisions, reports?"""

from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, String, Text, false, true
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index

_OPEN = "state = 'open'"
_ILLEGAL = "guideline = 'legal' AND action = 'reject'"


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
    """{message, spans: [[start, end]…], labels: {label: number|null}, closeness?: {article, parent, thread}}"""
    engine: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[int]


class Case(Table):
    """An item that needs a manager: at most one open per comment."""

    __tablename__ = "cases"
    __table_args__ = (
        partial_index("ix_cases_open_comment", "comment_id", unique=True, where=_OPEN),
        partial_index("ix_cases_open_rank", "site_id", "rank", "id", where=_OPEN),
        partial_index("ix_cases_open_time", "site_id", "opened_at", "id", where=_OPEN),
        partial_index("ix_cases_open_guideline", "site_id", "guideline", "rank", "id", where=_OPEN),
        partial_index("ix_cases_open_label", "site_id", "label", "rank", "id", where=_OPEN),
        partial_index("ix_cases_open_article", "article_id", "rank", "id", where=_OPEN),
        # Holds everything that is counted, so that counting never reads the table.
        partial_index(
            "ix_cases_open_counts", "site_id", "reasons", "guideline", "label", "blind", "opened_at", where=_OPEN
        ),
        partial_index("ix_cases_leased", "site_id", "lease_until", "id", where=f"{_OPEN} AND lease_until IS NOT NULL"),
        partial_index("ix_cases_closed_time", "site_id", "closed_at", "id", where="state = 'closed'"),
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
    label: Mapped[str | None] = mapped_column(String(30))
    """The toxicity label that speaks most against the comment; see moderation.labels."""
    likelihood: Mapped[float] = mapped_column(Float(53))
    reach: Mapped[float] = mapped_column(Float(53))
    rank: Mapped[float] = mapped_column(Float(53))
    """The order of the queue: log2(likelihood x reach) - opened_at in days; see actions.cases."""
    opened_at: Mapped[int]
    closed_at: Mapped[int | None]
    lease_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    lease_until: Mapped[int | None]
    blind: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Drawn for the audit: while it is open, nobody is shown what the checks said; see queries.blind."""


class Presence(Table):
    """Who was at a site's desk lately, and which case they were looking at."""

    __tablename__ = "presences"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"))
    leased: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether looking at the case leased it, so that looking elsewhere lets go of it."""
    seen_at: Mapped[int]


class SavedView(Table):
    """Filters and an order of the queue under a name, somebody's own or shared with the desk."""

    __tablename__ = "saved_views"
    __table_args__ = (Index(None, "site_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    name: Mapped[str] = mapped_column(String(40))
    filters: Mapped[dict[str, Any]]
    """As an address of the queue spells them."""
    shared: Mapped[bool] = mapped_column(Boolean, default=False)
    created_at: Mapped[int]


class DefaultView(Table):
    """Which view a manager's queue opens with."""

    __tablename__ = "default_views"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    view_id: Mapped[int] = mapped_column(ForeignKey("saved_views.id"), index=True)


class Decision(Table):
    """Who, or which rule, changed what, seeing which revision, and why; never updated, never deleted."""

    __tablename__ = "decisions"
    __table_args__ = (
        Index(None, "comment_id", "id"),
        Index(None, "batch"),
        Index(None, "site_id", "id"),
        # All that daily figures ask of a decision, so that they are counted from the index alone.
        Index(
            "ix_decisions_time",
            "site_id",
            "created_at",
            "by_person_id",
            "action",
            "from_status",
            "to_status",
            "guideline",
        ),
        partial_index("ix_decisions_illegal", "site_id", "created_at", where=_ILLEGAL),
        partial_index("ix_decisions_undoes", "undoes_id", unique=True, where="undoes_id IS NOT NULL"),
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


class CommentNote(Table):
    """What a manager wrote beside a comment for colleagues; neither its author nor readers see it."""

    __tablename__ = "comment_notes"
    __table_args__ = (Index(None, "comment_id", "id"), Index(None, "author_id", "site_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    """The comment's author, so that their notes are counted without looking at all of their comments."""
    by_person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int]


class Shortcuts(Table):
    """Which keys one manager wants at the desk, where they differ from what everyone has: {act: key}."""

    __tablename__ = "shortcuts"

    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    keys: Mapped[dict[str, Any]]


class Report(Table):
    """A reader's complaint about one revision of a comment."""

    __tablename__ = "reports"
    __table_args__ = (
        Index(None, "comment_id", "revision", "person_id", unique=True),
        Index(None, "person_id"),
        Index(None, "created_at"),
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


class LegalNotice(Table):
    """A notice of illegal content (DSA, article 16), by anyone, with or without an account."""

    __tablename__ = "legal_notices"
    __table_args__ = (
        Index(None, "comment_id"),
        Index(None, "site_id", "id"),
        Index(None, "receipt_hash"),
        Index(None, "decision_id"),
        Index(None, "site_id", "created_at"),
        partial_index("ix_legal_notices_open", "site_id", "id", where="outcome IS NULL"),
        partial_index("ix_legal_notices_unfounded", "site_id", "email", "created_at", where="outcome = 'dismissed'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    revision: Mapped[int]
    nonce: Mapped[str] = mapped_column(String(32), default="", server_default="")
    """What its receipt's address is derived from: the same for all comments that one notice names."""
    receipt_hash: Mapped[str] = mapped_column(String(64))
    """Of the token in the receipt's address; who has that address may see what became of the notice."""
    ground: Mapped[str] = mapped_column(String(30))
    explanation: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    outcome: Mapped[str | None] = mapped_column(String(20))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    """The decision that answered it."""
    created_at: Mapped[int]


class Notice(Table):
    """Something a person should hear of, such as a decision on their comment."""

    __tablename__ = "notices"
    __table_args__ = (
        partial_index("ix_notices_unread", "person_id", "site_id", where="read_at IS NULL"),
        partial_index("ix_notices_mail", "mail_at", where="mail_at IS NOT NULL"),
        partial_index(
            "ix_notices_once", "person_id", "comment_id", where="kind IN ('reply', 'mention', 'followed')", unique=True
        ),
        Index("ix_notices_person", "person_id", "site_id", "id"),
        Index("ix_notices_comment", "comment_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(20), default="decision", server_default="decision")
    """enums.NoticeKind."""
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    in_page: Mapped[bool] = mapped_column(Boolean, default=True, server_default=true())
    """Whether the person is shown it on the page; otherwise it is only there to be mailed."""
    mail_at: Mapped[int | None]
    """When it is due to be mailed; None once it is in a mail, or when it won't be."""
    created_at: Mapped[int]
    read_at: Mapped[int | None]
