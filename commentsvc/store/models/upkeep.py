"""What keeps the service going: answers to repeat, jobs to do?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table, partial_index


class IdempotencyKey(Table):
    """The answer to a write, kept 24 hours for whoever repeats it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), primary_key=True)
    route: Mapped[str] = mapped_column(String(200), primary_key=True)
    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[int]


class Job(Table):
    """Work to be done after a commit; a lease that runs out gives it to someone else."""

    __tablename__ = "jobs"
    __table_args__ = (
        partial_index("ix_jobs_due", "run_at", "id", where="state IN ('waiting', 'running')"),
        partial_index("ix_jobs_key", "name", "key", unique=True, where="state = 'waiting' AND key IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    key: Mapped[str | None] = mapped_column(String(100))
    args: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    run_at: Mapped[int]
    """When it is due; for a running job, when its lease ends."""
    attempts: Mapped[int] = mapped_column(default=0)
    worker: Mapped[str | None] = mapped_column(String(40))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int]


class Rescoring(Table):
    """One pass over a site's comments that brings their scores up to an engine's version; at most one open a site."""

    __tablename__ = "rescorings"
    __table_args__ = (
        partial_index("ix_rescorings_open", "site_id", unique=True, where="state = 'open'"),
        Index(None, "site_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    engine: Mapped[str] = mapped_column(String(60))
    version: Mapped[str] = mapped_column(String(60))
    state: Mapped[str] = mapped_column(String(10), default="open")
    since: Mapped[int]
    """Published comments are looked at from then on; those with an open case whatever their age."""
    phase: Mapped[str] = mapped_column(String(10), default="cases")
    reached: Mapped[int | None]
    reached_id: Mapped[int | None]
    """Where the pass has come to, newest first: (comment, comment) among cases, (published_at, comment) after."""
    total: Mapped[int | None]
    """How many were to be scored when it was counted, at the beginning."""
    done: Mapped[int] = mapped_column(default=0)
    freed: Mapped[int] = mapped_column(default=0)
    """Held comments that are published now."""
    flagged: Mapped[int] = mapped_column(default=0)
    """Published comments that are in the queue now."""
    created_at: Mapped[int]
    finished_at: Mapped[int | None]
