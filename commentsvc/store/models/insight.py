"""What is kept to know whether the desk can be trusted and whether it keeps up: shadow verdicts, alerts?"""

from typing import Any

from sqlalchemy import Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class ShadowVerdict(Table):
    """What checks and thresholds in shadow mode would have made of one revision, where that isn't what was done."""

    __tablename__ = "shadow_verdicts"
    __table_args__ = (
        Index(None, "comment_id", "revision", unique=True),
        Index(None, "site_id", "created_at", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    revision: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(10))
    """What would have happened; `acted` is what did."""
    acted: Mapped[str] = mapped_column(String(10))
    checks: Mapped[list[Any]]
    """The names of the checks that led to it."""
    created_at: Mapped[int]


class AlertSettings(Table):
    """When a site's people want to hear of a backlog, and how; a limit that is absent is never reached."""

    __tablename__ = "alert_settings"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    mail_to: Mapped[list[Any]]
    webhook_url: Mapped[str] = mapped_column(Text, default="")
    secret: Mapped[str] = mapped_column(String(64))
    """The webhook's signatures are made with it."""
    oldest_minutes: Mapped[int | None]
    depth: Mapped[int | None]
    article_cases: Mapped[int | None]
    out_minutes: Mapped[int | None]
    """How long the classifier may be out."""
    updated_at: Mapped[int]


class Alert(Table):
    """One episode: a limit was reached, and perhaps it is over; at most one open of each kind and subject."""

    __tablename__ = "alerts"
    __table_args__ = (
        partial_index("ix_alerts_open", "site_id", "kind", "subject", unique=True, where="ended_at IS NULL"),
        Index(None, "site_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(20))
    subject: Mapped[int] = mapped_column(default=0)
    """The article it is about; 0 for the whole site."""
    value: Mapped[float] = mapped_column(Float(53))
    threshold: Mapped[float] = mapped_column(Float(53))
    began_at: Mapped[int]
    ended_at: Mapped[int | None]


class AlertMessage(Table):
    """One message about an alert to one address: the outbox, and the list of what was sent."""

    __tablename__ = "alert_messages"
    __table_args__ = (Index(None, "site_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    alert_id: Mapped[int | None] = mapped_column(ForeignKey("alerts.id"))
    """None for a test."""
    event: Mapped[str] = mapped_column(String(10))
    channel: Mapped[str] = mapped_column(String(10))
    target: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[int]
    sent_at: Mapped[int | None]
