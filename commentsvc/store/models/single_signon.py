"""Who vouches for readers besides ourselves: a site's signing keys and its OpenID provider, and whom they know?"""

from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from commentsvc.store.models.table import Table


class SigningKey(Table):
    """A key by which a publisher's server signs readers in on its site, pinned to one algorithm."""

    __tablename__ = "signing_keys"
    __table_args__ = (Index(None, "site_id", "kid", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    kid: Mapped[str] = mapped_column(String(100))
    algorithm: Mapped[str] = mapped_column(String(10))
    jwk: Mapped[dict[str, Any] | None]
    """The public key; None for a shared secret, which is derived and kept nowhere."""
    created_at: Mapped[int]
    created_by_person_id: Mapped[int | None] = mapped_column(ForeignKey("persons.id"))
    last_used_at: Mapped[int | None]
    retired_at: Mapped[int | None]


class SignOn(Table):
    """How a site's own accounts may be used: who signs its tokens, and its OpenID provider if it has one."""

    __tablename__ = "sign_ons"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    token_issuer: Mapped[str | None] = mapped_column(String(300))
    """The `iss` of tokens that the publisher's server signs."""
    provider_issuer: Mapped[str | None] = mapped_column(String(300))
    client_id: Mapped[str] = mapped_column(String(300), default="")
    client_secret: Mapped[str] = mapped_column(Text, default="")
    label: Mapped[str] = mapped_column(String(60), default="")
    """What the button names: "Continue with …"."""
    for_readers: Mapped[bool] = mapped_column(default=False)
    for_staff: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[int]


class Identity(Table):
    """Somebody as one issuer knows them on one site, and whose account that is; never joined by e-mail."""

    __tablename__ = "identities"
    __table_args__ = (
        Index(None, "site_id", "issuer", "subject", unique=True),
        Index(None, "person_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("persons.id"))
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[int]
    last_used_at: Mapped[int]


class UsedAssertion(Table):
    """A signed token that was exchanged, until it would have run out anyway: it works once."""

    __tablename__ = "used_assertions"

    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"), primary_key=True)
    jti_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    expires_at: Mapped[int] = mapped_column(index=True)


class RefusedSignOn(Table):
    """A sign-on that failed, for the publisher's engineer: what was wrong, and nothing of the person."""

    __tablename__ = "refused_sign_ons"
    __table_args__ = (Index(None, "site_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    site_id: Mapped[int] = mapped_column(ForeignKey("sites.id"))
    reason: Mapped[str] = mapped_column(String(30))
    facts: Mapped[dict[str, Any]]
    created_at: Mapped[int] = mapped_column(index=True)
