"""Who is at a site's desk right now, and who holds which case?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.queries import people
from commentsvc.queries.filtering import is_held
from commentsvc.queries.people import Face
from commentsvc.store.models import OPEN, Case, Presence

HERE_US = 45_000_000
"""Whoever hasn't been heard of for so long has gone: their page asks every ten seconds while it is seen."""
_MOST = 50
_MOST_LEASES = 500


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody at the desk, and the case that they look at."""

    face: Face
    case_id: int | None


@dataclass(frozen=True, slots=True)
class Lease:
    """A case that somebody has for themselves until a time."""

    case_id: int
    holder: Face
    until: int


def at_desk(session: Session, site_id: int, *, now: int) -> Sequence[Colleague]:
    """List who is at the desk, by name."""
    rows = session.execute(
        select(Presence.person_id, Presence.case_id)
        .where(Presence.site_id == site_id, Presence.seen_at > now - HERE_US)
        .limit(_MOST)
    ).all()
    faces = people.faces(session, site_id, [row.person_id for row in rows]) if rows else {}
    here = [Colleague(faces[row.person_id], row.case_id) for row in rows]
    return sorted(here, key=lambda colleague: colleague.face.name.lower())


def leases(session: Session, site_id: int, *, now: int) -> Sequence[Lease]:
    """List the cases that somebody holds, those that are held longest first."""
    rows = session.execute(
        select(Case.id, Case.lease_person_id, Case.lease_until)
        .where(Case.site_id == site_id, Case.state == OPEN, Case.lease_until.is_not(None), Case.lease_until > now)
        .order_by(Case.lease_until.desc(), Case.id)
        .limit(_MOST_LEASES)
    ).all()
    faces = people.faces(session, site_id, {row.lease_person_id for row in rows}) if rows else {}
    return [Lease(row.id, faces[row.lease_person_id], row.lease_until) for row in rows]


def count_held(session: Session, site_id: int, *, by: int, now: int) -> int:
    """Count the cases that a person holds."""
    query = select(func.count()).where(Case.site_id == site_id, Case.state == OPEN, is_held(now, by=by))
    return session.scalar(query) or 0
