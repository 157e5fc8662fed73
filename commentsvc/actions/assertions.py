"""Is this token one that a site's publisher signed for a reader, just now and never used before? After RFC 7523."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, OctKey
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from commentsvc.enums import SignOnProblem
from commentsvc.infra import signatures
from commentsvc.infra.signatures import NotAToken
from commentsvc.queries.callers import hash_token
from commentsvc.queries.sign_ons import count_live_keys, find_key, find_sign_on, shared_secret
from commentsvc.store.models import SigningKey, Site, UsedAssertion

MAX_TOKEN = 8 * 1024
MAX_LIFE = 300
"""Seconds from now until a token's `exp`, at most."""
SKEW = 30
"""Seconds that two servers' clocks may differ by, to the publisher's favour."""

_MAX_TEXT = 255
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a publisher's server vouches for."""

    issuer: str
    subject: str
    name: str
    key: SigningKey
    jti: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a sign-on, with facts for the publisher's engineer; none of them names a person."""

    reason: SignOnProblem
    facts: Mapping[str, Any] = field(default_factory=dict)


def accept(session: Session, site: Site, token: str, *, secret: str, now: int) -> Vouched | Problem:
    """Take a token once. However many bring it at the same time, one is let in."""
    found = examine(session, site, token, secret=secret, now=now)
    if isinstance(found, Problem):
        return found
    used = UsedAssertion(site_id=site.id, jti_hash=hash_token(found.jti), expires_at=found.expires_at + SKEW * _SECOND)
    try:
        with session.begin_nested():
            session.add(used)
    except IntegrityError:
        return Problem(SignOnProblem.REPLAYED, {"kid": found.key.kid})
    found.key.last_used_at = now
    return found


def examine(session: Session, site: Site, token: str, *, secret: str, now: int) -> Vouched | Problem:
    """Look at a token without using it up: everything but whether it was used before."""
    read = _read(token)
    if isinstance(read, Problem):
        return read
    key = _key_of(session, site, read) if count_live_keys(session, site.id) else Problem(SignOnProblem.NO_KEYS)
    if isinstance(key, Problem):
        return key
    try:
        claims = signatures.claims_of(read, _verifier(key, secret), key.algorithm)
    except (NotAToken, JoseError, ValueError):
        return Problem(SignOnProblem.BAD_SIGNATURE, {"kid": key.kid, "algorithm": key.algorithm})
    sign_on = find_sign_on(session, site.id)
    issuer = sign_on.token_issuer if sign_on else None
    problem = _wrong_times(claims, now=now) or _wrong_parties(claims, issuer=issuer, site=site) or _wrong_texts(claims)
    if problem is not None:
        return Problem(problem.reason, {"kid": key.kid, **problem.facts})
    name = claims.get("name")
    return Vouched(
        issuer=claims["iss"], subject=claims["sub"], name=name if isinstance(name, str) else "", key=key,
        jti=claims["jti"], expires_at=int(claims["exp"] * _SECOND),
    )  # fmt: skip


def _read(token: str) -> signatures.Token | Problem:
    if len(token) > MAX_TOKEN:
        return Problem(SignOnProblem.TOO_LONG, {"length": len(token)})
    try:
        return signatures.read(token)
    except NotAToken:
        return Problem(SignOnProblem.MALFORMED)


def _key_of(session: Session, site: Site, token: signatures.Token) -> SigningKey | Problem:
    """Find the key that a token names. Nothing else in its header is believed, its algorithm least of all."""
    if token.algorithm.lower() == "none":
        return Problem(SignOnProblem.UNSIGNED)
    kid = token.header.get("kid")
    if not isinstance(kid, str) or not kid:
        return Problem(SignOnProblem.NO_KID)
    key = find_key(session, site.id, kid) if is_subject(kid) else None
    if key is None:
        return Problem(SignOnProblem.UNKNOWN_KID, {"kid": _short(kid)})
    if key.retired_at is not None:
        return Problem(SignOnProblem.RETIRED_KEY, {"kid": key.kid})
    if token.algorithm != key.algorithm:
        facts = {"kid": key.kid, "algorithm": key.algorithm, "found": _short(token.algorithm)}
        return Problem(SignOnProblem.WRONG_ALGORITHM, facts)
    return key


def _verifier(key: SigningKey, secret: str) -> Any:
    if key.jwk is None:
        return OctKey.import_key(shared_secret(key, secret=secret))
    return JWKRegistry.import_key(dict(key.jwk))


def _wrong_parties(claims: Mapping[str, Any], *, issuer: str | None, site: Site) -> Problem | None:
    for name in ("iss", "aud"):
        if name not in claims:
            return Problem(SignOnProblem.MISSING_CLAIM, {"claim": name})
    if issuer is None or claims["iss"] != issuer:
        return Problem(SignOnProblem.WRONG_ISSUER, {"expected": issuer or "", "found": _short(claims["iss"])})
    if claims["aud"] not in (site.key, [site.key]):
        return Problem(SignOnProblem.WRONG_AUDIENCE, {"expected": site.key, "found": _short(claims["aud"])})
    return None


def _wrong_times(claims: Mapping[str, Any], *, now: int) -> Problem | None:
    for name in ("exp", "iat", "nbf"):
        if name not in claims:
            if name == "nbf":
                continue
            return Problem(SignOnProblem.MISSING_CLAIM, {"claim": name})
        if not _is_time(claims[name]):
            return Problem(SignOnProblem.BAD_CLAIM, {"claim": name, "found": _short(claims[name])})
    left = claims["exp"] - now / _SECOND
    if left <= 0:
        return Problem(SignOnProblem.EXPIRED, {"seconds": math.ceil(-left)})
    if left > MAX_LIFE + SKEW:
        return Problem(SignOnProblem.TOO_LONG_LIVED, {"seconds": math.ceil(left)})
    for name in ("nbf", "iat"):
        early = claims.get(name, 0) - now / _SECOND
        if early > SKEW:
            return Problem(SignOnProblem.NOT_YET_VALID, {"claim": name, "seconds": math.ceil(early)})
    return None


def _wrong_texts(claims: Mapping[str, Any]) -> Problem | None:
    for name in ("sub", "jti"):
        value = claims.get(name)
        if name not in claims or value == "":
            return Problem(SignOnProblem.MISSING_CLAIM, {"claim": name})
        if not is_subject(value):
            # What it says isn't told: it may stand for a person.
            return Problem(SignOnProblem.BAD_CLAIM, {"claim": name})
    return None


def is_subject(value: object) -> bool:
    """Whether this can name somebody: text of up to 255 characters that both databases keep as it is."""
    return isinstance(value, str) and 0 < len(value) <= _MAX_TEXT and value.isprintable()


def _is_time(value: object) -> bool:
    """Whether this is a number of seconds since 1970 that a clock can show; true and NaN are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e11


def _short(value: object) -> str:
    text = "".join(char for char in str(value)[:100] if char.isprintable())
    return text.encode("utf-8", "ignore").decode()
