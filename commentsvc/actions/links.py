"""Which one-time links are made, and which are used up?

A link's token is derived from the installation's secret and a nonce: a mail that waits in the outbox holds the nonce,
which is no secret, and the database holds only the token's hash. Who reads the database can't follow a link.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from commentsvc.enums import Purpose
from commentsvc.queries.callers import derived_key, hash_token
from commentsvc.queries.staff import find_invitation
from commentsvc.store.models import OneTimeLink, Person

PATHS: Mapping[Purpose, str] = {
    Purpose.SET_PASSWORD: "/auth/set-password/",
    Purpose.INVITATION: "/auth/invitation/",
    Purpose.KEEP_ACCOUNT: "/auth/keep-account/",
}
"""Where a link of each purpose leads; its token follows."""


def make(
    session: Session,
    person: Person,
    purpose: Purpose,
    *,
    secret: str,
    now: int,
    life: int,
    facts: Mapping[str, Any] | None = None,
) -> str:
    """Make a link that a person may follow once within `life` microseconds, and return its nonce."""
    nonce = secrets.token_urlsafe(32)
    session.add(
        OneTimeLink(
            token_hash=hash_token(token(secret, nonce)),
            person_id=person.id,
            purpose=purpose,
            facts=dict(facts or {}),
            expires_at=now + life,
        )
    )
    return nonce


def token(secret: str, nonce: str) -> str:
    """Derive a link's token."""
    digest = hmac.digest(derived_key(secret, "one-time link"), nonce.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def url(session: Session, nonce: str, *, base_url: str, secret: str, now: int) -> str | None:
    """Return a link's address, or None when it has been used or has expired."""
    made = token(secret, nonce)
    purpose = session.scalar(
        select(OneTimeLink.purpose).where(OneTimeLink.token_hash == hash_token(made), OneTimeLink.expires_at > now)
    ) or _invites(session, made, now=now)
    return f"{base_url}{PATHS[Purpose(purpose)]}{made}" if purpose else None


def find(session: Session, token: str, *, purpose: Purpose, now: int) -> OneTimeLink | None:
    """Find the link with this token, without using it up: mail scanners open links too."""
    return session.scalar(
        select(OneTimeLink).where(
            OneTimeLink.token_hash == hash_token(token), OneTimeLink.purpose == purpose, OneTimeLink.expires_at > now
        )
    )


def use(session: Session, token: str, *, purpose: Purpose, now: int) -> OneTimeLink | None:
    """Use a link up, or return None; however many ask at once, one gets it."""
    link = find(session, token, purpose=purpose, now=now)
    if link is None:
        return None
    session.expunge(link)
    burnt = delete(OneTimeLink).where(OneTimeLink.token_hash == link.token_hash).returning(OneTimeLink.person_id)
    return link if session.scalar(burnt) is not None else None


def _invites(session: Session, token: str, *, now: int) -> Purpose | None:
    # An invitation is for an address: who reads its mail may have no account yet.
    return Purpose.INVITATION if find_invitation(session, token, now=now) else None
