"""Was this token signed by this key, with this algorithm and no other?"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import DecodeError, JoseError, UnsupportedAlgorithmError
from joserfc.jws import JWSRegistry

ALIASES = {"Ed25519": "EdDSA"}
"""RFC 9864 gives EdDSA with this curve a name of its own; both mean the same signature."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a signed token says, before anybody has asked whether the signature is right."""

    text: str
    header: Mapping[str, Any]

    @property
    def algorithm(self) -> str:
        """How it claims to be signed; for comparing, never for choosing."""
        said = str(self.header.get("alg"))
        return ALIASES.get(said, said)


class NotAToken(Exception):
    """This isn't a signed token, or its signature is another's."""


def read(text: str) -> Token:
    """Take a compact JWS apart, or raise NotAToken."""
    try:
        header = jws.extract_compact(text.encode()).protected
    except (JoseError, ValueError, RecursionError, TypeError, AttributeError):
        raise NotAToken from None
    if not isinstance(header, dict):
        raise NotAToken
    return Token(text, header)


def claims_of(token: Token, key: Any, algorithm: str) -> dict[str, Any]:
    """Return the claims of a token that this key signed, or raise NotAToken."""
    names = {algorithm, *(alias for alias, name in ALIASES.items() if name == algorithm)}
    try:
        verified = jws.deserialize_compact(token.text.encode(), key, registry=_Pinned(names))
        claims = json.loads(verified.payload or b"")
    except (JoseError, ValueError, RecursionError, TypeError, AttributeError):
        raise NotAToken from None
    if not isinstance(claims, dict):
        raise NotAToken
    return claims


class _Pinned(JWSRegistry):
    """The algorithms that one key may be used with."""

    def __init__(self, names: set[str]) -> None:
        super().__init__(algorithms=names, strict_check_header=False)
        self._names = names

    def get_alg(self, name: str) -> Any:
        if not isinstance(name, str):
            raise DecodeError("no algorithm")
        if name not in self._names:
            raise UnsupportedAlgorithmError(name)
        return self.algorithms[name]
