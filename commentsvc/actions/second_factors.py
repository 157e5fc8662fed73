"""What proves that somebody has their authenticator, or a recovery code in its stead?

The app's secret is derived from the installation's and a nonce that is none, so that who reads the database can make no
codes. A code is taken once: by one conditional UPDATE, or for a recovery code one DELETE.
"""

import base64
import hmac
import re
import secrets
from dataclasses import dataclass

import pyotp
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from commentsvc.errors import Invalid
from commentsvc.queries.callers import derived_key
from commentsvc.store.models import Person, RecoveryCode, SecondFactor

_STEP_S = 30
_RECOVERY_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what looks alike; sixteen of them are 79 bits."""
_WRONG = "This code isn’t right, or was used before. Wait for the next one and try again."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A secret on its way into an app, before anything is kept."""

    nonce: str
    secret: str
    uri: str


def candidate(person: Person, nonce: str, *, secret: str, issuer: str) -> Candidate:
    """Return what the app has to be given: as an address for its camera, and to type."""
    made = _secret(person.id, nonce, secret)
    uri = pyotp.TOTP(made).provisioning_uri(name=person.email or person.name, issuer_name=issuer)
    return Candidate(nonce, made, uri)


def new_nonce() -> str:
    """Return a nonce for a new secret."""
    return secrets.token_urlsafe(24)


def has_factor(session: Session, person_id: int) -> bool:
    """Whether this person's password alone is not enough."""
    return session.get(SecondFactor, person_id) is not None


def codes_left(session: Session, person_id: int) -> int:
    """Count the recovery codes that weren't used."""
    mine = select(func.count()).select_from(RecoveryCode).where(RecoveryCode.person_id == person_id)
    return session.scalar(mine) or 0


def switch_on(session: Session, person: Person, *, nonce: str, code: str, secret: str, now: int) -> list[str]:
    """Keep an app whose code was shown to us, and return the recovery codes; raises Invalid for a wrong code."""
    if has_factor(session, person.id):
        raise Invalid("An app is set up already.", field="code")
    step = _step_of(_secret(person.id, nonce, secret), code, now=now)
    if step is None:
        raise Invalid(_WRONG, field="code")
    session.add(SecondFactor(person_id=person.id, nonce=nonce, last_step=step, created_at=now))
    session.flush()
    return new_recovery_codes(session, person.id, secret=secret, now=now)


def switch_off(session: Session, person_id: int) -> None:
    """Forget a person's app and recovery codes."""
    for table in (RecoveryCode, SecondFactor):
        session.execute(delete(table).where(table.person_id == person_id))
    session.expire_all()


def new_recovery_codes(session: Session, person_id: int, *, secret: str, now: int) -> list[str]:
    """Replace a person's recovery codes by new ones and return them; they can't be read again."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person_id))
    codes = ["".join(secrets.choice(_ALPHABET) for _ in range(16)) for _ in range(_RECOVERY_CODES)]
    session.add_all(
        RecoveryCode(code_hash=_hash(person_id, code, secret), person_id=person_id, created_at=now) for code in codes
    )
    return ["-".join(code[start : start + 4] for start in range(0, 16, 4)) for code in codes]


def accept(session: Session, person_id: int, code: str, *, secret: str, now: int) -> bool:
    """Take a code of the app, or a recovery code, once; however many come at once, one is taken."""
    factor = session.get(SecondFactor, person_id, populate_existing=True)
    if factor is None:
        return False
    plain = re.sub(r"[\s-]", "", code).lower()
    if not plain.isdigit():
        used = delete(RecoveryCode).where(
            RecoveryCode.code_hash == _hash(person_id, plain, secret), RecoveryCode.person_id == person_id
        )
        return session.scalar(used.returning(RecoveryCode.person_id)) is not None
    step = _step_of(_secret(person_id, factor.nonce, secret), plain, now=now)
    if step is None:
        return False
    newer = (SecondFactor.person_id == person_id) & (SecondFactor.last_step < step)
    taken = update(SecondFactor).where(newer).values(last_step=step).returning(SecondFactor.person_id)
    return session.scalar(taken, execution_options={"synchronize_session": False}) is not None


def _step_of(app_secret: str, code: str, *, now: int) -> int | None:
    """Find the half minute that a code is of: this one, the last or the next, for clocks that differ."""
    plain = re.sub(r"\s", "", code)
    if len(plain) != 6 or not plain.isascii() or not plain.isdigit():
        return None
    app, this = pyotp.TOTP(app_secret), now // 1_000_000 // _STEP_S
    steps = [step for step in (this - 1, this, this + 1) if hmac.compare_digest(app.generate_otp(step), plain)]
    return steps[-1] if steps else None


def _secret(person_id: int, nonce: str, secret: str) -> str:
    digest = hmac.digest(derived_key(secret, "authenticator"), f"{person_id}.{nonce}".encode(), "sha256")
    return base64.b32encode(digest[:20]).decode()


def _hash(person_id: int, code: str, secret: str) -> str:
    keyed = hmac.new(
        derived_key(secret, "recovery code"), f"{person_id}.{code}".encode("utf-8", "surrogatepass"), "sha256"
    )
    return keyed.hexdigest()
