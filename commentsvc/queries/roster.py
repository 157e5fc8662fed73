"""Who takes part on a site, and in which order are they listed?"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.enums import PeopleSort, Role, Trust
from commentsvc.queries.people import Face, face_of
from commentsvc.queries.sites import is_in_force
from commentsvc.queries.trust import trust_of
from commentsvc.store.models import Membership, Sanction
from commentsvc.store.paging import Cursor, after, cut, decode_cursor
from commentsvc.store.personal import GONE_SKELETON

_KEYS = {
    PeopleSort.NEWEST: Membership.created_at,
    PeopleSort.REJECTED: Membership.rejected_count,
    PeopleSort.REPORTS: Membership.reports_dismissed,
}
SHOWN = ("everyone", "sanctioned", "team")


@dataclass(frozen=True, slots=True)
class Line:
    """One person of the list."""

    face: Face
    joined_at: int
    published: int
    rejected: int
    sanctions: Sequence[Sanction]

    @property
    def trust(self) -> Trust:
        """What the record says of the person."""
        return trust_of(self.published, self.rejected)


@dataclass(frozen=True, slots=True)
class Page:
    """Some people in order, and where the next ones begin."""

    lines: Sequence[Line]
    next: str | None


def page(
    session: Session,
    site_id: int,
    *,
    q: str,
    sort: PeopleSort,
    shown: str,
    cursor: str | None,
    limit: int,
    now: int,
) -> Page:
    """Read one page of a site's people whose name contains `q`, in two queries; whose account is deleted isn't there.

    By reports only those are listed of whose reports some were decided, the most often dismissed first.
    """
    key = _KEYS[sort]
    query = select(Membership).where(Membership.site_id == site_id, ~Membership.skeleton.startswith(GONE_SKELETON))
    if q:
        query = query.where(Membership.name.icontains(q, autoescape=True))
    if sort == PeopleSort.REPORTS:
        query = query.where(Membership.reports_upheld + Membership.reports_dismissed > 0)
    if shown == "team":
        query = query.where(Membership.role != Role.READER)
    if shown == "sanctioned":
        restricted = select(Sanction.id).where(
            Sanction.person_id == Membership.person_id, is_in_force(site_id, now=now)
        )
        query = query.where(restricted.exists())
    query = after(query, decode_cursor(cursor, sort=sort), key, Membership.person_id, descending=True)
    found, more = cut(session.scalars(query.limit(limit + 1)).all(), limit)
    in_force = _sanctions(session, site_id, [one.person_id for one in found], now=now)
    end = Cursor(sort, getattr(found[-1], key.key), found[-1].person_id).encode() if more else None
    return Page([_line(one, in_force.get(one.person_id, ())) for one in found], end)


def _sanctions(session: Session, site_id: int, ids: Sequence[int], *, now: int) -> dict[int, list[Sanction]]:
    in_force: dict[int, list[Sanction]] = defaultdict(list)
    query = select(Sanction).where(Sanction.person_id.in_(ids), is_in_force(site_id, now=now)).order_by(Sanction.id)
    for sanction in session.scalars(query):
        in_force[sanction.person_id].append(sanction)
    return in_force


def _line(one: Membership, sanctions: Sequence[Sanction]) -> Line:
    return Line(face_of(one), one.created_at, one.published_count, one.rejected_count, sanctions)
