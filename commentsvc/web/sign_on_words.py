"""What is told of a sign-on that failed, so that a publisher's engineer knows what to change?"""

from collections.abc import Mapping
from typing import Any

from commentsvc.actions.assertions import MAX_LIFE, MAX_TOKEN, SKEW
from commentsvc.enums import SignOnProblem

_P = SignOnProblem
_TITLES = {
    _P.NO_KEYS: "No key",
    _P.TOO_LONG: "Too long",
    _P.MALFORMED: "Not a token",
    _P.UNSIGNED: "Not signed",
    _P.NO_KID: "No key named",
    _P.UNKNOWN_KID: "Unknown key",
    _P.RETIRED_KEY: "Retired key",
    _P.WRONG_ALGORITHM: "Wrong algorithm",
    _P.BAD_SIGNATURE: "Wrong signature",
    _P.MISSING_CLAIM: "Claim missing",
    _P.BAD_CLAIM: "Claim unusable",
    _P.WRONG_ISSUER: "Wrong issuer",
    _P.WRONG_AUDIENCE: "Wrong audience",
    _P.EXPIRED: "Expired",
    _P.TOO_LONG_LIVED: "Valid for too long",
    _P.NOT_YET_VALID: "Not valid yet",
    _P.REPLAYED: "Used before",
    _P.PROVIDER_SILENT: "Provider didn’t answer",
    _P.PROVIDER_REFUSED: "Provider refused",
    _P.PROVIDER_WRONG: "Provider’s answer unusable",
}
_SENTENCES = {
    _P.NO_KEYS: "This site has no key in use, so no token can be checked. Make one above.",
    _P.TOO_LONG: f"The token has {{length}} characters; at most {MAX_TOKEN:,} are taken. Leave out what isn’t needed.",
    _P.MALFORMED: "This isn’t a JWT: three parts in base64url with dots between, the first of them JSON with an alg. "
    "Was something else sent, or the token cut or quoted on its way?",
    _P.UNSIGNED: "The token’s alg is none. Unsigned tokens are never taken: sign it with one of the keys above.",
    _P.NO_KID: "The token’s header has no kid. Set it to the name of the key that signed it.",
    _P.UNKNOWN_KID: "The token names the key {kid}, which this site doesn’t have. Compare it with the names above.",
    _P.RETIRED_KEY: "The token was signed with {kid}, which has been retired. Let your server sign with the newer key.",
    _P.WRONG_ALGORITHM: "The key {kid} is for {algorithm} alone, but the token says {found}.",
    _P.BAD_SIGNATURE: "The signature doesn’t fit the key {kid} ({algorithm}). Was it signed with another key’s secret "
    "or private half, or changed after signing?",
    _P.MISSING_CLAIM: "The claim {claim} is missing. iss, sub, aud, iat, exp and jti are needed.",
    _P.BAD_CLAIM: "The claim {claim} can’t be used{found_as}. Times are numbers of seconds; sub and jti are texts "
    "of 1 to 255 printable characters.",
    _P.WRONG_ISSUER: "The token’s iss is {found}; the issuer set above is {expected}. They must be the same to "
    "the letter.",
    _P.WRONG_AUDIENCE: "The token’s aud is {found}; it must be this site’s key, {expected}, and nothing else.",
    _P.EXPIRED: "The token came {seconds} s after its exp. Sign a new one for each sign-in, and compare your "
    "server’s clock.",
    _P.TOO_LONG_LIVED: f"The token’s exp is {{seconds}} s away; at most {MAX_LIFE} s are taken. Two minutes are "
    "plenty.",
    _P.NOT_YET_VALID: f"The token’s {{claim}} is {{seconds}} s in the future; {SKEW} s are let pass. Compare "
    "your server’s clock.",
    _P.REPLAYED: "A token with this jti was used before. Each works once: sign a new one, with a new jti, for each "
    "sign-in.",
    _P.PROVIDER_SILENT: "{why}",
    _P.PROVIDER_REFUSED: "The provider said {error}{description}.",
    _P.PROVIDER_WRONG: "{why}",
}


def title(reason: str) -> str:
    """Name a problem in two or three words."""
    return _TITLES[SignOnProblem(reason)]


def sentence(reason: str, facts: Mapping[str, Any]) -> str:
    """Say what was wrong and what to do, with what was seen."""
    found = facts.get("found")
    known = {
        "found_as": f": it says {found}" if found is not None else "",
        "description": f": {facts['said']}" if facts.get("said") else "",
    }
    return _SENTENCES[SignOnProblem(reason)].format_map(_Facts({**facts, **known}))


class _Facts(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "unknown"
