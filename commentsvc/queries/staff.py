"""Who runs a site, who is invited to, and what did its admins change?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import Role
from commentsvc.queries.callers import hash_token
from commentsvc.queries.sites import barring
from commentsvc.store.models import Invitation, Membership, Person, SiteChange

ROLES = (Role.MANAGER, Role.ADMIN)
"""Who is on a site's staff."""
_MOST = 500
_CHANGES = 30


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of a site's staff."""

    membership: Membership
    email: str | None
    is_barred: bool
    """Suspended or banned: their role means nothing meanwhile."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was changed, by whom and about whom, as they are called now."""

    change: SiteChange
    by: str | None
    about: str | None


def list_staff(session: Session, site_id: int, *, now: int) -> Sequence[Colleague]:
    """List a site's staff, administrators first, then by name."""
    rows = session.execute(
        select(Membership, Person.email, barring(Membership.person_id, Membership.site_id, now=now))
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.site_id == site_id, Membership.role.in_(ROLES))
        .order_by(Membership.role, Membership.name)
        .limit(_MOST)
    )
    return [Colleague(membership, email, bool(is_barred)) for membership, email, is_barred in rows]


def list_invitations(session: Session, site_id: int, *, now: int) -> Sequence[tuple[Invitation, str]]:
    """List the invitations that can still be accepted, the newest first, each with the name of who invited."""
    rows = session.execute(
        select(Invitation, Membership.name)
        .join(
            Membership,
            (Membership.person_id == Invitation.by_person_id) & (Membership.site_id == Invitation.site_id),
        )
        .where(Invitation.site_id == site_id, Invitation.expires_at > now)
        .order_by(Invitation.id.desc())
    )
    return [(invitation, name) for invitation, name in rows]


def find_invitation(session: Session, token: str, *, now: int) -> Invitation | None:
    """Find the invitation that a mailed link is for, without using it up."""
    return session.scalar(
        select(Invitation).where(Invitation.token_hash == hash_token(token), Invitation.expires_at > now)
    )


def has_account(session: Session, email: str) -> bool:
    """Say whether somebody has an account with an address. For whoever has proved to read its mail."""
    return session.scalar(select(Person.id).where(Person.email == email)) is not None


def list_changes(session: Session, site_id: int) -> Sequence[Change]:
    """List what was last changed about a site, the newest first."""
    who, whom = aliased(Membership), aliased(Membership)
    rows = session.execute(
        select(SiteChange, who.name, whom.name)
        .outerjoin(who, (who.person_id == SiteChange.by_person_id) & (who.site_id == SiteChange.site_id))
        .outerjoin(whom, (whom.person_id == SiteChange.person_id) & (whom.site_id == SiteChange.site_id))
        .where(SiteChange.site_id == site_id)
        .order_by(SiteChange.id.desc())
        .limit(_CHANGES)
    )
    return [Change(change, by, about) for change, by, about in rows]
