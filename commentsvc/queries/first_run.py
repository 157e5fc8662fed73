"""Does this installation wait to be set up, and is this its code?"""

import hmac

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.queries.callers import derived_key
from commentsvc.store.models import FirstRun, Site

THE_ONE = 1
"""The id of the only row."""

_ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Without what is read as something else: 0 and O, 1 and I."""
_GROUPS, _LENGTH = 3, 4


def has_site(session: Session) -> bool:
    """Say whether there is any site."""
    return session.scalar(select(Site.id).limit(1)) is not None


def find_nonce(session: Session) -> str | None:
    """Find what the code is made from, while the installation waits."""
    return session.scalar(select(FirstRun.nonce).where(FirstRun.id == THE_ONE))


def code_of(secret: str, nonce: str) -> str:
    """Derive the code as the log prints it: twelve characters, 60 bits."""
    digest = hmac.digest(derived_key(secret, "first run"), nonce.encode(), "sha256")
    letters = "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in digest[: _GROUPS * _LENGTH])
    return "-".join(letters[start : start + _LENGTH] for start in range(0, len(letters), _LENGTH))


def is_code(typed: str, *, secret: str, nonce: str) -> bool:
    """Say whether somebody has read the log; how they write the code's letters and dashes doesn't matter."""
    plain = "".join(char for char in typed.upper() if char.isalnum())
    return hmac.compare_digest(plain.encode(), code_of(secret, nonce).replace("-", "").encode())
