"""By which keys may a publisher's server sign its readers in?"""

import json
import re
import secrets
import warnings
from typing import Any

from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commentsvc.enums import SigningAlgorithm
from commentsvc.errors import Conflict, Invalid
from commentsvc.infra.signatures import ALIASES
from commentsvc.queries.sign_ons import count_live_keys, find_key, find_sign_on, get_key
from commentsvc.store.models import Identity, Membership, RefreshToken, SigningKey, Site

LIVE_KEYS = 2
"""So many at once: the old one goes on while the publisher's servers change to the new one."""
MAX_PASTED = 10_000

_KID = re.compile(r"[A-Za-z0-9._~-]{1,100}")
_SMALLEST_RSA = 2048
_LARGEST_RSA = 8192
_PRIVATE = "This is a private key. Paste the public one, and replace this one: it has left your server."
_UNREADABLE = "This is no public key that we can read. Paste a PEM that begins with BEGIN PUBLIC KEY, or a JWK."


def make_shared_key(session: Session, membership: Membership, *, now: int) -> SigningKey:
    """Make a key that both sides share (HS256). Its secret is `queries.sign_ons.shared_secret`."""
    return _add(session, membership, kid=_new_kid(), algorithm=SigningAlgorithm.HS256, jwk=None, now=now)


def add_public_key(session: Session, membership: Membership, pasted: str, *, kid: str, now: int) -> SigningKey:
    """Take the public half of a key of the publisher's, PEM or JWK; its kind says the algorithm. Raises Invalid."""
    jwk = _parsed(pasted)
    algorithm, key = _recognised(jwk if jwk is not None else pasted)
    if jwk is not None and ALIASES.get(str(said := jwk.get("alg", algorithm)), said) != algorithm:
        raise Invalid(f"This key is for {str(said)[:20]}; keys of its kind sign with {algorithm} here.", field="key")
    kid = kid.strip() or str((jwk or {}).get("kid") or "") or _new_kid()
    if not _KID.fullmatch(kid):
        raise Invalid("Letters, digits and . _ ~ - can be used in a key's name, at most 100 of them.", field="kid")
    public: dict[str, Any] = dict(key.as_dict(private=False))
    kept = {name: value for name, value in public.items() if name in {"kty", "crv", "x", "y", "n", "e"}}
    return _add(session, membership, kid=kid, algorithm=algorithm, jwk=kept, now=now)


def retire(session: Session, membership: Membership, key_id: int, *, sign_out: bool, now: int) -> SigningKey:
    """Stop taking tokens that a key signed; with `sign_out`, end the sign-ins that such tokens began.

    Which key began them isn't kept, so that all of the site's end; access tokens run out within their 15 minutes.
    """
    key = get_key(session, membership.site_id, key_id)
    if key.retired_at is not None:
        raise Conflict("This key is retired already.")
    key.retired_at = now
    sign_on = find_sign_on(session, membership.site_id)
    if sign_out and sign_on is not None:
        theirs = select(Identity.person_id).where(
            Identity.site_id == membership.site_id, Identity.issuer == sign_on.token_issuer
        )
        session.execute(
            update(RefreshToken)
            .where(
                RefreshToken.site_id == membership.site_id,
                RefreshToken.person_id.in_(theirs),
                RefreshToken.revoked_at.is_(None),
            )
            .values(revoked_at=now),
            execution_options={"synchronize_session": False},
        )
    return key


def _add(
    session: Session, membership: Membership, *, kid: str, algorithm: SigningAlgorithm, jwk: dict[str, Any] | None,
    now: int,
) -> SigningKey:  # fmt: skip
    # Two administrators at once come one after the other, so that neither makes a third key.
    session.execute(select(Site.id).where(Site.id == membership.site_id).with_for_update())
    if count_live_keys(session, membership.site_id) >= LIVE_KEYS:
        raise Invalid("Two keys are in use. Retire one of them first.")
    if find_key(session, membership.site_id, kid) is not None:
        raise Invalid("A key of this name is or was in use here; give it another one.", field="kid")
    key = SigningKey(
        site_id=membership.site_id,
        kid=kid,
        algorithm=algorithm,
        jwk=jwk,
        created_at=now,
        created_by_person_id=membership.person_id,
    )
    session.add(key)
    session.flush()
    return key


def _parsed(pasted: str) -> dict[str, Any] | None:
    """Return a pasted JWK, or the one key of a JWK set; None when it is something else."""
    text = pasted.strip()
    if len(text) > MAX_PASTED:
        raise Invalid("This is too long for a key.", field="key")
    if not text.startswith("{"):
        return None
    try:
        jwk = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("This begins like a JWK, but isn't JSON.", field="key") from None
    keys = jwk.get("keys")
    if isinstance(keys, list):
        if len(keys) != 1 or not isinstance(keys[0], dict):
            raise Invalid("Paste one key, not a set of several.", field="key")
        jwk = keys[0]
    if jwk.get("kty") == "oct":
        raise Invalid("Shared secrets are made here, not pasted: choose “Make a shared secret”.", field="key")
    if jwk.get("use", "sig") != "sig":
        raise Invalid("This key is for encrypting, not for signing.", field="key")
    return dict(jwk)


def _recognised(pasted: dict[str, Any] | str) -> tuple[SigningAlgorithm, Key]:
    if ("d" if isinstance(pasted, dict) else "PRIVATE KEY") in pasted:
        raise Invalid(_PRIVATE, field="key")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)  # Of short keys, which are refused below.
        key = _imported(pasted)
    if key.is_private:
        raise Invalid(_PRIVATE, field="key")
    if isinstance(key, RSAKey):
        size = key.public_key.key_size
        if not _SMALLEST_RSA <= size <= _LARGEST_RSA:
            raise Invalid(f"This RSA key has {size} bits; 2,048 to 8,192 are taken.", field="key")
        return SigningAlgorithm.RS256, key
    if isinstance(key, ECKey) and key.curve_name == "P-256":
        return SigningAlgorithm.ES256, key
    if isinstance(key, OKPKey) and key.as_dict(private=False)["crv"] == "Ed25519":
        return SigningAlgorithm.EDDSA, key
    raise Invalid("RSA (RS256), P-256 (ES256) and Ed25519 (EdDSA) keys are taken; this is another kind.", field="key")


def _imported(pasted: dict[str, Any] | str) -> Key:
    kinds: tuple[type[RSAKey | ECKey | OKPKey], ...] = (RSAKey, ECKey, OKPKey)
    for kind in kinds:
        if isinstance(pasted, dict) and pasted.get("kty") != kind.key_type:
            continue
        try:
            return kind.import_key(pasted if isinstance(pasted, dict) else pasted.strip())
        except (JoseError, ValueError, TypeError, KeyError, AttributeError):
            continue
    raise Invalid(_UNREADABLE, field="key")


def _new_kid() -> str:
    return secrets.token_urlsafe(6).replace("-", "x").replace("_", "y")
