"""Who is calling: which person, on which site, with which scopes?"""

import hashlib
import hmac
from dataclasses import dataclass
from functools import cache, lru_cache

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from sqlalchemy import BindParameter, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from commentsvc.enums import Purpose, Role, Scope
from commentsvc.queries.sites import barring
from commentsvc.store.models import ApiToken, Membership, OneTimeLink, Origin, Person, Site
from commentsvc.store.paging import parse_id

ALGORITHM = "HS256"
API_TOKEN_PREFIX = "cst_"  # noqa: S105 (so that leaked tokens can be searched for)
SCOPES: dict[Role, frozenset[Scope]] = {
    Role.READER: frozenset({Scope.READER}),
    Role.MANAGER: frozenset(Scope),
    Role.ADMIN: frozenset(Scope),
}

_MAX_BEARER = 1000
_CLAIMS = jwt.JWTClaimsRegistry


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who proved who they are, on one site."""

    person: Person
    site_id: int
    scopes: frozenset[Scope]
    membership: Membership | None
    token_id: int | None = None
    """Of the personal API token that they came with."""


def find_caller(session: Session, bearer: str, *, secret: str, now: int) -> Caller | None:
    """Find who is behind an access token or a personal API token.

    The person's epoch and role are read each time: what ended their sessions or took their role has ended this too.
    """
    if len(bearer) > _MAX_BEARER or not bearer.isascii():
        return None
    if bearer.startswith(API_TOKEN_PREFIX):
        return _by_api_token(session, bearer, now=now)
    return _by_access_token(session, bearer, secret=secret, now=now)


def find_linked(session: Session, token: str, *, purpose: Purpose, now: int) -> Person | None:
    """Find whose one-time link this is, without using it up."""
    return session.scalar(
        select(Person)
        .join(OneTimeLink, OneTimeLink.person_id == Person.id)
        .where(
            OneTimeLink.token_hash == hash_token(token),
            OneTimeLink.purpose == purpose,
            OneTimeLink.expires_at > now,
        )
    )


def is_anyones_origin(session: Session, origin: str) -> bool:
    """Whether pages of exactly this origin may embed some site: all that a preflight can ask."""
    return session.scalar(select(Origin.site_id).where(Origin.origin == origin).limit(1)) is not None


def hash_token(token: str) -> str:
    """Hash a random token for keeping; tokens have 256 bits, so that a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=4)
def derived_key(secret: str, use: str) -> bytes:
    """Derive the key for one use from the installation's secret, so that no signature serves two purposes."""
    return hmac.digest(secret.encode(), f"commentsvc {use}".encode(), "sha256")


@lru_cache(maxsize=4)
def access_key(secret: str) -> OctKey:
    """Return the key that signs access tokens."""
    return OctKey.import_key(derived_key(secret, "access token"))


def _by_access_token(session: Session, bearer: str, *, secret: str, now: int) -> Caller | None:
    try:
        claims = jwt.decode(bearer, access_key(secret), algorithms=[ALGORITHM]).claims
        _CLAIMS(now=now // 1_000_000, exp={"essential": True}).validate(claims)
    except (JoseError, ValueError, RecursionError):
        return None
    person_id = parse_id(str(claims.get("sub")))
    row = session.execute(_who_query(), {"person": person_id, "site": str(claims.get("aud"))}).one_or_none()
    if row is None or row.Person.epoch != claims.get("epoch"):
        return None
    return Caller(row.Person, row.id, SCOPES[Role.READER], row.Membership)


def _by_api_token(session: Session, bearer: str, *, now: int) -> Caller | None:
    row = session.execute(_api_token_query(), {"hash": hash_token(bearer), "now": now}).one_or_none()
    if row is None:
        return None
    token, person, membership, is_barred = row
    granted = frozenset(Scope(word) for word in token.scopes)
    role = Role(membership.role) if membership and not is_barred else Role.READER
    return Caller(person, token.site_id, granted & SCOPES[role], membership, token.id)


@cache
def _api_token_query() -> Select[ApiToken, Person, Membership, bool]:
    now: BindParameter[int] = bindparam("now")
    is_current = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now)
    return (
        select(ApiToken, Person, Membership, barring(ApiToken.person_id, ApiToken.site_id, now=now))
        .join(Person, Person.id == ApiToken.person_id)
        .outerjoin(Membership, (Membership.person_id == ApiToken.person_id) & (Membership.site_id == ApiToken.site_id))
        .where(ApiToken.token_hash == bindparam("hash"), ApiToken.revoked_at.is_(None), is_current)
    )


@cache
def _who_query() -> Select[Person, int, Membership]:
    return (
        select(Person, Site.id, Membership)
        .select_from(Person)
        .join(Site, Site.key == bindparam("site"))
        .outerjoin(Membership, (Membership.person_id == Person.id) & (Membership.site_id == Site.id))
        .where(Person.id == bindparam("person"))
    )
