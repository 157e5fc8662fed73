"""Which of a site's own accounts may sign in, by which keys and provider, and what was refused?"""

import base64
import hmac
from collections.abc import Sequence

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from commentsvc.errors import NotFound
from commentsvc.queries.callers import derived_key
from commentsvc.store.models import Identity, Membership, RefusedSignOn, SigningKey, SignOn, Site

REFUSALS_SHOWN = 50


def find_sign_on(session: Session, site_id: int) -> SignOn | None:
    """Find how a site's own accounts may be used; None when nobody has set that up."""
    return session.get(SignOn, site_id)


def list_keys(session: Session, site_id: int) -> Sequence[SigningKey]:
    """List a site's signing keys, live ones first, then the newest."""
    return session.scalars(
        select(SigningKey)
        .where(SigningKey.site_id == site_id)
        .order_by(SigningKey.retired_at.is_not(None), SigningKey.id.desc())
    ).all()


def count_live_keys(session: Session, site_id: int) -> int:
    """Count the keys by which a site's tokens may be signed now."""
    live = select(func.count()).where(SigningKey.site_id == site_id, SigningKey.retired_at.is_(None))
    return session.scalar(live) or 0


def find_key(session: Session, site_id: int, kid: str) -> SigningKey | None:
    """Find a site's key by the name that tokens give it, retired or not."""
    return session.scalar(select(SigningKey).where(SigningKey.site_id == site_id, SigningKey.kid == kid))


def get_key(session: Session, site_id: int, key_id: int) -> SigningKey:
    """Return one of the site's keys, or raise NotFound."""
    key = session.scalar(select(SigningKey).where(SigningKey.site_id == site_id, SigningKey.id == key_id))
    if key is None:
        raise NotFound("There is no such key on this site.")
    return key


def shared_secret(key: SigningKey, *, secret: str) -> str:
    """Return what both sides sign with; derived, so that a copy of the database lets nobody sign in."""
    about = f"{key.site_id} {key.kid} {key.created_at}"
    raw = hmac.digest(derived_key(secret, "signing keys"), about.encode(), "sha256")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def list_refusals(session: Session, site_id: int) -> Sequence[RefusedSignOn]:
    """List a site's latest sign-ons that failed, newest first."""
    return session.scalars(
        select(RefusedSignOn)
        .where(RefusedSignOn.site_id == site_id)
        .order_by(RefusedSignOn.id.desc())
        .limit(REFUSALS_SHOWN)
    ).all()


def find_identity(session: Session, site_id: int, issuer: str, subject: str) -> Identity | None:
    """Find an identity by what makes it one: site, issuer and subject."""
    return session.scalar(
        select(Identity).where(Identity.site_id == site_id, Identity.issuer == issuer, Identity.subject == subject)
    )


def list_identities(session: Session, person_id: int) -> Sequence[Row[Identity, Site]]:
    """List by which sites' accounts a person can sign in, each with its site."""
    return session.execute(
        select(Identity, Site)
        .join(Site, Site.id == Identity.site_id)
        .where(Identity.person_id == person_id)
        .order_by(Site.name, Identity.id)
    ).all()


def list_linkable(session: Session, person_id: int) -> Sequence[Row[Site, SignOn, Membership]]:
    """List the sites with a provider that a member may link their account to."""
    return session.execute(
        select(Site, SignOn, Membership)
        .join(SignOn, SignOn.site_id == Site.id)
        .join(Membership, (Membership.site_id == Site.id) & (Membership.person_id == person_id))
        .where(SignOn.provider_issuer.is_not(None), SignOn.for_readers | SignOn.for_staff)
        .order_by(Site.name)
    ).all()
