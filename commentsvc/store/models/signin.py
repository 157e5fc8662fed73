"""What proves who somebody is: codes, tokens, links, and what failed to?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table


class AuthorizationCode(Table):
    """What a pop-up hands to the widget: single use, at most 60 s, bound to site, origin and challenge."""

    __tablename__ = "authorization_codes"

    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    origin: Mapped[str] = mapped_column(String(300))
    challenge: Mapped[str] = mapped_column(String(64))
    epoch: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class RefreshToken(Table):
    """One link of a family of refresh tokens; only hashes are kept."""

    __tablename__ = "refresh_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    family: Mapped[str] = mapped_column(String(32), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    epoch: Mapped[int]
    used_at: Mapped[int | None]
    revoked_at: Mapped[int | None]
    expires_at: Mapped[int] = mapped_column(index=True)


class ApiToken(Table):
    """A personal token for scripts and publishers' servers."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[Any]]
    created_at: Mapped[int]
    expires_at: Mapped[int | None]
    last_used_at: Mapped[int | None]
    """To the minute: a request in a minute that is known already writes nothing."""
    revoked_at: Mapped[int | None]


class OneTimeLink(Table):
    """A mailed or printed link: single use, expiring, stored hashed."""

    __tablename__ = "one_time_links"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(30))
    """enums.Purpose."""
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    """What following it changes, where the purpose leaves that open."""
    expires_at: Mapped[int] = mapped_column(index=True)


class SignInFailure(Table):
    """A failed sign-in, counted per account and client so that guessing slows down without locking a victim out."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index(None, "subject", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int]
