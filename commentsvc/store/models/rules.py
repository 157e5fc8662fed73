"""What happened to the rules of articles and sections: who changed them, when did a circuit breaker trip?"""

from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class RuleChange(Table):
    """One change by a person, with what was before and after; of an article, of a section, or of the whole site."""

    __tablename__ = "rule_changes"
    __table_args__ = (Index(None, "article_id", "id"), Index(None, "site_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id"))
    section: Mapped[str | None] = mapped_column(String(100))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    """Only the members that changed."""
    created_at: Mapped[int]


class BreakerTrip(Table):
    """One time that an article's circuit breaker tripped; at most one that hasn't ended an article."""

    __tablename__ = "breaker_trips"
    __table_args__ = (
        partial_index("ix_breaker_trips_open", "article_id", unique=True, where="ended_at IS NULL"),
        partial_index("ix_breaker_trips_open_site", "site_id", "id", where="ended_at IS NULL"),
        Index(None, "article_id", "id"),
        Index(None, "site_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    action: Mapped[str] = mapped_column(String(20))
    line: Mapped[float] = mapped_column(Float(53))
    """The share at which it was to trip."""
    counted: Mapped[int]
    troubled: Mapped[int]
    """What came within the window then, and how much of it was trouble."""
    started_at: Mapped[int]
    until: Mapped[int]
    """The end of its cool-down; before that only a person ends it."""
    extended_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    ended_at: Mapped[int | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    """None: it let go by itself."""
