"""What do the token endpoint and the accounts endpoint answer, to whom, and with which cookies?"""

import base64
import hashlib
from typing import Any

import pytest
from sqlalchemy import func, select

from commentsvc.actions import accounts, tokens
from commentsvc.app import create_app
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import AuthorizationCode, Person, RefreshToken, Sanction, SignInFailure
from tests import factories
from tests.conftest import Cast

ORIGIN = "https://daily.example"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
COOKIE = "__Host-rt-daily"
FROM_PAGE = {"Origin": ORIGIN}
PASSWORD_GRANT = {
    "grant_type": "password",
    "site": "daily",
    "email": "ada@daily.example",
    "password": factories.PASSWORD,
}


@pytest.fixture
def code(db: Database, cast: Cast) -> str:
    return new_code(db, cast)


@pytest.fixture
def with_passwords(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        session.merge(cast.daily).password_grant = True


def new_code(db: Database, cast: Cast) -> str:
    with db.writing() as session:
        return tokens.issue_code(session, cast.ada, cast.daily, origin=ORIGIN, challenge=CHALLENGE, now=now_us())


def ask(client: Any, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return client.post(
        "/api/v1/token", json={"site": "daily", **body}, headers=FROM_PAGE if headers is None else headers
    )


def exchange(client: Any, code: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return ask(client, headers, grant_type="authorization_code", code=code, code_verifier=VERIFIER, **more)


def refresh(client: Any, headers: dict[str, str] | None = None, **more: Any) -> Any:
    return ask(client, headers, grant_type="refresh_token", **more)


def cookies(answer: Any) -> dict[str, tuple[str, set[str]]]:
    """Return the cookies that an answer sets: name to value and attributes."""
    found = {}
    for line in answer.headers.getlist("Set-Cookie"):
        pair, *attributes = line.split("; ")
        name, _, value = pair.partition("=")
        found[name] = (value, set(attributes))
    return found


def error_of(answer: Any) -> tuple[int, str]:
    assert set(answer.json) == {"error"}
    return answer.status_code, answer.json["error"]["code"]


def me(client: Any, access_token: str) -> int:
    return client.get("/api/v1/me?site=daily", headers={"Authorization": f"Bearer {access_token}"}).status_code


def rows(db: Database, table: Any) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table))


# Codes


def test_code_gives_an_access_token_and_a_partitioned_cookie(client: Any, code: str):
    answer = exchange(client, code)

    assert answer.status_code == 200
    assert answer.json == {"access_token": answer.json["access_token"], "expires_in": 900, "token_type": "Bearer"}
    assert me(client, answer.json["access_token"]) == 200
    ((name, (value, attributes)),) = cookies(answer).items()
    assert (name, len(value)) == (COOKIE, 43)
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= attributes
    assert not any(attribute.startswith("Domain") for attribute in attributes)
    (age,) = [int(attribute.removeprefix("Max-Age=")) for attribute in attributes if attribute.startswith("Max-Age")]
    assert 30 * 86400 - 5 <= age <= 30 * 86400


def test_code_is_burnt_by_a_wrong_verifier(client: Any, code: str, db: Database):
    wrong = ask(client, grant_type="authorization_code", code=code, code_verifier="w" * 43)

    assert error_of(wrong) == (400, "invalid_grant")
    assert error_of(exchange(client, code)) == (400, "invalid_grant")
    assert rows(db, AuthorizationCode) == 0


def test_code_works_once(client: Any, code: str):
    assert exchange(client, code).status_code == 200
    assert error_of(exchange(client, code)) == (400, "invalid_grant")


@pytest.mark.parametrize("missing", ["code", "code_verifier"])
def test_code_grant_needs_its_members(client: Any, code: str, missing: str):
    body = {"grant_type": "authorization_code", "code": code, "code_verifier": VERIFIER, missing: None}

    assert error_of(ask(client, **body)) == (400, "invalid_request")


def test_code_grant_needs_an_origin(client: Any, code: str, db: Database):
    assert error_of(exchange(client, code, headers={})) == (400, "invalid_request")
    assert rows(db, AuthorizationCode) == 1


# Refreshing


def test_refresh_by_cookie_rotates_it(client: Any, code: str):
    first = cookies(exchange(client, code))[COOKIE][0]

    answer = refresh(client)

    assert answer.json == {"access_token": answer.json["access_token"], "expires_in": 900, "token_type": "Bearer"}
    value, attributes = cookies(answer)[COOKIE]
    assert value != first
    assert "Partitioned" in attributes


def test_refresh_by_body_rotates_it_in_the_body(client: Any, code: str):
    first = exchange(client, code, cookie=False).json["refresh_token"]

    answer = refresh(client, refresh_token=first)

    assert set(answer.json) == {"access_token", "expires_in", "token_type", "refresh_token"}
    assert answer.json["refresh_token"] != first
    assert cookies(answer) == {}


def test_refresh_that_is_repeated_late_ends_the_family_and_that_is_kept(client: Any, code: str, db: Database):
    first = exchange(client, code, cookie=False).json["refresh_token"]
    second = refresh(client, refresh_token=first).json["refresh_token"]
    assert refresh(client, refresh_token=first).json["refresh_token"] == second
    with db.writing() as session:
        for row in session.scalars(select(RefreshToken)):
            row.used_at = row.used_at and row.used_at - 21_000_000

    assert error_of(refresh(client, refresh_token=first)) == (400, "invalid_grant")
    assert error_of(refresh(client, refresh_token=second)) == (400, "invalid_grant")


def test_refresh_without_an_origin_ignores_the_cookie(client: Any, code: str):
    exchange(client, code)

    assert error_of(refresh(client, headers={})) == (400, "invalid_grant")
    assert refresh(client).status_code == 200


def test_refresh_ignores_our_own_session(client: Any, cast: Cast):
    with client.session_transaction() as session:
        session["_user_id"] = f"{cast.ada.id}.1"

    assert error_of(refresh(client)) == (400, "invalid_grant")


def test_refresh_of_another_site_has_another_cookie(client: Any, code: str, db: Database, cast: Cast):
    exchange(client, code)

    answer = ask(client, {"Origin": "https://other.example"}, site="other", grant_type="refresh_token")

    assert error_of(answer) == (400, "invalid_grant")


def test_password_change_ends_tokens_at_the_next_request(client: Any, code: str, db: Database, cast: Cast):
    access = exchange(client, code).json["access_token"]
    assert me(client, access) == 200

    with db.writing() as session:
        accounts.set_password(session, session.get_one(Person, cast.ada.id), "vier wörter im regen", now=now_us())

    assert me(client, access) == 401
    assert error_of(refresh(client)) == (400, "invalid_grant")


# Where cookies don't stick


def test_refresh_without_a_token_sets_a_probe(client: Any, cast: Cast):
    answer = refresh(client)

    assert error_of(answer) == (400, "invalid_grant")
    ((name, (value, attributes)),) = cookies(answer).items()
    assert (name, value) == ("__Host-probe", "1")
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/", "Max-Age=600"} <= attributes


def test_refresh_token_comes_in_the_body_when_the_probe_did_not_come_back(app: Any, cast: Cast, code: str):
    browser = app.test_client(use_cookies=False)
    refresh(browser)

    answer = exchange(browser, code, cookie=False)

    assert len(answer.json["refresh_token"]) == 43
    assert cookies(answer) == {}


def test_refresh_token_stays_out_of_the_body_when_the_probe_came_back(client: Any, cast: Cast, code: str):
    refresh(client)

    answer = exchange(client, code, cookie=False)

    assert "refresh_token" not in answer.json
    assert COOKIE in cookies(answer)


# Revoking


@pytest.mark.parametrize("by_cookie", [True, False])
def test_revoke_ends_the_family_and_takes_the_cookie_back(client: Any, code: str, by_cookie: bool):
    granted = exchange(client, code, cookie=by_cookie).json
    body = {} if by_cookie else {"refresh_token": granted["refresh_token"]}

    answer = client.post("/api/v1/token/revoke", json={"site": "daily", **body}, headers=FROM_PAGE)

    assert (answer.status_code, answer.json) == (200, {})
    value, attributes = cookies(answer)[COOKIE]
    assert value == ""
    assert {"Max-Age=0", "Partitioned", "Secure", "SameSite=None", "Path=/"} <= attributes
    assert error_of(refresh(client, **body)) == (400, "invalid_grant")


def test_revoke_of_nothing_is_fine_and_of_a_foreign_page_is_not(client: Any, code: str):
    exchange(client, code)

    foreign = client.post("/api/v1/token/revoke", json={"site": "daily"}, headers={"Origin": "https://evil.example"})
    nothing = client.post("/api/v1/token/revoke", json={"site": "daily", "refresh_token": "x"}, headers=FROM_PAGE)

    assert error_of(foreign) == (403, "origin_refused")
    assert nothing.status_code == 200


# Passwords


def test_password_gives_a_readers_token_to_managers_too(client: Any, cast: Cast, with_passwords: None):
    answer = ask(client, {}, **{**PASSWORD_GRANT, "email": "cam@daily.example"})

    assert answer.json == {"access_token": answer.json["access_token"], "expires_in": 900, "token_type": "Bearer"}
    assert cookies(answer) == {}
    bearer = {"Authorization": f"Bearer {answer.json['access_token']}"}
    assert client.get("/api/v1/me?site=daily", headers=bearer).status_code == 200
    assert client.get("/api/v1/moderation/cases?site=daily", headers=bearer).status_code == 403


def test_password_grant_is_off_unless_the_site_says_so(client: Any, cast: Cast, db: Database):
    assert error_of(ask(client, {}, **PASSWORD_GRANT)) == (400, "unauthorized_client")


@pytest.mark.parametrize("change", [{"password": "wrong"}, {"email": "nobody@daily.example"}, {"email": "nonsense"}])
def test_password_grant_answers_the_same_for_unknown_accounts(
    client: Any, cast: Cast, with_passwords: None, change: dict[str, str]
):
    answer = ask(client, {}, **{**PASSWORD_GRANT, **change})

    assert (answer.status_code, answer.json) == (
        400,
        {"error": {"code": "invalid_grant", "message": "This e-mail and password don't go together."}},
    )


def test_password_grant_counts_failures(settings: Any, cast: Cast, with_passwords: None, db: Database):
    app = create_app(settings.model_copy(update={"rate_limits": "on"}))
    client = app.test_client()

    answers = [ask(client, {}, **{**PASSWORD_GRANT, "password": "wrong"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [400] * 5 + [429]
    assert error_of(answers[-1]) == (429, "too_many_requests")
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 5
    assert rows(db, SignInFailure) == 10
    app.extensions["commentsvc"].judge.close()
    app.extensions["commentsvc"].db.dispose()


def test_password_grant_refuses_the_banned(client: Any, cast: Cast, with_passwords: None, db: Database):
    with db.writing() as session:
        session.add(Sanction(person_id=cast.ada.id, site_id=cast.daily.id, kind="ban", reason="x", created_at=1))

    assert error_of(ask(client, {}, **PASSWORD_GRANT)) == (403, "sanctioned")


@pytest.mark.parametrize("missing", ["email", "password"])
def test_password_grant_needs_its_members(client: Any, cast: Cast, with_passwords: None, missing: str):
    assert error_of(ask(client, {}, **{**PASSWORD_GRANT, missing: None})) == (400, "invalid_request")


# Who may ask


@pytest.mark.parametrize(
    "grant", ["urn:ietf:params:oauth:grant-type:saml2-bearer", "client_credentials", "implicit", ""]
)
def test_other_grants_are_unsupported(client: Any, cast: Cast, grant: str):
    assert error_of(ask(client, grant_type=grant, assertion="x")) == (400, "unsupported_grant_type")


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://evil-daily.example",
        "https://daily.example.evil.example",
        "https://other.example",
        "http://daily.example",
        "https://daily.example:8443",
        "https://daily.example/",
        "null",
        "",
    ],
)
def test_page_of_another_origin_is_refused_before_a_row_is_touched(client: Any, code: str, db: Database, origin: str):
    answer = exchange(client, code, headers={"Origin": origin})

    assert error_of(answer) == (403, "origin_refused")
    assert rows(db, AuthorizationCode) == 1
    assert exchange(client, code).status_code == 200


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""])
def test_form_posts_are_refused_before_a_row_is_touched(client: Any, code: str, db: Database, content_type: str):
    exchange(client, code)
    body = '{"grant_type": "refresh_token", "site": "daily"}'

    answer = client.post("/api/v1/token", data=body, content_type=content_type, headers=FROM_PAGE)

    assert error_of(answer) == (415, "unsupported_media_type")
    assert cookies(answer) == {}
    with db.reading() as session:
        assert session.scalars(select(RefreshToken.used_at)).all() == [None]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"grant_type": "refresh_token"}, 422),
        ({"site": "daily"}, 422),
        ({"grant_type": "refresh_token", "site": "daily", "extra": 1}, 422),
        ({"grant_type": "refresh_token", "site": "daily", "cookie": "false"}, 422),
        ({"grant_type": "refresh_token", "site": "daily", "refresh_token": "x" * 1001}, 422),
        ({"grant_type": 7, "site": "daily"}, 422),
        ({"grant_type": "refresh_token", "site": "nowhere"}, 404),
    ],
)
def test_body_with_other_members_is_refused(client: Any, cast: Cast, body: dict[str, Any], status: int):
    assert client.post("/api/v1/token", json=body, headers=FROM_PAGE).status_code == status


@pytest.mark.parametrize("path", ["/api/v1/token", "/api/v1/token/revoke"])
def test_preflight_names_the_registered_origin_exactly(client: Any, cast: Cast, path: str):
    asked = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }

    headers = client.options(path, headers=asked).headers

    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert headers["Access-Control-Allow-Methods"] == "POST"
    assert "Origin" in headers["Vary"]


@pytest.mark.parametrize("origin", ["https://evil.example", "https://evil-daily.example", "null"])
@pytest.mark.parametrize("method", ["options", "post"])
def test_no_other_origin_may_read_the_answer(client: Any, cast: Cast, origin: str, method: str):
    answer = getattr(client, method)("/api/v1/token", headers={"Origin": origin}, json={})

    assert not [name for name in dict(answer.headers) if name.startswith("Access-Control-Allow")]
    assert "Origin" in answer.headers["Vary"]


def test_answers_and_refusals_are_readable_by_the_page_and_never_cached(client: Any, code: str):
    for answer in (exchange(client, code), exchange(client, code), client.post("/api/v1/token", headers=FROM_PAGE)):
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert answer.headers["Access-Control-Allow-Credentials"] == "true"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Origin" in answer.headers["Vary"]


# Accounts by API


def test_account_is_made_by_the_rules_of_the_page(client: Any, cast: Cast, db: Database):
    answer = client.post(
        "/api/v1/accounts", json={"name": "Zoë Vance", "email": "zoe@news.example", "password": "vier wörter im regen"}
    )

    with db.reading() as session:
        made = session.scalars(select(Person).where(Person.email == "zoe@news.example")).one()
    assert (answer.status_code, answer.json) == (201, {"person": {"id": str(made.id), "name": "Zoë Vance"}})
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "moderator"}, "name"),
        ({"name": "ada holm"}, "name"),
        ({"name": "x"}, "name"),
        ({"email": "nonsense"}, "email"),
        ({"email": "ada@daily.example"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 1001}, "password"),
        ({"password": "password1"}, "password"),
    ],
)
def test_account_that_is_not_acceptable_names_the_field(client: Any, cast: Cast, change: dict[str, str], field: str):
    body = {"name": "Zoë Vance", "email": "zoe@news.example", "password": "vier wörter im regen", **change}

    answer = client.post("/api/v1/accounts", json=body)

    assert error_of(answer) == (422, "invalid")
    assert answer.json["error"]["field"] == field
