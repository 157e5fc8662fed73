"""What a publisher's server does: sign tokens, well and badly."""

import base64
import hmac
import json
import secrets
from typing import Any

from joserfc import jws
from joserfc.jws import JWSRegistry
from sqlalchemy.orm import Session

from commentsvc.actions import sign_ons, signing_keys
from commentsvc.queries.sign_ons import shared_secret
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import now_us
from commentsvc.store.models import Membership, SigningKey, Site
from tests.conftest import Cast

ISSUER = "https://daily.example"
SECRET = "tests-only-" + "k" * 32


def admin(session: Session, cast: Cast) -> Membership:
    found = find_membership(session, cast.eve.id, cast.daily.id)
    assert found is not None
    return found


def new_key(session: Session, cast: Cast, *, now: int | None = None) -> SigningKey:
    """Make a shared key for `daily`, with its issuer."""
    sign_ons.set_token_issuer(session, session.get_one(Site, cast.daily.id), ISSUER, now=now or now_us())
    return signing_keys.make_shared_key(session, admin(session, cast), now=now or now_us())


def claims(now: int | None = None, **change: Any) -> dict[str, Any]:
    """Return what a good token says; a claim that is changed to None is left out."""
    seconds = (now or now_us()) // 1_000_000
    good = {
        "iss": ISSUER, "sub": "user-17", "aud": "daily", "name": "Nora Falk", "jti": secrets.token_hex(8),
        "iat": seconds, "exp": seconds + 120,
    }  # fmt: skip
    return {name: value for name, value in {**good, **change}.items() if value is not None}


def signed(key: SigningKey, said: dict[str, Any] | None = None, *, now: int | None = None, **header: Any) -> str:
    """Sign with a shared key, as a publisher's server without any library does."""
    head = {"alg": "HS256", "typ": "JWT", "kid": key.kid, **header}
    body = f"{_text(head)}.{_text(said or claims(now))}"
    mac = hmac.digest(shared_secret(key, secret=SECRET).encode(), body.encode(), "sha256")
    return f"{body}.{_base64(mac)}"


def signed_by(private: Any, algorithm: str, kid: str, said: dict[str, Any] | None = None) -> str:
    """Sign with a private key."""
    model = JWSRegistry.algorithms[algorithm]
    body = f"{_text({'alg': algorithm, 'kid': kid})}.{_text(said or claims())}"
    return f"{body}.{_base64(model.sign(body.encode(), private))}"


def unsigned(said: dict[str, Any], **header: Any) -> str:
    return f"{_text(header)}.{_text(said)}."


def tampered(token: str, **change: Any) -> str:
    """Change what a token says and keep its signature."""
    head, _, signature = token.split(".")
    said = {**json.loads(jws.extract_compact(token.encode()).payload or b""), **change}
    return f"{head}.{_text(said)}.{signature}"


def _text(value: Any) -> str:
    return _base64(json.dumps(value).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
