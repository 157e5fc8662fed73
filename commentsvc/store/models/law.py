"""What does law ask to be kept: appeals, what a site says of its duties, whose notices aren't handled?"""

from sqlalchemy import Boolean, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class Appeal(Table):
    """A request to look again: an author's, a restricted person's, or that of who gave notice of illegal content."""

    __tablename__ = "appeals"
    __table_args__ = (
        partial_index("ix_appeals_decision", "decision_id", unique=True, where="kind = 'author'"),
        partial_index("ix_appeals_open", "site_id", "id", where="state = 'open'"),
        Index(None, "comment_id"),
        Index(None, "site_id", "id"),
        Index(None, "site_id", "created_at"),
        Index(None, "answer_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(20), default="author", server_default="author")
    """enums.AppealKind."""
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    """Against what; one author's appeal a decision. None against a sanction."""
    sanction_id: Mapped[int | None] = mapped_column(ForeignKey("sanctions.id"), unique=True)
    legal_notice_id: Mapped[int | None] = mapped_column(ForeignKey("legal_notices.id"), unique=True)
    """Whose notice was decided; they need no account."""
    comment_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"), index=True)
    message: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default="open", server_default="open")
    """enums.AppealState."""
    outcome: Mapped[str | None] = mapped_column(String(20))
    """enums.AppealOutcome."""
    decided_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    """The decision that answered it, unless it was about a sanction."""
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Why, in the manager's words, for who appealed."""
    created_at: Mapped[int]
    decided_at: Mapped[int | None]


class LawSettings(Table):
    """Which duties of platforms a site has taken on, and what it tells people of redress; no row for none."""

    __tablename__ = "law_settings"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    complaints: Mapped[bool] = mapped_column(Boolean, default=False)
    """Complaints of notifiers too (DSA, article 20)."""
    misuse: Mapped[bool] = mapped_column(Boolean, default=False)
    """Measures against repeated misuse (article 23)."""
    transparency: Mapped[bool] = mapped_column(Boolean, default=False)
    """Yearly figures that anyone may read (articles 15 and 24)."""
    misuse_from: Mapped[int] = mapped_column(default=3)
    """How often within a year counts as frequent."""
    out_of_court: Mapped[str] = mapped_column(Text, default="")
    """Which dispute settlement body people can turn to."""
    changed_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    changed_at: Mapped[int]


class NotifierMeasure(Table):
    """A warning of somebody who often gives unfounded notices, or the suspension of handling them (article 23)."""

    __tablename__ = "notifier_measures"
    __table_args__ = (Index(None, "site_id", "email", "id"), Index(None, "site_id", "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    email: Mapped[str] = mapped_column(String(254))
    kind: Mapped[str] = mapped_column(String(10))
    """enums.MeasureKind."""
    reason: Mapped[str] = mapped_column(Text)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[int]
    until: Mapped[int | None]
    lifted_at: Mapped[int | None]
    lifted_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
