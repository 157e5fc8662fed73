"""How did a site's rules come to be what they are?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.queries import people
from commentsvc.queries.people import Face
from commentsvc.store.models import Article, Guidelines, PolicyChange, SiteSecret

_MOST_SECTIONS = 100


@dataclass(frozen=True, slots=True)
class Logged:
    """One change, and who made it."""

    change: PolicyChange
    by: Face | None


def list_changes(
    session: Session, site_id: int, *, before: int | None = None, limit: int
) -> tuple[list[Logged], int | None]:
    """List a site's changes, newest first, and the id before which the next page begins."""
    query = select(PolicyChange).where(PolicyChange.site_id == site_id)
    if before is not None:
        query = query.where(PolicyChange.id < before)
    rows = session.scalars(query.order_by(PolicyChange.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    faces = people.faces(session, site_id, {row.by_person_id for row in shown if row.by_person_id is not None})
    logged = [Logged(row, faces.get(row.by_person_id) if row.by_person_id is not None else None) for row in shown]
    return logged, shown[-1].id if len(rows) > limit else None


def find_change_of(session: Session, backtest_id: int) -> PolicyChange | None:
    """Find the change that switched a back-test's policy on."""
    query = select(PolicyChange).where(PolicyChange.backtest_id == backtest_id)
    return session.scalar(query.order_by(PolicyChange.id).limit(1))


def secrets_set(session: Session, site_id: int) -> set[str]:
    """Return for which checks the site has a secret; never the secret itself."""
    return set(session.scalars(select(SiteSecret.name).where(SiteSecret.site_id == site_id)))


def list_sections(session: Session, site_id: int) -> Sequence[str]:
    """List the sections that the site's articles name."""
    query = select(Article.section).where(Article.site_id == site_id, Article.section.is_not(None)).distinct()
    return [section for section in session.scalars(query.order_by(Article.section).limit(_MOST_SECTIONS)) if section]


def list_guidelines(session: Session, site_id: int) -> Sequence[Guidelines]:
    """List all versions of the site's guidelines, newest first."""
    query = select(Guidelines).where(Guidelines.site_id == site_id).order_by(Guidelines.version.desc())
    return session.scalars(query).all()
