"""Is a publisher's token taken once, and nothing that only looks like one?"""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey
from sqlalchemy import func, select

from commentsvc.actions import assertions, purging, sign_ons, signing_keys
from commentsvc.actions.assertions import Problem, Vouched
from commentsvc.store.db import Database
from commentsvc.store.models import RefusedSignOn, SigningKey, Site, UsedAssertion
from tests.conftest import Cast
from tests.signing import ISSUER, SECRET, admin, claims, new_key, signed, signed_by, tampered, unsigned

NOW = 1_800_000_000_000_000


def take(db: Database, cast: Cast, token: str, *, site: Any = None, now: int = NOW) -> Vouched | Problem:
    with db.writing() as session:
        return assertions.accept(session, session.get_one(Site, (site or cast.daily).id), token, secret=SECRET, now=now)


@pytest.fixture
def key(db: Database, cast: Cast) -> SigningKey:
    with db.writing() as session:
        return new_key(session, cast, now=NOW)


def test_a_good_token_says_who_it_is(db: Database, cast: Cast, key: SigningKey):
    said = claims(NOW, role="admin", roles=["manager"], email="cam@daily.example")

    found = take(db, cast, signed(key, said))

    assert isinstance(found, Vouched)
    assert (found.issuer, found.subject, found.name, found.key.kid) == (ISSUER, "user-17", "Nora Falk", key.kid)
    with db.reading() as session:
        assert session.get_one(SigningKey, key.id).last_used_at == NOW


WRONG: list[tuple[dict[str, Any], tuple[str, dict[str, Any]]]] = [
    ({"exp": NOW // 10**6}, ("expired", {"seconds": 0})),
    ({"exp": NOW // 10**6 - 42}, ("expired", {"seconds": 42})),
    ({"exp": NOW // 10**6 + 331}, ("too_long_lived", {"seconds": 331})),
    ({"exp": 10**10}, ("too_long_lived", {"seconds": 10**10 - NOW // 10**6})),
    ({"exp": None}, ("missing_claim", {"claim": "exp"})),
    ({"exp": "soon"}, ("bad_claim", {"claim": "exp", "found": "soon"})),
    ({"exp": True}, ("bad_claim", {"claim": "exp", "found": "True"})),
    ({"exp": float("nan")}, ("bad_claim", {"claim": "exp", "found": "nan"})),
    ({"exp": 10**400}, ("bad_claim", {"claim": "exp", "found": str(10**400)[:100]})),
    ({"nbf": NOW // 10**6 + 31}, ("not_yet_valid", {"claim": "nbf", "seconds": 31})),
    ({"iat": NOW // 10**6 + 60}, ("not_yet_valid", {"claim": "iat", "seconds": 60})),
    ({"iat": None}, ("missing_claim", {"claim": "iat"})),
    ({"iss": "https://other.example"}, ("wrong_issuer", {"expected": ISSUER, "found": "https://other.example"})),
    ({"iss": ISSUER + "/"}, ("wrong_issuer", {"expected": ISSUER, "found": ISSUER + "/"})),
    ({"iss": None}, ("missing_claim", {"claim": "iss"})),
    ({"aud": "other"}, ("wrong_audience", {"expected": "daily", "found": "other"})),
    ({"aud": ["daily", "other"]}, ("wrong_audience", {"expected": "daily", "found": "['daily', 'other']"})),
    ({"aud": None}, ("missing_claim", {"claim": "aud"})),
    ({"sub": None}, ("missing_claim", {"claim": "sub"})),
    ({"sub": ""}, ("missing_claim", {"claim": "sub"})),
    ({"sub": 17}, ("bad_claim", {"claim": "sub"})),
    ({"sub": "a\0b"}, ("bad_claim", {"claim": "sub"})),
    ({"sub": "\ud800"}, ("bad_claim", {"claim": "sub"})),
    ({"sub": "x" * 256}, ("bad_claim", {"claim": "sub"})),
    ({"jti": None}, ("missing_claim", {"claim": "jti"})),
    ({"jti": {}}, ("bad_claim", {"claim": "jti"})),
]


def test_a_token_with_wrong_claims_is_refused_with_the_fact(db: Database, cast: Cast, key: SigningKey):
    found = [take(db, cast, signed(key, claims(NOW, **change))) for change, _ in WRONG]

    assert found == [Problem(reason, {"kid": key.kid, **facts}) for _, (reason, facts) in WRONG]
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(UsedAssertion)) == 0


def test_what_a_clock_or_a_library_may_do_differently_is_taken(db: Database, cast: Cast, key: SigningKey):
    for change in ({"aud": ["daily"]}, {"iat": NOW // 10**6 + 29}, {"exp": NOW / 10**6 + 5.5}, {"name": None}):
        assert isinstance(take(db, cast, signed(key, claims(NOW, **change))), Vouched), change


FORGED: dict[str, tuple[Callable[[SigningKey], str], str]] = {
    "nothing": (lambda key: "", "malformed"),
    "no token": (lambda key: "hello", "malformed"),
    "dots": (lambda key: "..", "malformed"),
    "header is a list": (lambda key: "W10.e30.AA", "malformed"),
    "deep": (lambda key: "W1tbW1tb" * 900 + ".e30.AA", "malformed"),
    "not ASCII": (lambda key: "é.é.é", "malformed"),
    "surrogate": (lambda key: "\ud800", "malformed"),
    "64 kB": (lambda key: signed(key, claims(NOW, more="x" * 48_000)), "too_long"),
    "alg none": (lambda key: unsigned(claims(NOW), alg="none", kid=key.kid), "unsigned"),
    "alg None": (lambda key: unsigned(claims(NOW), alg="NONE", kid=key.kid), "unsigned"),
    "no alg": (lambda key: unsigned(claims(NOW), kid=key.kid), "malformed"),
    "alg is a list": (lambda key: unsigned(claims(NOW), alg=["HS256"], kid=key.kid), "wrong_algorithm"),
    "no signature": (lambda key: unsigned(claims(NOW), alg="HS256", kid=key.kid), "bad_signature"),
    "another's secret": (
        lambda key: signed_by(OctKey.import_key("s" * 43), "HS256", key.kid, claims(NOW)), "bad_signature",
    ),
    "changed": (lambda key: tampered(signed(key, claims(NOW)), sub="user-1"), "bad_signature"),
    "no kid": (lambda key: signed(key, claims(NOW), kid=""), "no_kid"),
    "kid is a number": (lambda key: signed(key, claims(NOW), kid=1), "no_kid"),
    "unknown kid": (lambda key: signed(key, claims(NOW), kid="other"), "unknown_kid"),
    "hostile kid": (lambda key: signed(key, claims(NOW), kid="\ud800' OR 1=1"), "unknown_kid"),
    "own key in its header": (
        lambda key: signed(key, claims(NOW), kid="x", jwk={"kty": "oct", "k": "AAAA"}), "unknown_kid",
    ),
    "stronger algorithm": (
        lambda key: signed_by(OctKey.import_key("s" * 43), "HS512", key.kid, claims(NOW)), "wrong_algorithm",
    ),
    "unknown critical header": (lambda key: signed(key, claims(NOW), crit=["x"], x=1), "bad_signature"),
    "claims are a list": (lambda key: signed(key, [1]), "bad_signature"),  # type: ignore[arg-type]
}  # fmt: skip


def test_what_only_looks_like_a_token_is_refused(db: Database, cast: Cast, key: SigningKey):
    found = {name: getattr(take(db, cast, make(key)), "reason", "taken") for name, (make, _) in FORGED.items()}

    assert found == {name: reason for name, (_, reason) in FORGED.items()}


def test_a_token_works_once(db: Database, cast: Cast, key: SigningKey):
    token = signed(key, claims(NOW, jti="once"))

    first, again = take(db, cast, token), take(db, cast, token)
    other_token = take(db, cast, signed(key, claims(NOW, jti="once", sub="user-18")))

    assert isinstance(first, Vouched)
    assert again == other_token == Problem("replayed", {"kid": key.kid})


def test_of_many_at_once_one_is_let_in(db: Database, cast: Cast, key: SigningKey):
    token = signed(key, claims(NOW))
    found: list[Vouched | Problem] = []

    threads = [threading.Thread(target=lambda: found.append(take(db, cast, token))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(type(one).__name__ for one in found) == ["Problem"] * 5 + ["Vouched"]


def test_a_used_token_is_remembered_as_long_as_it_could_be_taken(db: Database, cast: Cast, key: SigningKey):
    token = signed(key, claims(NOW))
    take(db, cast, token)
    last = NOW + 119_000_000

    with db.writing() as session:
        purging.purge(session, now=last)
    again = take(db, cast, token, now=last)
    with db.writing() as session:
        purging.purge(session, now=last + 40_000_000)
        left = session.scalar(select(func.count()).select_from(UsedAssertion))

    assert again == Problem("replayed", {"kid": key.kid})
    assert left == 0
    assert take(db, cast, token, now=last + 40_000_000) == Problem("expired", {"kid": key.kid, "seconds": 39})


def test_a_site_without_keys_or_with_anothers_takes_nothing(db: Database, cast: Cast, key: SigningKey):
    nothing = take(db, cast, signed(key, claims(NOW, aud="other")), site=cast.other)
    with db.writing() as session:
        theirs = SigningKey(site_id=cast.other.id, kid="theirs", algorithm="HS256", created_at=NOW)
        session.add(theirs)
    swapped = take(db, cast, signed(key, claims(NOW, aud="other")), site=cast.other)
    for_them = take(db, cast, signed(theirs, claims(NOW, aud="other")), site=cast.other)

    assert nothing == Problem("no_keys")
    assert swapped == Problem("unknown_kid", {"kid": key.kid})
    assert for_them == Problem("wrong_issuer", {"kid": "theirs", "expected": "", "found": ISSUER})


@pytest.fixture(scope="module")
def pairs() -> dict[str, Any]:
    return {
        "RS256": RSAKey.generate_key(2048),
        "ES256": ECKey.generate_key("P-256"),
        "EdDSA": OKPKey.generate_key("Ed25519"),
    }


@pytest.mark.parametrize(("algorithm", "form"), [("RS256", "PEM"), ("ES256", "JWK"), ("EdDSA", "PEM")])
def test_a_pasted_public_key_is_good_for_its_own_algorithm_alone(
    db: Database, cast: Cast, pairs: dict[str, Any], algorithm: str, form: str
):
    pair = pairs[algorithm]
    public = pair.as_pem(private=False).decode() if form == "PEM" else json.dumps(pair.as_dict(private=False))
    with db.writing() as session:
        sign_ons.set_token_issuer(session, session.get_one(Site, cast.daily.id), ISSUER, now=NOW)
        made = signing_keys.add_public_key(session, admin(session, cast), public, kid="mine", now=NOW)
        assert (made.algorithm, made.jwk is not None and "d" not in made.jwk) == (algorithm, True)

    good = take(db, cast, signed_by(pair, algorithm, "mine", claims(NOW)))
    # The classic confusion: the public key, which anybody has, used as a shared secret.
    confused = take(db, cast, signed_by(OctKey(public.encode(), public.encode()), "HS256", "mine", claims(NOW)))
    other = "ES256" if algorithm == "RS256" else "RS256"
    swapped = take(db, cast, signed_by(pairs[other], other, "mine", claims(NOW)))

    assert isinstance(good, Vouched)
    assert confused == Problem("wrong_algorithm", {"kid": "mine", "algorithm": algorithm, "found": "HS256"})
    assert swapped == Problem("wrong_algorithm", {"kid": "mine", "algorithm": algorithm, "found": other})


def test_ed25519_by_its_newer_name_is_the_same(db: Database, cast: Cast, pairs: dict[str, Any]):
    public = json.dumps(pairs["EdDSA"].as_dict(private=False) | {"alg": "Ed25519", "kid": "ed"})
    with db.writing() as session:
        sign_ons.set_token_issuer(session, session.get_one(Site, cast.daily.id), ISSUER, now=NOW)
        signing_keys.add_public_key(session, admin(session, cast), public, kid="", now=NOW)

    assert isinstance(take(db, cast, signed_by(pairs["EdDSA"], "Ed25519", "ed", claims(NOW))), Vouched)


def test_a_few_refusals_of_each_kind_are_kept(db: Database, cast: Cast):
    with db.writing() as session:
        daily, other = session.get_one(Site, cast.daily.id), session.get_one(Site, cast.other.id)
        sign_ons.note_refusal(session, daily, Problem("expired", {"seconds": 3}), now=NOW)
        sign_ons.note_refusal(session, other, Problem("malformed"), now=NOW)
        for turn in range(9):
            sign_ons.note_refusal(session, daily, Problem("malformed", {"turn": turn}), now=NOW + turn)

    with db.reading() as session:
        kept = session.execute(select(RefusedSignOn.reason, RefusedSignOn.facts).order_by(RefusedSignOn.id)).all()
    assert [(reason, facts) for reason, facts in kept] == [
        ("expired", {"seconds": 3}), ("malformed", {}), *(("malformed", {"turn": turn}) for turn in range(4, 9)),
    ]  # fmt: skip
    with db.writing() as session:
        purging.purge(session, now=NOW + 31 * 86_400_000_000)
        assert session.scalar(select(func.count()).select_from(RefusedSignOn)) == 0
