"""What do managers decide about many comments at once, and which comments are nearly the same?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class Bulk(Table):
    """One decision about many comments: prepared, shown, confirmed, carried out, perhaps taken back."""

    __tablename__ = "bulks"
    __table_args__ = (
        Index(None, "site_id", "id"),
        partial_index("ix_bulks_prepared", "created_at", where="state = 'prepared'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    kind: Mapped[str] = mapped_column(String(20))
    selection: Mapped[dict[str, Any]]
    """What was asked for, by kind: {person}, {comment}, {score, low, high}, and {scope}."""
    action: Mapped[str] = mapped_column(String(20))
    guideline: Mapped[str | None] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    message: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default="prepared")
    """enums.BulkState."""
    problem: Mapped[str | None] = mapped_column(String(200))
    """Why it was stopped."""
    batch: Mapped[str] = mapped_column(String(32), unique=True)
    """What its decisions have in common."""
    undo_batch: Mapped[str | None] = mapped_column(String(32))
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    conflicts: Mapped[int] = mapped_column(default=0)
    undone: Mapped[int] = mapped_column(default=0)
    kept: Mapped[int] = mapped_column(default=0)
    """Comments that stayed as they are when the rest was taken back: something had happened to them since."""
    reached: Mapped[int] = mapped_column(default=0)
    """The place of the last item that the deciding, or the taking back, has come to."""
    created_at: Mapped[int]
    started_at: Mapped[int | None]
    finished_at: Mapped[int | None]
    undone_at: Mapped[int | None]


class BulkItem(Table):
    """One comment of a bulk decision as it was when the set was fixed, and what became of it."""

    __tablename__ = "bulk_items"
    __table_args__ = (partial_index("ix_bulk_items_problem", "bulk_id", "place", where="problem IS NOT NULL"),)

    bulk_id: Mapped[int] = mapped_column(ForeignKey("bulks.id"), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True)
    """1, 2, 3 … in the order of articles and comments: how everyone locks them."""
    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"))
    revision: Mapped[int]
    seen: Mapped[int | None]
    """The version of its latest case; 0 when it had none, so that a case opened since is a conflict."""
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decisions.id"))
    problem: Mapped[str | None] = mapped_column(String(200))
    """Why nothing happened to it, or why it wasn't taken back."""


class Band(Table):
    """A part of a comment's signature: comments that share several are nearly the same (moderation.waves)."""

    __tablename__ = "bands"
    __table_args__ = (
        Index("ix_bands_value", "site_id", "band", "value", "comment_id", "created_at"),
        Index("ix_bands_time", "created_at"),
        {"sqlite_with_rowid": False},
    )

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    value: Mapped[int]
    created_at: Mapped[int]
