"""Who is this, on this site: name, role and record?"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, and_, select
from sqlalchemy.orm import Session

from commentsvc.enums import Role, Trust
from commentsvc.queries.sites import barring, is_in_force
from commentsvc.queries.trust import trust_of
from commentsvc.store.models import Membership, Person, Sanction, Site

_MISUSE_FROM, _MISUSE_SHARE = 5, 0.25


@dataclass(frozen=True, slots=True)
class Face:
    """How a person appears on a site, and what became of the reports that they made there."""

    person_id: int
    name: str
    role: Role
    namesake: bool = False
    reports_upheld: int = 0
    reports_dismissed: int = 0

    @property
    def reports_decided(self) -> int:
        """How many of their reports were answered."""
        return self.reports_upheld + self.reports_dismissed

    @property
    def report_weight(self) -> float:
        """How much a report of theirs counts, 0..1."""
        return weight_of(self.reports_upheld, self.reports_dismissed)

    @property
    def misuses_reports(self) -> bool:
        """Whether so few of their reports were upheld that managers should know."""
        decided = self.reports_decided
        return decided >= _MISUSE_FROM and self.reports_upheld / decided < _MISUSE_SHARE


@dataclass(frozen=True, slots=True)
class Record:
    """What managers weigh: the account's age, what became of its comments, sanctions in force."""

    face: Face
    created_at: int
    published: int
    rejected: int
    sanctions: Sequence[Sanction]

    @property
    def trust(self) -> Trust:
        """What the record says of the author."""
        return trust_of(self.published, self.rejected)


def weight_of(upheld: int, dismissed: int) -> float:
    """Return a reporter's weight: the mean of Beta(1 + upheld, 1 + dismissed), one half for who is unknown."""
    return (upheld + 1) / (upheld + dismissed + 2)


def misuses_reports(member: type[Membership]) -> ColumnElement[bool]:
    """Return the condition under which a member misuses reports, as `Face.misuses_reports` has it."""
    decided = member.reports_upheld + member.reports_dismissed
    return and_(decided >= _MISUSE_FROM, member.reports_upheld < decided * _MISUSE_SHARE)


def faces(session: Session, site_id: int, ids: Collection[int]) -> dict[int, Face]:
    """Read how people appear on a site, by id, in one query."""
    return {person.id: _face(person, membership) for person, membership in _rows(session, site_id, ids)}


def records(session: Session, site_id: int, ids: Collection[int], *, now: int) -> dict[int, Record]:
    """Read people's records on a site, by id, in two queries."""
    in_force: dict[int, list[Sanction]] = defaultdict(list)
    for sanction in session.scalars(
        select(Sanction).where(Sanction.person_id.in_(ids), is_in_force(site_id, now=now)).order_by(Sanction.id)
    ):
        in_force[sanction.person_id].append(sanction)
    return {
        person.id: Record(
            face=_face(person, membership),
            created_at=person.created_at,
            published=membership.published_count if membership else 0,
            rejected=membership.rejected_count if membership else 0,
            sanctions=in_force.get(person.id, ()),
        )
        for person, membership in _rows(session, site_id, ids)
    }


def managed_sites(session: Session, person_id: int, *, now: int) -> Sequence[Membership]:
    """List the memberships in which a person manages or administers a site, and isn't suspended or banned there."""
    return session.scalars(
        select(Membership)
        .where(
            Membership.person_id == person_id,
            Membership.role.in_([Role.MANAGER, Role.ADMIN]),
            ~barring(Membership.person_id, Membership.site_id, now=now),
        )
        .order_by(Membership.site_id)
    ).all()


def face_of(membership: Membership) -> Face:
    """Return how a member appears on their site."""
    return Face(
        person_id=membership.person_id,
        name=membership.name,
        role=Role(membership.role),
        namesake=membership.namesake,
        reports_upheld=membership.reports_upheld,
        reports_dismissed=membership.reports_dismissed,
    )


def _rows(session: Session, site_id: int, ids: Collection[int]) -> Sequence[Row[Person, Membership | None]]:
    query = (
        select(Person, Membership)
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.site_id == site_id))
        .where(Person.id.in_(ids))
    )
    return session.execute(query).all()


def _face(person: Person, membership: Membership | None) -> Face:
    if membership is None:
        return Face(person.id, person.name, Role.READER)
    return face_of(membership)


def joined_sites(session: Session, person_id: int) -> list[Site]:
    """List the sites that a person takes part in, by name."""
    mine = select(Site).join(Membership, Membership.site_id == Site.id).where(Membership.person_id == person_id)
    return list(session.scalars(mine.order_by(Site.name, Site.id)))
