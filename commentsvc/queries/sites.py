"""What is there of a site: itself, its limits, its guidelines, its members, what it forbids whom?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, literal, or_, select
from sqlalchemy.orm import Session

from commentsvc.enums import SanctionKind
from commentsvc.errors import NotFound
from commentsvc.store.models import Article, Guidelines, Membership, Origin, Sanction, Site

Thing = TypeVar("Thing", Site, Article)

# Built once, for every request asks them.
_SITE = select(Site).where(Site.key == bindparam("key"))
_ARTICLE = select(Article).where(Article.site_id == bindparam("site"), Article.key == bindparam("key"))
_LOCKED_ARTICLE = _ARTICLE.with_for_update().execution_options(populate_existing=True)


@dataclass(frozen=True, slots=True)
class Limits:
    """Lengths in code points and times in seconds."""

    max_length: int = 5000
    edit_window: int = 300
    gap: int = 5
    gap_new_author: int = 30
    new_author_below: int = 2

    def as_json(self) -> dict[str, Any]:
        """Return what readers and the widget are told."""
        return {"max_length": self.max_length, "edit_window": self.edit_window, "gap": self.gap}


def get_site(session: Session, key: str | None) -> Site:
    """Return the site with this key, or raise NotFound."""
    site = find_site(session, key)
    if site is None:
        raise NotFound("There is no such site.", field="site")
    return site


def find_site(session: Session, key: str | None) -> Site | None:
    """Find a site by its key."""
    return session.scalar(_SITE, {"key": key}) if key else None


def list_sites(session: Session, *, limit: int) -> Sequence[Site]:
    """List the first sites of the installation."""
    return session.scalars(select(Site).order_by(Site.id).limit(limit)).all()


def limits_of(site: Site) -> Limits:
    """Return the site's limits, with defaults for what it doesn't set."""
    known = {field.name for field in fields(Limits)}
    return Limits(**{name: value for name, value in site.limits.items() if name in known})


def guidelines_of(session: Session, site: Site) -> Guidelines:
    """Return the guidelines in force."""
    return session.get_one(Guidelines, (site.id, site.guidelines_version))


def guideline_words(guidelines: Guidelines) -> dict[str, dict[str, str]]:
    """Return the items by guideline: {guideline: {guideline, title, text}}."""
    return {item["guideline"]: item for item in guidelines.items}


def is_registered(session: Session, site: Site, origin: str) -> bool:
    """Say whether pages of exactly this origin may embed the site."""
    return session.get(Origin, (site.id, origin)) is not None


def find_article(session: Session, site: Site, key: str, *, lock: bool = False) -> Article | None:
    """Find a site's article by its key, and with `lock` keep others from changing its thread until the commit."""
    return session.scalar(_LOCKED_ARTICLE if lock else _ARTICLE, {"site": site.id, "key": key})


def by_id(session: Session, kind: type[Thing], ids: Collection[int]) -> dict[int, Thing]:
    """Return sites or articles by their ids."""
    return {found.id: found for found in session.scalars(select(kind).where(kind.id.in_(ids)))} if ids else {}


def find_membership(session: Session, person_id: int, site_id: int) -> Membership | None:
    """Find what a person is on a site."""
    return session.get(Membership, (person_id, site_id))


def find_desk(session: Session, key: str, person_id: int, *, now: int) -> tuple[Site, Membership] | None:
    """Find a site and what a person is there, for whom it isn't barred at the moment."""
    row = session.execute(
        select(Site, Membership)
        .join(Membership, Membership.site_id == Site.id)
        .where(Site.key == key, Membership.person_id == person_id, ~barring(Membership.person_id, Site.id, now=now))
    ).one_or_none()
    return (row[0], row[1]) if row else None


def is_barred(session: Session, person_id: int, site_id: int, *, now: int) -> bool:
    """Say whether a person is suspended or banned on a site."""
    return bool(session.scalar(select(barring(literal(person_id), literal(site_id), now=now))))


def barring(person_id: Any, site_id: Any, *, now: Any) -> ColumnElement[bool]:
    """Build the condition that a person is suspended or banned on a site, both given as columns or literals."""
    return exists().where(
        Sanction.person_id == person_id,
        Sanction.site_id == site_id,
        Sanction.kind.in_((SanctionKind.SUSPEND, SanctionKind.BAN)),
        Sanction.lifted_at.is_(None),
        or_(Sanction.until.is_(None), Sanction.until > now),
    )


def list_sanctions(session: Session, person_id: int, site_id: int, *, now: int) -> list[Sanction]:
    """List the sanctions in force, gravest kind first."""
    in_force = session.scalars(_sanctions_query(), {"person": person_id, "site": site_id, "now": now})
    grave = list(SanctionKind)
    return sorted(in_force, key=lambda sanction: -grave.index(SanctionKind(sanction.kind)))


@cache
def _sanctions_query() -> Select[Sanction]:
    in_force = is_in_force(bindparam("site"), now=bindparam("now"))
    return select(Sanction).where(Sanction.person_id == bindparam("person"), in_force)


def is_in_force(site_id: Any, *, now: Any) -> ColumnElement[bool]:
    """Build the condition that a sanction holds on a site at a time; a warning does until it is acknowledged."""
    return and_(
        Sanction.site_id == site_id,
        Sanction.lifted_at.is_(None),
        Sanction.acknowledged_at.is_(None),
        or_(Sanction.until.is_(None), Sanction.until > now),
    )
