"""Who on the staff looked at whose personal data?"""

from contextlib import nullcontext

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.enums import AccessKind
from commentsvc.store.db import Database
from commentsvc.store.models import Access

ONE_LOOK_US = 3600 * 1_000_000
"""Within an hour, the same look of the same manager is one."""


def note(
    db: Database,
    kind: AccessKind,
    *,
    by_id: int,
    site_id: int,
    now: int,
    person_id: int | None = None,
    session: Session | None = None,
) -> None:
    """Keep that staff looked at somebody's data on a site, or at anybody's.

    In a transaction of its own where none that writes is given: a page that is only looked at has none. What is looked
    for isn't kept: the words would be personal data themselves.
    """
    if by_id == person_id:
        return
    with nullcontext(session) if session else db.reading() as looking:
        if _is_kept(looking, kind, by_id=by_id, site_id=site_id, person_id=person_id, now=now):
            return
    with nullcontext(session) if session else db.writing() as writing:
        writing.add(Access(site_id=site_id, kind=kind, by_person_id=by_id, person_id=person_id, created_at=now))


def _is_kept(session: Session, kind: AccessKind, *, by_id: int, site_id: int, person_id: int | None, now: int) -> bool:
    whose = Access.person_id.is_(None) if person_id is None else Access.person_id == person_id
    lately = select(Access.id).where(
        Access.site_id == site_id, Access.created_at > now - ONE_LOOK_US, Access.by_person_id == by_id,
        Access.kind == kind, whose,
    )  # fmt: skip
    return session.scalar(lately.limit(1)) is not None
