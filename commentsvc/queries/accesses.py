"""Who on a site's staff looked at personal data, and whose?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.enums import AccessKind
from commentsvc.queries import people
from commentsvc.queries.people import Face
from commentsvc.store.models import Access


@dataclass(frozen=True, slots=True)
class Look:
    """One time that somebody looked."""

    kind: AccessKind
    by: Face
    whose: Face | None
    at: int


def page(session: Session, site_id: int, *, before: int | None, limit: int) -> tuple[Sequence[Look], int | None]:
    """List a site's accesses, newest first, and the id before which the next page begins."""
    query = select(Access).where(Access.site_id == site_id)
    if before is not None:
        query = query.where(Access.id < before)
    rows = session.scalars(query.order_by(Access.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    ids = {row.by_person_id for row in shown} | {row.person_id for row in shown if row.person_id}
    faces = people.faces(session, site_id, ids)
    looks = [
        Look(
            AccessKind(row.kind),
            faces[row.by_person_id],
            faces[row.person_id] if row.person_id else None,
            row.created_at,
        )
        for row in shown
    ]
    return looks, shown[-1].id if len(rows) > limit else None
