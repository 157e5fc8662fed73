"""What begins and ends a person's session in one browser?"""

import secrets

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from commentsvc.queries.callers import hash_token
from commentsvc.store.models import BrowserSession, RefreshToken

LIFE_US = 30 * 24 * 3600 * 1_000_000
SEEN_EVERY_US = 3600 * 1_000_000
"""How exactly it is kept when a browser was last seen."""
_SYSTEMS = ("iPhone", "iPad", "Android", "Windows", "Mac OS", "CrOS", "Linux")
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("Chrome", "Chrome"),
             ("CriOS", "Chrome"), ("Safari", "Safari"))  # fmt: skip


def begin(session: Session, person_id: int, *, agent: str, is_strong: bool, now: int) -> str:
    """Begin a session and return the token that the browser keeps; we keep its hash."""
    token = secrets.token_urlsafe(32)
    session.add(
        BrowserSession(
            token_hash=hash_token(token),
            person_id=person_id,
            agent=describe(agent),
            is_strong=is_strong,
            created_at=now,
            seen_at=now,
            expires_at=now + LIFE_US,
        )
    )
    session.flush()
    return token


def describe(agent: str) -> str:
    """Say in words which browser this is; what a browser calls itself is never kept as it came."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "A browser")
    system = next((name for name in _SYSTEMS if name in agent), "")
    return f"{browser} on {system}" if system else browser


def end(session: Session, token: str) -> None:
    """End the session that a browser's token stands for."""
    session.execute(delete(BrowserSession).where(BrowserSession.token_hash == hash_token(token)))


def end_of(session: Session, person_id: int, browser_id: int) -> bool:
    """End one of a person's sessions; False when it isn't theirs or has ended."""
    mine = (BrowserSession.id == browser_id) & (BrowserSession.person_id == person_id)
    return session.scalar(delete(BrowserSession).where(mine).returning(BrowserSession.id)) is not None


def end_family(session: Session, person_id: int, family: str, *, now: int) -> bool:
    """End one of a person's sign-ins in a comment section; False when it isn't theirs or has ended."""
    mine = (RefreshToken.family == family) & (RefreshToken.person_id == person_id) & RefreshToken.revoked_at.is_(None)
    ended = session.scalars(update(RefreshToken).where(mine).values(revoked_at=now).returning(RefreshToken.token_hash))
    return bool(ended.all())


def strengthen(session: Session, token: str) -> None:
    """Note that the second factor was shown in this browser."""
    session.execute(
        update(BrowserSession).where(BrowserSession.token_hash == hash_token(token)).values(is_strong=True),
    )


def touch(session: Session, browser_id: int, *, now: int) -> None:
    """Note that a browser was seen."""
    session.execute(update(BrowserSession).where(BrowserSession.id == browser_id).values(seen_at=now))
