"""What is there to comment on: sites, their guidelines and origins, articles?"""

from typing import Any

from sqlalchemy import Boolean, ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table


class Site(Table):
    """A publication that embeds comments."""

    __tablename__ = "sites"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(20), default="en")
    policy: Mapped[dict[str, Any]]
    """What judging needs, as moderation.policy reads it."""
    limits: Mapped[dict[str, Any]]
    """Lengths, windows and gaps; see queries.sites.Limits."""
    guidelines_version: Mapped[int] = mapped_column(default=1)
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    """Whose clocks daily hours go by."""
    password_grant: Mapped[bool] = mapped_column(Boolean, default=False)
    asks_second_factor: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Whether its managers need a second factor to work in the console."""
    asks_verified_email: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Whether who has an address must have confirmed it before they post."""
    created_at: Mapped[int]


class Guidelines(Table):
    """One version of what a site's community promised; `items` are {guideline, title, text}."""

    __tablename__ = "guidelines"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    items: Mapped[list[Any]]
    created_at: Mapped[int]


class Origin(Table):
    """An exact origin (scheme, host, port) whose pages may embed a site."""

    __tablename__ = "origins"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    origin: Mapped[str] = mapped_column(String(300), primary_key=True)


class Article(Table):
    """A page that carries a thread, known by (site, key)."""

    __tablename__ = "articles"
    __table_args__ = (
        Index(None, "site_id", "key", unique=True),
        Index(None, "site_id", "comment_count", "id"),
        Index(None, "site_id", "created_at", "id"),
        Index(None, "site_id", "open_cases", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    key: Mapped[str] = mapped_column(String(300))
    url: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    lead: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    section: Mapped[str | None] = mapped_column(String(100))
    author: Mapped[str] = mapped_column(String(200), default="")
    published_at: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(20), default="open")
    mode: Mapped[str | None] = mapped_column(String(20))
    """None: as the section or the site says; so with the next two."""
    slow_mode: Mapped[int | None]
    """Seconds between two comments of one person; 0 for none."""
    hours: Mapped[str | None] = mapped_column(String(11))
    """When it is open each day, as moderation.opening reads it."""
    close_at: Mapped[int | None]
    reopen_at: Mapped[int | None]
    """When the clock closes it, and opens it again."""
    tripped: Mapped[str | None] = mapped_column(String(20))
    """What its circuit breaker does while it has tripped; its row is in breaker_trips."""
    comment_count: Mapped[int] = mapped_column(default=0)
    """Published comments, at any depth."""
    open_cases: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)
    """Moves in the same transaction as whatever readers see of the thread, votes excepted."""
    voted_at: Mapped[int] = mapped_column(default=0)
    voted_before: Mapped[int] = mapped_column(default=0)
    """The last two 5-second windows in which someone voted; see queries.threads.thread_version."""
    created_at: Mapped[int]
