"""How is an installation run: is it set up, who is invited to a site, what was changed there, where is its widget?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table


class FirstRun(Table):
    """That an installation waits to be set up; its one row goes with the setting up."""

    __tablename__ = "first_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    nonce: Mapped[str] = mapped_column(String(64))
    """What the code in the log is made from; without the secret key it is worth nothing."""
    created_at: Mapped[int]


class Invitation(Table):
    """A role on a site that waits for whoever reads an address's mail; gone once it is accepted or taken back."""

    __tablename__ = "invitations"
    __table_args__ = (Index(None, "site_id", "email", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    email: Mapped[str] = mapped_column(String(254))
    role: Mapped[str] = mapped_column(String(20))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    by_person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    created_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class SiteChange(Table):
    """What an admin changed about a site, its origins, its staff or its tokens."""

    __tablename__ = "site_changes"
    __table_args__ = (Index(None, "site_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kind: Mapped[str] = mapped_column(String(30))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    """Whom it is about, if anyone."""
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    """None: the command line."""
    created_at: Mapped[int]


class Sighting(Table):
    """When pages of an origin last loaded a site's widget, to the minute; registered or not."""

    __tablename__ = "sightings"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(String(300), primary_key=True)
    seen_at: Mapped[int] = mapped_column(index=True)
