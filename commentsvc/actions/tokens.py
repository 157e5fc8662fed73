"""Which tokens are given out, exchanged, renewed and revoked?

In the words of RFC 6749 and RFC 7636. A refusal that must be remembered (a code that is burnt, a family that is
revoked) is returned as the error, not raised: the transaction is committed.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from joserfc import jwt
from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.orm import Session

from commentsvc.actions.accounts import join
from commentsvc.enums import Role, Scope
from commentsvc.errors import Forbidden, NotFound, TokenRefused
from commentsvc.queries.callers import ALGORITHM, API_TOKEN_PREFIX, SCOPES, access_key, derived_key, hash_token
from commentsvc.store.models import ApiToken, AuthorizationCode, Person, RefreshToken, Site
from commentsvc.text import clean

ACCESS_SECONDS = 15 * 60
MAX_TOKEN_NAME = 100

_SECOND = 1_000_000
_CODE_LIFE = 60 * _SECOND
_REFRESH_LIFE = 30 * 24 * 3600 * _SECOND
_GRACE = 20 * _SECOND
_VERIFIER_LENGTHS = range(43, 129)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a successful grant gives: both tokens in plain text, and when the family of the second one ends."""

    access_token: str
    refresh_token: str
    refresh_ends_at: int


def issue_code(session: Session, person: Person, site: Site, *, origin: str, challenge: str, now: int) -> str:
    """Give out an authorization code for one page origin and challenge, joining the person to the site."""
    join(session, person, site, now=now)
    code = secrets.token_urlsafe(32)
    session.add(
        AuthorizationCode(
            code_hash=hash_token(code),
            person_id=person.id,
            site_id=site.id,
            origin=origin,
            challenge=challenge,
            epoch=person.epoch,
            expires_at=now + _CODE_LIFE,
        )
    )
    return code


def exchange_code(
    session: Session, site: Site, *, code: str, verifier: str, origin: str, secret: str, now: int
) -> Grant | TokenRefused:
    """Exchange a code for tokens. However many ask at once, one gets them; whoever asks wrongly burns the code."""
    taken = session.execute(
        delete(AuthorizationCode)
        .where(AuthorizationCode.code_hash == hash_token(code))
        .returning(
            AuthorizationCode.person_id,
            AuthorizationCode.site_id,
            AuthorizationCode.origin,
            AuthorizationCode.challenge,
            AuthorizationCode.epoch,
            AuthorizationCode.expires_at,
        )
    ).one_or_none()
    if taken is None:
        return TokenRefused("This code was used before, or is not one of ours.")
    person = session.get_one(Person, taken.person_id)
    if taken.expires_at <= now or taken.epoch != person.epoch:
        return TokenRefused("This code has expired.")
    if (taken.site_id, taken.origin) != (site.id, origin) or not _answers(verifier, taken.challenge):
        return TokenRefused("This code was given to another page.")
    return begin(session, person, site, secret=secret, now=now)


def begin(session: Session, person: Person, site: Site, *, secret: str, now: int) -> Grant:
    """Begin a sign-in of somebody who has proved who they are: both tokens, of a family of their own."""
    token = secrets.token_urlsafe(32)
    ends_at = now + _REFRESH_LIFE
    session.add(
        RefreshToken(
            token_hash=hash_token(token),
            family=secrets.token_hex(16),
            person_id=person.id,
            site_id=site.id,
            epoch=person.epoch,
            expires_at=ends_at,
        )
    )
    return Grant(access_token(person, site, secret=secret, now=now), token, ends_at)


def refresh(session: Session, site: Site, *, token: str, secret: str, now: int) -> Grant | TokenRefused:
    """Exchange a refresh token for its successor and an access token.

    A token that comes twice revokes its whole family, because one of the two was a thief; except within 20 s, when
    tabs that asked at once are given the same successor.
    """
    mine = (RefreshToken.token_hash == hash_token(token)) & (RefreshToken.site_id == site.id)
    session.execute(
        update(RefreshToken).where(mine, RefreshToken.used_at.is_(None), _alive(now)).values(used_at=now),
        execution_options={"synchronize_session": False},
    )
    row = _find(session, token)
    if row is None or row.site_id != site.id or row.used_at is None:
        return TokenRefused("This sign-in is over.")
    person = session.get_one(Person, row.person_id)
    if row.revoked_at is not None or row.expires_at <= now or row.epoch != person.epoch:
        return TokenRefused("This sign-in is over.")
    if now - row.used_at > _GRACE:
        revoke_family(session, token, now=now)
        return TokenRefused("This sign-in was used from two places and has been ended.")
    successor = _newest_successor(session, row, token, secret)
    return Grant(access_token(person, site, secret=secret, now=now), successor, row.expires_at)


def revoke_family(session: Session, token: str, *, now: int) -> None:
    """End the sign-in that a refresh token belongs to, if there is one."""
    row = _find(session, token)
    if row is not None:
        family = update(RefreshToken).where(RefreshToken.family == row.family, RefreshToken.revoked_at.is_(None))
        session.execute(family.values(revoked_at=now), execution_options={"synchronize_session": False})


def access_token(person: Person, site: Site, *, secret: str, now: int) -> str:
    """Sign an access token for one site, with a reader's scope whatever the person's role."""
    issued = now // _SECOND
    claims = {
        "sub": str(person.id),
        "aud": site.key,
        "scope": Scope.READER.value,
        "epoch": person.epoch,
        "iat": issued,
        "exp": issued + ACCESS_SECONDS,
    }
    return jwt.encode({"alg": ALGORITHM}, claims, access_key(secret), algorithms=[ALGORITHM])


def issue_token(
    session: Session, person: Person, site: Site, *, name: str, now: int, scopes: Collection[Scope] = (),
    expires_at: int | None = None, token: str = "",
) -> str:  # fmt: skip
    """Give out a personal API token, joining the person to the site if need be.

    It has the scopes of their role, or of those only the ones named; Forbidden when the role has not all of them.
    `token` is one that `new_token` made, for whoever has to show it later.
    """
    membership = join(session, person, site, now=now)
    theirs = SCOPES[Role(membership.role)]
    if lacking := sorted(set(scopes) - theirs):
        raise Forbidden(f"A {membership.role} of {site.key} can't have a token with the scope {lacking[0]}.")
    token = token or API_TOKEN_PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            token_hash=hash_token(token), person_id=person.id, site_id=site.id,
            name=clean(name, field="name", max_length=MAX_TOKEN_NAME), scopes=sorted(set(scopes) or theirs),
            created_at=now, expires_at=expires_at,
        )
    )  # fmt: skip
    session.flush()
    return token


def new_token(secret: str, nonce: str) -> str:
    """Derive an API token from a nonce: whoever keeps the nonce until the token is shown keeps nothing that is worth
    anything without the installation's secret."""
    return API_TOKEN_PREFIX + _text(hmac.digest(derived_key(secret, "api token"), nonce.encode(), "sha256"))


def revoke_token(
    session: Session, token_id: int, *, now: int, person_id: int | None = None, site_id: int | None = None
) -> ApiToken:
    """End an API token of a person, or of a site, from the next request on; NotFound when it isn't theirs."""
    token = session.get(ApiToken, token_id)
    if token is None or (person_id, site_id) not in {(token.person_id, None), (None, token.site_id)}:
        raise NotFound("There is no such token.")
    token.revoked_at = token.revoked_at or now
    return token


def _newest_successor(session: Session, row: RefreshToken, token: str, secret: str) -> str:
    """Return the family's unused token, making it when this is the first use."""
    while row.used_at is not None:
        # Derived, so that the same successor can be given again though only hashes are kept.
        token = _text(hmac.digest(derived_key(secret, "refresh token"), token.encode(), "sha256"))
        successor = _find(session, token)
        if successor is None:
            successor = RefreshToken(
                token_hash=hash_token(token),
                family=row.family,
                person_id=row.person_id,
                site_id=row.site_id,
                epoch=row.epoch,
                expires_at=row.expires_at,
            )
            session.add(successor)
        row = successor
    return token


def _find(session: Session, token: str) -> RefreshToken | None:
    return session.get(RefreshToken, hash_token(token), populate_existing=True)


def _alive(now: int) -> ColumnElement[bool]:
    return RefreshToken.revoked_at.is_(None) & (RefreshToken.expires_at > now)


def _answers(verifier: str, challenge: str) -> bool:
    if len(verifier) not in _VERIFIER_LENGTHS or not verifier.isascii():
        return False
    return hmac.compare_digest(_text(hashlib.sha256(verifier.encode()).digest()), challenge)


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
