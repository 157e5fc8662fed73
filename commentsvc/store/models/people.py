"""Who takes part, in which role, under which sanctions?"""

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table


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
