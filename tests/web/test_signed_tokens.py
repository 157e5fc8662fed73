"""What does the token endpoint answer to a token that a publisher's server signed?"""

from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.app import create_app
from commentsvc.enums import Role, SanctionKind
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Identity, Membership, Person, RefreshToken, RefusedSignOn, SigningKey, UsedAssertion
from tests import factories
from tests.conftest import Cast
from tests.signing import claims, new_key, signed
from tests.web.test_token import COOKIE, cookies, error_of, me, refresh, rows

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FROM_PAGE = {"Origin": "https://daily.example"}


@pytest.fixture
def key(db: Database, cast: Cast) -> SigningKey:
    with db.writing() as session:
        return new_key(session, cast)


def exchange(client: Any, token: Any, headers: dict[str, str] = FROM_PAGE, **more: Any) -> Any:
    body = {"grant_type": BEARER, "site": "daily", "assertion": token, **more}
    return client.post("/api/v1/token", json=body, headers=headers)


def test_a_page_gets_an_access_token_and_the_cookie_that_renews_it(client: Any, key: SigningKey, db: Database):
    said = claims(role="admin", scope="moderate", roles=["manager"], email="cam@daily.example", email_verified=True)

    answer = exchange(client, signed(key, said))

    assert answer.status_code == 200
    assert answer.json == {"access_token": answer.json["access_token"], "expires_in": 900, "token_type": "Bearer"}
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    person = client.get("/api/v1/me?site=daily", headers=bearer).json["person"]
    assert {**person, "id": ""} == {"id": "", "name": "Nora Falk", "badge": None, "role": "reader"}
    assert client.get("/api/v1/moderation/cases?site=daily", headers=bearer).status_code == 403
    assert COOKIE in cookies(answer)
    assert refresh(client).status_code == 200
    with db.reading() as session:
        (identity,) = session.scalars(select(Identity)).all()
        assert str(identity.person_id) == person["id"]
        assert session.get_one(Membership, (identity.person_id, key.site_id)).role == Role.READER


def test_where_cookies_dont_stick_the_refresh_token_comes_in_the_body(client: Any, key: SigningKey):
    answer = exchange(client, signed(key), cookie=False)

    assert set(answer.json) == {"access_token", "expires_in", "token_type", "refresh_token"}
    assert refresh(client, refresh_token=answer.json["refresh_token"]).status_code == 200


def test_a_server_without_an_origin_gets_an_access_token_alone(client: Any, key: SigningKey, db: Database):
    answer = exchange(client, signed(key), headers={})

    assert set(answer.json) == {"access_token", "expires_in", "token_type"}
    assert (me(client, answer.json["access_token"]), cookies(answer), rows(db, RefreshToken)) == (200, {}, 0)


def test_a_refusal_says_what_was_wrong_to_the_engineer_and_nothing_to_the_reader(
    client: Any, key: SigningKey, db: Database
):
    token = signed(key, claims(aud="other"))

    answer = exchange(client, token)

    assert answer.status_code == 400
    assert answer.json == {
        "error": {
            "code": "invalid_grant",
            "message": "This sign-in wasn't accepted.",
            "details": {"reason": "wrong_audience"},
        }
    }
    assert answer.headers["Access-Control-Allow-Origin"] == "https://daily.example"
    with db.reading() as session:
        (row,) = session.scalars(select(RefusedSignOn)).all()
        assert (row.site_id, row.reason) == (key.site_id, "wrong_audience")
        assert row.facts == {"kid": key.kid, "expected": "daily", "found": "other"}
        assert "user-17" not in str(row.facts)


def test_a_token_is_exchanged_once(client: Any, key: SigningKey):
    token = signed(key)

    assert exchange(client, token).status_code == 200
    assert exchange(client, token).json["error"]["details"] == {"reason": "replayed"}


@pytest.mark.parametrize(
    ("token", "code"), [("", "invalid_request"), (None, "invalid_request"), ("x", "invalid_grant")]
)
def test_a_token_is_needed(client: Any, cast: Cast, token: Any, code: str):
    assert error_of(exchange(client, token)) == (400, code)


def test_a_token_as_long_as_a_body_may_be_or_longer_is_refused(client: Any, key: SigningKey):
    long, longer = exchange(client, "x" * 65_000), exchange(client, "x" * 66_000)

    assert long.json["error"]["details"] == {"reason": "too_long"}
    assert longer.status_code == 413


def test_a_page_that_isnt_registered_uses_no_token_up(client: Any, key: SigningKey, db: Database):
    answer = exchange(client, signed(key), headers={"Origin": "https://evil-daily.example"})

    assert error_of(answer) == (403, "origin_refused")
    assert (rows(db, UsedAssertion), rows(db, RefusedSignOn)) == (0, 0)


def test_one_sites_token_is_nothing_to_another(client: Any, key: SigningKey, db: Database, cast: Cast):
    answer = exchange(client, signed(key), headers={"Origin": "https://other.example"}, site="other")

    assert answer.json["error"]["details"] == {"reason": "no_keys"}
    assert rows(db, Identity) == 0


def test_somebody_banned_is_told_so_and_has_no_token(client: Any, key: SigningKey, db: Database, cast: Cast):
    exchange(client, signed(key))
    with db.writing() as session:
        person = session.get_one(Person, session.scalars(select(Identity.person_id)).one())
        factories.sanction(session, person, cast.daily, SanctionKind.BAN)

    assert error_of(exchange(client, signed(key))) == (403, "sanctioned")


def test_tokens_are_limited_by_network(settings: Any, shared_judge: Any, cast: Cast):
    app = create_app(settings.model_copy(update={"rate_limits": "on"}), judge=shared_judge)
    client = app.test_client()

    statuses = [exchange(client, "x").status_code for _ in range(61)]

    app.extensions["commentsvc"].db.dispose()
    assert statuses == [400] * 60 + [429]


def test_a_key_that_was_used_says_when(client: Any, key: SigningKey, db: Database):
    exchange(client, signed(key))

    with db.reading() as session:
        assert now_us() - (session.get_one(SigningKey, key.id).last_used_at or 0) < 10_000_000


def test_the_second_of_a_name_is_marked_for_readers(client: Any, key: SigningKey, db: Database, cast: Cast):
    for subject in ("1", "2"):
        exchange(client, signed(key, claims(sub=subject)))
    with db.writing() as session:
        for person in session.scalars(select(Person).where(Person.name == "Nora Falk").order_by(Person.id)):
            factories.comment(session, session.merge(cast.story), person)

    thread = client.get("/api/v1/comments?site=daily&article=story&sort=oldest").json["comments"]

    authors = [(comment["author"]["name"], comment["author"]["badge"]) for comment in thread]
    assert authors == [("Nora Falk", None), ("Nora Falk", "namesake")]
