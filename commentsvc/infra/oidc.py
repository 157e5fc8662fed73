"""How do we have an OpenID provider tell us who somebody is?

Authlib speaks OAuth and checks the claims; every request goes out by `infra.http`, for an administrator of a site typed
the provider's address in. It happens while somebody waits: a sign-in can't be a job.
"""

import json
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.security import generate_token
from authlib.oauth2.base import OAuth2Error
from authlib.oauth2.client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key

from commentsvc.enums import SignOnProblem
from commentsvc.errors import Unanswered
from commentsvc.infra import http, signatures
from commentsvc.infra.signatures import NotAToken

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Public keys only: with a shared one the provider's other customers, or a leaked secret, could sign."""
SCOPE = "openid profile"

_KINDS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_KEPT_SECONDS = 600
_ASK_AGAIN_SECONDS = 30
_SKEW = 60
_MOST_PROVIDERS = 500


class SignOnFailed(Exception):
    """Nobody is signed in: why, for the publisher's engineer."""

    def __init__(self, reason: SignOnProblem, **facts: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Provider:
    """Where a provider's doors are, as it says itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    auth_methods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """What we are to a provider."""

    client_id: str
    client_secret: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Departure:
    """Where a person is sent, and what must fit when they come back."""

    address: str
    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """Who came back."""

    issuer: str
    subject: str
    name: str


@dataclass(slots=True)
class _Kept:
    provider: Provider
    at: float
    keys: list[Key] = field(default_factory=list)
    keys_at: float = 0.0


class Providers:
    """What is known of providers, for ten minutes; one for each process."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}
        self._lock = threading.Lock()

    def discover(self, issuer: str, *, private_hosts: Collection[str], afresh: bool = False) -> Provider:
        """Ask a provider for its doors. Raises Unanswered with a sentence for whoever typed the issuer in."""
        kept = self._kept.get(issuer)
        if kept is not None and not afresh and time.monotonic() - kept.at < _KEPT_SECONDS:
            return kept.provider
        said = _fetch(issuer.rstrip("/") + "/.well-known/openid-configuration", private_hosts)
        provider = _provider(issuer, said, private_hosts)
        with self._lock:
            if len(self._kept) >= _MOST_PROVIDERS:
                self._kept.clear()
            self._kept[issuer] = _Kept(provider, time.monotonic())
        return provider

    def depart(self, issuer: str, client: Client, *, private_hosts: Collection[str], **more: str) -> Departure:
        """Make the address at which a person signs in, with state, nonce and a PKCE challenge. Raises SignOnFailed."""
        provider = self._known(issuer, private_hosts)
        nonce, verifier = generate_token(32), generate_token(48)
        address, state = _oauth(provider, client, private_hosts).create_authorization_url(
            provider.authorization_endpoint, state=generate_token(32), nonce=nonce, code_verifier=verifier, **more
        )
        return Departure(address, state, nonce, verifier)

    def arrive(
        self, issuer: str, client: Client, *, code: str, nonce: str, verifier: str, private_hosts: Collection[str],
        now: int,
    ) -> Arrival:  # fmt: skip
        """Exchange the code, and check what the provider says of the person. Raises SignOnFailed."""
        provider = self._known(issuer, private_hosts)
        try:
            answer = _oauth(provider, client, private_hosts).fetch_token(
                provider.token_endpoint, grant_type="authorization_code", code=code, code_verifier=verifier
            )
        except OAuth2Error as error:
            raise refused(error.error, error.description) from None
        except Unanswered as error:
            raise SignOnFailed(SignOnProblem.PROVIDER_SILENT, why=error.message) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            raise _wrong("The provider’s token endpoint gave no answer that can be read.") from None
        claims = self._claims(provider, client, answer, nonce=nonce, private_hosts=private_hosts, now=now)
        name = claims.get("name") or claims.get("preferred_username")
        if not name:
            name = _name_of(provider, answer, claims["sub"], private_hosts)
        return Arrival(provider.issuer, claims["sub"], name if isinstance(name, str) else "")

    def _claims(
        self, provider: Provider, client: Client, answer: Mapping[str, Any], *, nonce: str,
        private_hosts: Collection[str], now: int,
    ) -> Mapping[str, Any]:  # fmt: skip
        try:
            token = signatures.read(str(answer.get("id_token") or ""))
        except NotAToken:
            raise _wrong("The provider gave no ID token. Is the scope openid allowed for this client?") from None
        if token.algorithm not in ALGORITHMS:
            raise _wrong(
                f"The ID token is signed by {token.algorithm[:20]}; only algorithms with public keys are taken."
            )
        try:
            claims = signatures.claims_of(token, self._key(provider, token, private_hosts), token.algorithm)
        except (NotAToken, JoseError, ValueError):
            raise _wrong("The ID token’s signature fits none of the provider’s keys.") from None
        options: Any = {
            "iss": {"essential": True, "value": provider.issuer},
            "aud": {"essential": True, "value": client.client_id},
            "sub": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": client.client_id, "access_token": answer.get("access_token")}
        try:
            CodeIDToken(claims, dict(token.header), options, params).validate(now=now // 1_000_000, leeway=_SKEW)
        except JoseError as error:
            claim = getattr(error, "claim", None) or str(error.error)
            raise _wrong(f"The ID token’s claim {str(claim)[:40]} is missing or wrong.") from None
        except (ValueError, TypeError, AttributeError):
            raise _wrong("The ID token’s claims can’t be read.") from None
        return claims

    def _key(self, provider: Provider, token: signatures.Token, private_hosts: Collection[str]) -> Key:
        """Find the key that signed; keys are asked for again when a new one is named, but not at every wrong name."""
        kept = self._kept.get(provider.issuer) or _Kept(provider, time.monotonic())
        for _ in range(2):
            kind, kid = _KINDS[token.algorithm[:2]], token.header.get("kid")
            found = [key for key in kept.keys if key.key_type == kind and kid in (None, key.kid)]
            if len(found) == 1:
                return found[0]
            if kept.keys_at and time.monotonic() - kept.keys_at < _ASK_AGAIN_SECONDS:
                break
            kept.keys = _keys(_asked(provider.jwks_uri, private_hosts))
            kept.keys_at = time.monotonic()
        raise NotAToken

    def _known(self, issuer: str, private_hosts: Collection[str]) -> Provider:
        try:
            return self.discover(issuer, private_hosts=private_hosts)
        except Unanswered as error:
            raise SignOnFailed(SignOnProblem.PROVIDER_SILENT, why=error.message) from None


def refused(error: object, description: object = None) -> SignOnFailed:
    """Say that the provider said no, in its own words; they are shown as text."""
    said = {"error": _plain(error), "said": _plain(description)}
    return SignOnFailed(SignOnProblem.PROVIDER_REFUSED, **{name: text for name, text in said.items() if text})


def _provider(issuer: str, said: Mapping[str, Any], private_hosts: Collection[str]) -> Provider:
    if said.get("issuer") != issuer:
        raise Unanswered(
            f"The provider calls itself {_plain(said.get('issuer')) or 'nothing'}; write the issuer just so."
        )
    doors = {}
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint"):
        door = said.get(name)
        if door is None and name == "userinfo_endpoint":
            continue
        if not isinstance(door, str) or not _is_safe(door, private_hosts):
            raise Unanswered(f"The provider’s {name} is no https:// address.")
        doors[name] = door
    methods = said.get("token_endpoint_auth_methods_supported")
    return Provider(
        issuer=issuer,
        userinfo_endpoint=doors.pop("userinfo_endpoint", None),
        auth_methods=tuple(map(str, methods)) if isinstance(methods, list) else ("client_secret_basic",),
        **doors,
    )


def _is_safe(url: str, private_hosts: Collection[str]) -> bool:
    try:
        http.check_url(url)
        return urlsplit(url).scheme == "https" or http.is_private_host(url, private_hosts)
    except (Unanswered, ValueError):
        return False


def _oauth(provider: Provider, client: Client, private_hosts: Collection[str]) -> OAuth2Client:
    method = "none"
    if client.client_secret:
        basic = "client_secret_basic" in provider.auth_methods or "client_secret_post" not in provider.auth_methods
        method = "client_secret_basic" if basic else "client_secret_post"
    return OAuth2Client(
        _Wire(private_hosts), client_id=client.client_id, client_secret=client.client_secret or None, scope=SCOPE,
        redirect_uri=client.redirect_uri, code_challenge_method="S256", token_endpoint_auth_method=method,
    )  # fmt: skip


def _name_of(provider: Provider, answer: Mapping[str, Any], subject: str, private_hosts: Collection[str]) -> object:
    """Ask for the name where the ID token has none; a provider that doesn't tell leaves the person nameless."""
    bearer = answer.get("access_token")
    if provider.userinfo_endpoint is None or not isinstance(bearer, str) or not bearer.isascii():
        return None
    headers = {"Authorization": f"Bearer {bearer}"}
    try:
        said = _fetch(provider.userinfo_endpoint, private_hosts, headers)
    except Unanswered:
        return None
    return (said.get("name") or said.get("preferred_username")) if said.get("sub") == subject else None


def _keys(said: Mapping[str, Any]) -> list[Key]:
    keys = []
    given = said.get("keys")
    for one in given[:50] if isinstance(given, list) else []:
        if not isinstance(one, dict) or one.get("use", "sig") != "sig" or one.get("kty") == "oct":
            continue
        try:
            keys.append(JWKRegistry.import_key(one))
        except (JoseError, ValueError, TypeError, KeyError):
            continue  # A kind that isn't known here; another one may fit.
    return keys


def _asked(url: str, private_hosts: Collection[str]) -> Mapping[str, Any]:
    try:
        return _fetch(url, private_hosts)
    except Unanswered as error:
        raise SignOnFailed(SignOnProblem.PROVIDER_SILENT, why=error.message) from None


def _fetch(url: str, private_hosts: Collection[str], headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    answer = http.send(
        url, method="GET", headers={"Accept": "application/json", **(headers or {})},
        allow_private=http.is_private_host(url, private_hosts),
    )  # fmt: skip
    try:
        said = json.loads(answer.body) if answer.is_success else None
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Unanswered(
            f"{urlsplit(url).hostname} answered {answer.status} with no JSON object at {urlsplit(url).path}."
        )
    return said


def _wrong(why: str) -> SignOnFailed:
    return SignOnFailed(SignOnProblem.PROVIDER_WRONG, why=why)


def _plain(value: object) -> str:
    return "".join(char for char in str(value or "")[:200] if char.isprintable())


@dataclass(frozen=True, slots=True)
class _Said:
    """An answer as Authlib's client reads it."""

    status_code: int
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError from None

    def raise_for_status(self) -> None:
        raise Unanswered(f"The provider’s token endpoint answered {self.status_code}.")


class _Wire:
    """What Authlib's client sends by."""

    def __init__(self, private_hosts: Collection[str]) -> None:
        self._private_hosts = private_hosts

    def post(self, url: str, *, data: Mapping[str, str], headers: Mapping[str, str], auth: Any) -> _Said:
        url, headers, body = auth.prepare("POST", url, dict(headers), urlencode(data))
        answer = http.send(
            url, body=body.encode(), headers=headers, allow_private=http.is_private_host(url, self._private_hosts)
        )
        return _Said(answer.status, answer.body)
