"""What do admins set: which changes of policy were made, which secrets go with it, and how was it tried?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table


class PolicyChange(Table):
    """One change of a site's policy, guidelines or secrets; never updated, never deleted."""

    __tablename__ = "policy_changes"
    __table_args__ = (Index(None, "site_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    what: Mapped[str] = mapped_column(String(20))
    """policy, guidelines or secret."""
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    """The members that changed, whole; one that isn't there was absent. Of a secret only that it was set."""
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    backtest_id: Mapped[int | None] = mapped_column(ForeignKey("backtests.id"))
    """The back-test whose policy was switched on."""
    created_at: Mapped[int]


class SiteSecret(Table):
    """What a site shares with another server; never shown again, never logged."""

    __tablename__ = "site_secrets"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    set_at: Mapped[int]


class Backtest(Table):
    """A policy replayed over what was observed and decided lately; where it has come to, and what it found."""

    __tablename__ = "backtests"
    __table_args__ = (Index(None, "site_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    policy: Mapped[dict[str, Any]]
    base: Mapped[str] = mapped_column(String(64))
    """The version of the policy in force when it was begun; only over that one may it be switched on."""
    days: Mapped[int]
    since: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="open")
    reached: Mapped[int | None]
    reached_id: Mapped[int | None]
    """Where it has come to, newest first: (created_at, comment)."""
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(default=0)
    found: Mapped[dict[str, Any]]
    """As moderation.replay writes its tally."""
    created_at: Mapped[int]
    finished_at: Mapped[int | None]
