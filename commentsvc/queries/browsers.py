"""In which browsers, and on which sites' pages, is a person signed in?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.queries.callers import hash_token
from commentsvc.store.models import BrowserSession, Person, RefreshToken, Site


@dataclass(frozen=True, slots=True)
class SignedInOn:
    """A sign-in in a site's comment section."""

    family: str
    site: str
    used_at: int
    ends_at: int


def find_browser(session: Session, token: str, *, now: int) -> tuple[Person, BrowserSession] | None:
    """Find the session that a browser's token stands for, and whose it is."""
    row = session.execute(
        select(Person, BrowserSession)
        .join(BrowserSession, BrowserSession.person_id == Person.id)
        .where(BrowserSession.token_hash == hash_token(token), BrowserSession.expires_at > now)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def list_browsers(session: Session, person_id: int, *, now: int) -> Sequence[BrowserSession]:
    """List where a person is signed in on our own pages, the newest use first."""
    mine = select(BrowserSession).where(BrowserSession.person_id == person_id, BrowserSession.expires_at > now)
    return session.scalars(mine.order_by(BrowserSession.seen_at.desc(), BrowserSession.id.desc()).limit(100)).all()


def list_families(session: Session, person: Person, *, now: int) -> list[SignedInOn]:
    """List where a person is signed in in comment sections: one entry for each family of refresh tokens."""
    rows = session.execute(
        select(
            RefreshToken.family,
            Site.name,
            func.max(func.coalesce(RefreshToken.used_at, 0)),
            func.max(RefreshToken.expires_at),
        )
        .join(Site, Site.id == RefreshToken.site_id)
        .where(
            RefreshToken.person_id == person.id,
            RefreshToken.epoch == person.epoch,
            RefreshToken.revoked_at.is_(None),
            RefreshToken.expires_at > now,
        )
        .group_by(RefreshToken.family, Site.name)
        .order_by(func.max(RefreshToken.expires_at).desc(), RefreshToken.family)
        .limit(100)
    )
    return [SignedInOn(*row) for row in rows]
