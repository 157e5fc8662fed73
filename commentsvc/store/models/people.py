"""Who takes part, in which role, under which sanctions?"""

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class Person(Table):
    """One account, good for every site."""

    __tablename__ = "persons"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str | None] = mapped_column(String(254), unique=True)
    """Lower-cased; None for who only comes from a site's own accounts, and once the account is deleted."""
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
    __table_args__ = (
        Index(None, "site_id", "skeleton", unique=True),
        Index(None, "site_id", "role"),
        Index(None, "site_id", "created_at", "person_id"),
        Index(None, "site_id", "rejected_count", "person_id"),
        Index(None, "site_id", "reports_dismissed", "person_id"),
    )

    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    skeleton: Mapped[str] = mapped_column(String(200))
    namesake: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Whether another member had this name before: names of a site's own accounts may come twice, and are marked."""
    role: Mapped[str] = mapped_column(String(20), default="reader")
    published_count: Mapped[int] = mapped_column(default=0)
    rejected_count: Mapped[int] = mapped_column(default=0)
    reports_upheld: Mapped[int] = mapped_column(default=0)
    reports_dismissed: Mapped[int] = mapped_column(default=0)
    """What became of the reports that the person made; moved with the decisions that answer them."""
    created_at: Mapped[int]


class Sanction(Table):
    """A restriction of one person on one site, with its reason and its end; lifted or replaced, never deleted."""

    __tablename__ = "sanctions"
    __table_args__ = (Index(None, "person_id", "site_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text)
    """Told to the person."""
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[int]
    until: Mapped[int | None]
    lifted_at: Mapped[int | None]
    lifted_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    lift_reason: Mapped[str | None] = mapped_column(Text)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("sanctions.id"))
    """The sanction that this one changed the terms of; that one was lifted for it."""
    acknowledged_at: Mapped[int | None]
    """When the person confirmed having read a warning; until then they can't post."""


class PersonNote(Table):
    """What managers tell each other of a person; the person never sees it."""

    __tablename__ = "person_notes"
    __table_args__ = (Index(None, "person_id", "site_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    body: Mapped[str] = mapped_column(Text)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[int]


class Clearing(Table):
    """The rejection of what one person posted, as a job goes through it; at most one open for a person on a site."""

    __tablename__ = "clearings"
    __table_args__ = (
        partial_index("ix_clearings_open", "person_id", "site_id", unique=True, where="state = 'open'"),
        Index(None, "person_id", "site_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    sanction_id: Mapped[int | None] = mapped_column(ForeignKey("sanctions.id"))
    by_person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    guideline: Mapped[str] = mapped_column(String(20))
    message: Mapped[str] = mapped_column(Text)
    batch: Mapped[str] = mapped_column(String(32))
    """What all its decisions share."""
    since: Mapped[int]
    """Comments are rejected that were written from then on."""
    last_id: Mapped[int]
    """The newest comment when it began; what comes later isn't meant."""
    state: Mapped[str] = mapped_column(String(10), default="open")
    undone_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    """Who has it taken back; None while nobody does."""
    reached: Mapped[int] = mapped_column(default=0)
    """The comment, or when undoing the decision, that the job has come to, in ascending order."""
    total: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    """What somebody else decided or edited meanwhile, and so was left alone."""
    created_at: Mapped[int]
    finished_at: Mapped[int | None]
