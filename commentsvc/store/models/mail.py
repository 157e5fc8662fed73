"""Which mails are on their way to people?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table


class OutgoingMail(Table):
    """One mail to one address: the outbox. Its words are made when it is sent."""

    __tablename__ = "mails"
    __table_args__ = (Index(None, "person_id", "id"), Index(None, "created_at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(30))
    """enums.MailKind."""
    to_address: Mapped[str] = mapped_column(String(254))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    """Whose account it is about; None when it goes to somebody without one."""
    site_id: Mapped[int | None] = mapped_column(ForeignKey("sites.id"))
    facts: Mapped[dict[str, Any]]
    """What its words speak of."""
    link_nonce: Mapped[str | None] = mapped_column(String(64))
    """Of the one-time link in it; see actions.links."""
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """enums.MessageState."""
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[int]
    sent_at: Mapped[int | None]
