"""Is this a password to accept, and is it the one on file?

argon2id takes some 30 ms and 19 MiB on purpose: ask with no transaction open, because SQLite has one write lock.
"""

import unicodedata
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from commentsvc.errors import Invalid

MIN_LENGTH = 8
MAX_LENGTH = 1000

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$8VvpbTyEgQ3L6DwmHXH1sA$rMD6hHVZe+dfyJa56N81MUmO6zxjUgZUfHSyk4OpDMQ"
"""A hash that no password fits: unknown accounts take as long as known ones."""


def check_new_password(password: str, *, email: str = "", name: str = "", field: str = "password") -> None:
    """Accept a new password, or raise Invalid: length, not among the most used ones, not one's own name."""
    if len(password) < MIN_LENGTH:
        raise Invalid(f"At least {MIN_LENGTH} characters, please; a few words are fine.", field=field)
    if len(password) > MAX_LENGTH:
        raise Invalid(f"At most {MAX_LENGTH:,} characters, please.", field=field)
    folded = password.casefold()
    if folded in _common() or folded in {email, email.partition("@")[0], name.casefold()} or len(set(folded)) == 1:
        raise Invalid("This password is among the first that anyone would try; please choose another.", field=field)


def hash_password(password: str) -> str:
    """Hash a password for keeping."""
    return _hasher.hash(_bytes(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; takes the same time when there is no hash."""
    try:
        return _hasher.verify(password_hash or _NOBODYS, _bytes(password)) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def _bytes(password: str) -> bytes:
    # Keyboards differ in how they compose the same letters.
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    return frozenset(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_LENGTH)
