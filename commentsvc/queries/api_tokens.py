"""Which personal API tokens are there: of a person, of a site?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session

from commentsvc.enums import Role, Scope
from commentsvc.queries.callers import SCOPES, hash_token
from commentsvc.queries.sites import barring
from commentsvc.store.models import ApiToken, Membership, Site

_MOST = 200


@dataclass(frozen=True, slots=True)
class Listed:
    """A token as a list shows it: whose, for which site, and whether it still works."""

    token: ApiToken
    site: Site
    owner: str
    is_live: bool
    scopes: Sequence[str]
    """What it may do now: those of its scopes that its owner's role still has."""


def of_person(session: Session, person_id: int, *, now: int) -> Sequence[Listed]:
    """List a person's tokens of all sites, those that work first, then the newest."""
    return _list(session, select(ApiToken).where(ApiToken.person_id == person_id), now=now)


def of_site(session: Session, site_id: int, *, now: int) -> Sequence[Listed]:
    """List the tokens of a site, those that work first, then the newest."""
    return _list(session, select(ApiToken).where(ApiToken.site_id == site_id), now=now)


def find_token_by_value(session: Session, token: str) -> ApiToken | None:
    """Find a token's row."""
    return session.scalar(select(ApiToken).where(ApiToken.token_hash == hash_token(token)))


def memberships(session: Session, person_id: int, *, now: int) -> Sequence[tuple[Site, Role]]:
    """List the sites that a person can have tokens for, with the role that a token would have."""
    rows = session.execute(
        select(Site, Membership.role, barring(Membership.person_id, Membership.site_id, now=now))
        .join(Membership, Membership.site_id == Site.id)
        .where(Membership.person_id == person_id)
        .order_by(Site.name)
        .limit(_MOST)
    )
    return [(site, Role.READER if is_barred else Role(role)) for site, role, is_barred in rows]


def _list(session: Session, wanted: Select[ApiToken], *, now: int) -> Sequence[Listed]:
    is_over = case((ApiToken.revoked_at.is_not(None) | (ApiToken.expires_at <= now), 1), else_=0)
    rows = session.execute(
        wanted.add_columns(Site, Membership, barring(ApiToken.person_id, ApiToken.site_id, now=now), is_over)
        .join(Site, Site.id == ApiToken.site_id)
        .outerjoin(Membership, (Membership.person_id == ApiToken.person_id) & (Membership.site_id == ApiToken.site_id))
        .order_by(is_over, ApiToken.id.desc())
        .limit(_MOST)
    )
    found = []
    for token, site, membership, is_barred, over in rows:
        role = Role(membership.role) if membership and not is_barred else Role.READER
        scopes = [word for word in token.scopes if Scope(word) in SCOPES[role]]
        found.append(Listed(token, site, membership.name if membership else "", not over, scopes))
    return found
