"""What do administrators set up for their own accounts, and what are they told of tokens that were refused?"""

import json
import re
from html import unescape
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import RSAKey
from sqlalchemy import select

from commentsvc.actions import sign_ons, signing_keys
from commentsvc.actions.assertions import Problem
from commentsvc.enums import SignOnProblem
from commentsvc.queries.sign_ons import shared_secret
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import RefreshToken, SigningKey, SignOn, Site
from commentsvc.web import sign_on_words
from tests.conftest import Cast
from tests.oidc_provider import CLIENT_ID, Provider
from tests.queries.test_threads import counted
from tests.signing import ISSUER, SECRET, admin, claims, new_key, signed
from tests.web.test_matrix import begin_session
from tests.web.test_oidc import one_provider, provider
from tests.web.test_signed_tokens import exchange

__all__ = ["one_provider", "provider"]
PAGE = "/console/daily/sign-in"


class Admin:
    """An administrator at the page."""

    def __init__(self, app: Any, cast: Cast) -> None:
        self.client = app.test_client()
        self.token = begin_session(app, self.client, cast.eve)

    def send(self, path: str, **fields: str) -> Any:
        return self.client.post(
            PAGE + path, data={"csrf_token": self.token, **fields}, base_url="https://127.0.0.1:8000",
            headers={"Accept": "text/html", "Sec-Fetch-Site": "same-origin"},
        )  # fmt: skip

    def see(self, path: str = "") -> Any:
        return self.client.get(PAGE + path, base_url="https://127.0.0.1:8000", headers={"Accept": "text/html"})


@pytest.fixture
def eve(app: Any, cast: Cast) -> Admin:
    return Admin(app, cast)


def keys(db: Database) -> list[SigningKey]:
    with db.reading() as session:
        return list(session.scalars(select(SigningKey).order_by(SigningKey.id)))


def problems(answer: Any) -> list[str]:
    assert answer.status_code == 422
    return [unescape(text) for text in re.findall(r'class="problem"[^>]*>([^<]*)<', answer.text)]


def test_a_shared_secret_is_made_shown_and_works(eve: Admin, client: Any, db: Database, cast: Cast):
    saved = eve.send("/issuer", token_issuer=f" {ISSUER} ")
    made = eve.send("/keys", do="shared")
    shown = eve.see(made.location.removeprefix(PAGE)).text

    (key,) = keys(db)
    secret = shared_secret(key, secret=SECRET)
    assert (saved.location, made.location) == (f"{PAGE}?done=issuer", f"{PAGE}/keys/{key.id}?done=key")
    assert f'<p class="secret code">{secret}</p>' in shown
    assert ISSUER in shown
    assert (key.kid, key.algorithm, key.created_by_person_id) == (key.kid, "HS256", cast.eve.id)
    assert secret not in eve.see().text
    with db.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT * FROM signing_keys").mappings().one()
        assert not any(secret in str(value) for value in row.values())
    assert exchange(client, signed(key)).status_code == 200


def test_two_keys_live_while_servers_change_and_the_old_one_retires(eve: Admin, client: Any, db: Database, cast: Cast):
    pair = RSAKey.generate_key(2048)
    eve.send("/issuer", token_issuer=ISSUER)
    eve.send("/keys", do="shared")
    eve.send("/keys", do="public", key=pair.as_pem(private=False).decode(), kid="2026-11")
    third = eve.send("/keys", do="shared")
    old, new = keys(db)
    page = eve.see().text

    assert problems(third) == ["Two keys are in use. Retire one of them first."]
    assert "Make a shared secret" not in page
    assert (new.kid, new.algorithm) == ("2026-11", "RS256")
    assert exchange(client, signed(old)).status_code == 200
    retired = eve.send(f"/keys/{old.id}/retire")
    again = eve.send(f"/keys/{old.id}/retire")
    assert (retired.status_code, again.status_code) == (303, 303)
    assert exchange(client, signed(old)).json["error"]["details"] == {"reason": "retired_key"}
    assert shared_secret(old, secret=SECRET) not in eve.see(f"/keys/{old.id}").text
    assert eve.send("/keys", do="shared").status_code == 303


def test_a_leaked_keys_sign_ins_can_be_ended(eve: Admin, client: Any, db: Database, cast: Cast):
    with db.writing() as session:
        key = new_key(session, cast)
    exchange(client, signed(key))

    eve.send(f"/keys/{key.id}/retire", sign_out="y")

    refresh = client.post(
        "/api/v1/token", json={"grant_type": "refresh_token", "site": "daily"}, headers={"Origin": ISSUER}
    )
    assert refresh.status_code == 400
    with db.reading() as session:
        assert all(session.scalars(select(RefreshToken.revoked_at)))


def test_what_is_no_public_key_is_refused_beside_the_field(eve: Admin, db: Database):
    pair = RSAKey.generate_key(2048)
    short = rsa.generate_private_key(65537, 1024).public_key()
    small = short.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    pasted = {
        "": "This is no public key that we can read.",
        "ssh-ed25519 AAAA": "This is no public key that we can read.",
        pair.as_pem(private=True).decode(): "This is a private key.",
        json.dumps(pair.as_dict(private=True)): "This is a private key.",
        '{"kty": "oct", "k": "AAAA"}': "Shared secrets are made here, not pasted",
        '{"keys": []}': "Paste one key",
        "{": "This begins like a JWK",
        json.dumps({**pair.as_dict(private=False), "alg": "RS512"}): "This key is for RS512",
        json.dumps({**pair.as_dict(private=False), "alg": ["RS256"]}): "This is no public key",
        json.dumps({**pair.as_dict(private=False), "use": "enc"}): "This key is for encrypting",
        json.dumps({**pair.as_dict(private=False), "kid": "a b"}): "Letters, digits",
        small: "This RSA key has 1024 bits",
    }

    said = {text: problems(eve.send("/keys", do="public", key=text)) for text in pasted}

    for text, expected in pasted.items():
        assert len(said[text]) == 1
        assert said[text][0].startswith(expected), (text[:60], said[text])
    assert keys(db) == []


def test_a_keys_name_is_never_used_twice(eve: Admin, db: Database):
    pem = RSAKey.generate_key(2048).as_pem(private=False).decode()
    eve.send("/keys", do="public", key=pem, kid="mine")
    (key,) = keys(db)
    eve.send(f"/keys/{key.id}/retire")

    assert problems(eve.send("/keys", do="public", key=pem, kid="mine")) == [
        "A key of this name is or was in use here; give it another one."
    ]


@pytest.mark.parametrize("issuer", ["", "two words", "x" * 301, "é"])
def test_an_issuer_is_plain_text_without_spaces(eve: Admin, db: Database, issuer: str):
    assert len(problems(eve.send("/issuer", token_issuer=issuer))) == 1


def test_each_refusal_has_a_sentence_that_helps(eve: Admin, client: Any, db: Database, cast: Cast):
    with db.writing() as session:
        key = new_key(session, cast)
    for said in (claims(aud="<b>x"), claims(exp=10**10), claims(sub=17)):
        exchange(client, signed(key, said))
    exchange(client, signed(key, kid="nobody’s"))

    page = unescape(eve.see().text)

    for sentence in (
        "The token’s aud is <b>x; it must be this site’s key, daily, and nothing else.",
        "s away; at most 300 s are taken.", "The claim sub can’t be used. Times are",
        "The token names the key nobody’s, which this site doesn’t have.",
    ):  # fmt: skip
        assert sentence in page, sentence
    assert "&lt;b&gt;x" in eve.see().text
    assert "user-17" not in page
    facts = {"kid": "k", "found": "f", "expected": "e", "claim": "c", "seconds": 3, "length": 9000, "algorithm": "a"}
    for reason in SignOnProblem:
        for given in ({}, {**facts, "why": "Because.", "error": "no", "said": "never"}):
            assert "{" not in sign_on_words.sentence(reason, given)
            assert sign_on_words.title(reason)


def test_a_token_can_be_checked_without_using_it_up(eve: Admin, client: Any, db: Database, cast: Cast):
    with db.writing() as session:
        key = new_key(session, cast)
    token = signed(key)

    good, bad = eve.send("/check", token=f" {token}\n"), eve.send("/check", token="hello")

    assert "It would be taken." in good.text
    assert "user-17" in good.text
    assert "Not a token." in bad.text
    assert "Nothing was refused lately." in bad.text
    assert exchange(client, token).status_code == 200
    assert len(problems(eve.send("/check"))) == 1


def test_a_provider_is_asked_before_it_is_kept(eve: Admin, db: Database, cast: Cast, provider: Provider):
    with db.writing() as session:
        session.delete(session.get_one(SignOn, cast.daily.id))
    form = {"do": "save", "client_id": CLIENT_ID, "client_secret": "s3cret", "label": "Daily", "for_readers": "y"}
    wrong = {
        provider.issuer + "/": "The provider calls itself http",
        "http://127.0.0.1:1": "127.0.0.1 couldn't be asked",
        "http://provider.example": "An issuer is an https:// address",
        "https://a@provider.example": "An issuer is an https:// address",
        "https://provider.example/?a": "An issuer has no question mark",
        "javascript:alert(1)": "An issuer is an https:// address",
        "https://[": "An issuer is an https:// address",
        "https://10.0.0.1": "10.0.0.1 isn't on the public internet",
    }

    said = {issuer: problems(eve.send("/provider", issuer=issuer, **form)) for issuer in wrong}
    kept = eve.send("/provider", issuer=provider.issuer, **form)

    for issuer, expected in wrong.items():
        assert said[issuer][0].startswith(expected), said[issuer]
    assert kept.location == f"{PAGE}?done=provider"
    with db.reading() as session:
        sign_on = session.get_one(SignOn, cast.daily.id)
        assert (sign_on.provider_issuer, sign_on.client_secret) == (provider.issuer, "s3cret")
        assert (sign_on.for_readers, sign_on.for_staff) == (True, False)
    assert "s3cret" not in eve.see().text
    assert "http://127.0.0.1:8000/auth/oidc/daily/callback" in eve.see().text


def test_a_provider_whose_doors_are_unsafe_is_refused(eve: Admin, provider: Provider):
    form = {"do": "save", "client_id": CLIENT_ID, "label": "Daily"}
    for door in ("http://evil.example/authorize", "javascript:alert(1)", 7, "https://a:b@evil.example/"):
        provider.metadata = {"authorization_endpoint": door}

        said = problems(eve.send("/provider", issuer=provider.issuer, **form))

        assert said == ["The provider’s authorization_endpoint is no https:// address."]


def test_a_secret_stays_until_another_comes_and_goes_to_no_other_provider(
    eve: Admin, db: Database, cast: Cast, provider: Provider
):
    form = {"do": "save", "client_id": "new", "label": "Daily", "issuer": provider.issuer}
    eve.send("/provider", **form)
    with db.writing() as session:
        sign_on = session.get_one(SignOn, cast.daily.id)
        assert (sign_on.client_id, sign_on.client_secret) == ("new", "between-the-two-of-us")
        sign_on.provider_issuer = "https://another.example"

    moved = problems(eve.send("/provider", **form))
    none = eve.send("/provider", **form, no_secret="y")

    assert moved == ["Another provider needs its own secret; leave it empty only if it gave none."]
    assert none.status_code == 303
    with db.reading() as session:
        assert session.get_one(SignOn, cast.daily.id).client_secret == ""
    eve.send("/provider", do="remove")
    with db.reading() as session:
        sign_on = session.get_one(SignOn, cast.daily.id)
        assert (sign_on.provider_issuer, sign_on.client_id, sign_on.for_readers) == (None, "", False)


def test_another_sites_key_is_not_found(eve: Admin, db: Database, cast: Cast):
    with db.writing() as session:
        theirs = SigningKey(site_id=cast.other.id, kid="theirs", algorithm="HS256", created_at=1)
        session.add(theirs)

    statuses = [eve.see(f"/keys/{theirs.id}").status_code, eve.send(f"/keys/{theirs.id}/retire").status_code]

    assert statuses == [404, 404]
    assert eve.see("/keys/x").status_code == 404
    assert keys(db)[0].retired_at is None


def test_whoever_confirmed_long_ago_is_asked_again(eve: Admin, db: Database):
    with eve.client.session_transaction(base_url="https://127.0.0.1:8000") as session:
        session["confirmed_at"] = 0

    answers = [eve.see(), eve.send("/keys", do="shared"), eve.send("/issuer", token_issuer="x")]

    assert [answer.location.split("?")[0] for answer in answers] == ["/auth/confirm"] * 3
    assert keys(db) == []


def test_the_page_costs_the_same_with_little_and_with_much(app: Any, eve: Admin, db: Database, cast: Cast):
    costs = []
    for count in (1, 30):
        with db.writing() as session:
            site = session.get_one(Site, cast.daily.id)
            for number in range(count):
                sign_ons.note_refusal(session, site, Problem(list(SignOnProblem)[number % 20]), now=now_us())
                key = signing_keys.make_shared_key(session, admin(session, cast), now=now_us() + number)
                key.retired_at = 1
        with counted(app.extensions["commentsvc"].db) as statements:
            assert eve.see().status_code == 200
        costs.append(len(statements))

    assert costs[0] == costs[1]
