"""What do people's own rights need: exports, deletions, networks as hashes, how long things are kept, who looked?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class Export(Table):
    """A copy of everything about one person, as a job collects it; at most one unfinished for a person."""

    __tablename__ = "exports"
    __table_args__ = (
        partial_index("ix_exports_waiting", "person_id", unique=True, where="state = 'waiting'"),
        Index(None, "person_id", "id"),
        Index(None, "expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    """enums.ExportState."""
    section: Mapped[str] = mapped_column(String(80), default="")
    reached: Mapped[list[Any]]
    """Where the collecting has come to: the section, and the key of the last row that was taken."""
    parts: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    """Of the finished file, in bytes."""
    created_at: Mapped[int]
    ready_at: Mapped[int | None]
    expires_at: Mapped[int]


class ExportPart(Table):
    """A piece of an export: rows of one section while it is collected, then pieces of the finished file."""

    __tablename__ = "export_parts"

    export_id: Mapped[int] = mapped_column(ForeignKey("exports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    section: Mapped[str] = mapped_column(String(80))
    """Empty for the finished file."""
    content: Mapped[bytes] = mapped_column(LargeBinary)


class AccountDeletion(Table):
    """Somebody's wish to be gone: a day in which it can be taken back, then a job; the row stays as proof."""

    __tablename__ = "account_deletions"
    __table_args__ = (
        partial_index("ix_account_deletions_person", "person_id", unique=True, where="state <> 'taken_back'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    state: Mapped[str] = mapped_column(String(10), default="asked")
    """enums.DeletionState."""
    named: Mapped[list[Any]]
    """The keys of the sites that nobody administers afterwards, as the person named them."""
    address: Mapped[str | None] = mapped_column(String(254))
    """Theirs, while the job goes on; what is known by address alone is found by it."""
    is_verified: Mapped[bool] = mapped_column(default=False)
    """Whether they had proved that the address is theirs."""
    step: Mapped[str] = mapped_column(String(80), default="")
    reached: Mapped[list[Any]]
    """Where the job has come to: which rule, and the key of the last row that it was applied to."""
    comments: Mapped[int] = mapped_column(default=0)
    """How many were emptied."""
    asked_at: Mapped[int]
    due_at: Mapped[int]
    finished_at: Mapped[int | None]


class NetworkKey(Table):
    """One day's random key for hashing networks; without it that day's hashes say nothing any more."""

    __tablename__ = "network_keys"

    day: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Days since 1970, UTC."""
    key: Mapped[str] = mapped_column(String(64))


class CommentNetwork(Table):
    """From which network a comment came, as a hash that can be compared within its site and day."""

    __tablename__ = "comment_networks"
    __table_args__ = (Index(None, "site_id", "network_hash"), Index(None, "site_id", "created_at"))

    comment_id: Mapped[int] = mapped_column(ForeignKey("comments.id"), primary_key=True, autoincrement=False)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    network_hash: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[int]


class Retention(Table):
    """How many days a site keeps what it need not keep; a site without a row has the defaults."""

    __tablename__ = "retentions"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True, autoincrement=False)
    network_days: Mapped[int]
    mail_days: Mapped[int]
    legal_days: Mapped[int]
    access_days: Mapped[int]
    updated_at: Mapped[int]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))


class Access(Table):
    """One time that staff looked at personal data."""

    __tablename__ = "accesses"
    __table_args__ = (
        Index(None, "site_id", "id"),
        Index(None, "person_id", "id"),
        Index(None, "site_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(20))
    """enums.AccessKind."""
    by_person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    """Whose data it was; None for a search, whose words aren't kept, and for people without an account."""
    created_at: Mapped[int]
