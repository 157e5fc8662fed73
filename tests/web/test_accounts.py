"""What do our own pages for accounts, and the widget's pop-up, answer?"""

import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import func, select

from commentsvc.actions import accounts
from commentsvc.app import create_app
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import AuthorizationCode, Membership, Origin, Person, Sanction, SignInFailure
from tests import factories
from tests.conftest import Cast

ADA = {"email": "ada@daily.example", "password": factories.PASSWORD}
NEW = {"name": "Zoë Vance", "email": "zoe@news.example", "password": "vier wörter im regen"}
ORIGIN = "https://daily.example"
ASK = {
    "site": "daily",
    "origin": ORIGIN,
    "state": "s" * 20,
    "code_challenge": "c" * 43,
    "code_challenge_method": "S256",
}


def popup(**change: str) -> str:
    return "/auth/authorize?" + urlencode({name: value for name, value in {**ASK, **change}.items() if value})


def submit(client: Any, address: str, **fields: str) -> Any:
    """Fill in the form at an address as a browser does."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)
    return client.post(address, data={"csrf_token": token[1] if token else "", **fields})


def data(page: str) -> dict[str, str]:
    """Read what the hand-over page tells its script."""
    return {name: unescape(value) for name, value in re.findall(r'data-([\w-]+)="([^"]*)"', page)}


def whose(client: Any) -> str | None:
    """Return whose session this is."""
    answer = client.get("/auth/account")
    return unescape(re.search(r"<h1[^>]*>([^<]*)</h1>", answer.text)[1]) if answer.status_code == 200 else None


@pytest.fixture
def limited(settings: Any, shared_judge: Any) -> Any:
    """A client of an application with its limits on."""
    app = create_app(settings.model_copy(update={"rate_limits": "on"}), judge=shared_judge)
    yield app.test_client()
    app.extensions["commentsvc"].db.dispose()


# Sign in, sign up, sign out


def test_sign_in_begins_a_session_in_a_host_cookie(client: Any, cast: Cast):
    answer = submit(client, "/auth/sign-in", **ADA)

    assert (answer.status_code, answer.location) == (302, "/auth/account")
    assert whose(client) == "Ada Holm"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


def test_sign_in_takes_managers_to_the_console(client: Any, cast: Cast):
    answer = submit(client, "/auth/sign-in", email="cam@daily.example", password=factories.PASSWORD)

    assert answer.location == "/console"


@pytest.mark.parametrize("email", ["ada@daily.example", "nobody@daily.example"])
def test_sign_in_with_a_wrong_password_says_the_same_for_unknown_accounts(
    client: Any, cast: Cast, settings: Any, email: str
):
    answer = submit(client, "/auth/sign-in", email=email, password="wrong wrong")

    assert answer.status_code == 422
    assert re.findall(r'role="alert">([^<]*)<', answer.text) == ["This e-mail and password don&#39;t go together."]
    assert "wrong wrong" not in answer.text
    assert whose(client) is None


def test_failed_sign_ins_are_kept_and_slow_the_client_down(limited: Any, cast: Cast, db: Database):
    for _ in range(5):
        assert submit(limited, "/auth/sign-in", email=ADA["email"], password="wrong").status_code == 422

    answer = submit(limited, "/auth/sign-in", **ADA)

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["Retry-After"]) <= 5
    with db.reading() as session:
        kept = session.scalars(select(SignInFailure.subject)).all()
        assert len(kept) == 10
        assert not any("127.0.0.1" in subject or "ada" in subject for subject in kept)
    elsewhere = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
    token = re.search(r'name="csrf_token" value="([^"]+)"', limited.get("/auth/sign-in", **elsewhere).text)[1]
    assert limited.post("/auth/sign-in", data={**ADA, "csrf_token": token}, **elsewhere).status_code == 302


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        ("/console/daily?page=2", "/console/daily?page=2"),
        ("//evil.example", "/auth/account"),
        ("/\\evil.example", "/auth/account"),
        ("\\\\evil.example", "/auth/account"),
        ("/\t/evil.example", "/auth/account"),
        ("/\n/evil.example", "/auth/account"),
        ("https://evil.example", "/auth/account"),
        ("javascript:alert(1)", "/auth/account"),
        ("/a\\..\\b", "/auth/account"),
        ("evil.example", "/auth/account"),
        ("", "/auth/account"),
    ],
)
def test_sign_in_goes_on_to_our_own_paths_only(client: Any, cast: Cast, wanted: str, goes_to: str):
    answer = submit(client, "/auth/sign-in?" + urlencode({"next": wanted}), **ADA)

    assert (answer.status_code, answer.location) == (302, goes_to)


def test_page_addresses_cannot_be_bent_by_the_query(client: Any, cast: Cast):
    page = client.get("/auth/sign-in?_scheme=javascript&_external=1&_anchor=x&next=/a").text

    assert re.findall(r'href="(/auth[^"]*)"', page) == [
        "/auth/reset-password",
        "/auth/sign-up?_scheme=javascript&amp;_external=1&amp;_anchor=x&amp;next=%2Fa",
    ]
    assert "javascript:" not in page


def test_sign_up_makes_an_account_and_signs_in(client: Any, cast: Cast, db: Database):
    answer = submit(client, "/auth/sign-up", **NEW)

    assert (answer.status_code, answer.location) == (302, "/auth/account")
    assert whose(client) == "Zoë Vance"
    with db.reading() as session:
        assert session.scalar(select(Person.email).where(Person.name == "Zoë Vance")) == "zoe@news.example"


def test_sign_up_says_everything_that_is_wrong_at_once(client: Any, cast: Cast):
    answer = submit(client, "/auth/sign-up", name="admin", email="nonsense", password="password")

    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)-error"', answer.text) == ["name", "email", "password"]
    assert 'value="nonsense"' in answer.text
    assert 'value="password"' not in answer.text


@pytest.mark.parametrize(("field", "value"), [("name", "ada.holm"), ("email", "ADA@daily.example")])
def test_sign_up_with_what_is_taken_changes_nothing(client: Any, cast: Cast, db: Database, field: str, value: str):
    answer = submit(client, "/auth/sign-up", **{**NEW, field: value})

    assert answer.status_code == 422
    assert re.findall(r'id="(\w+)-error"', answer.text) == [field]
    assert whose(client) is None
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 5


def test_sign_up_is_limited_per_client(limited: Any, cast: Cast):
    answers = [
        limited.post("/api/v1/accounts", json={**NEW, "name": f"Reader {n}", "email": f"r{n}@news.example"}).status_code
        for n in range(2, 13)
    ]

    assert answers == [201] * 10 + [429]


def test_sign_out_ends_this_session(client: Any, app: Any, cast: Cast):
    other = app.test_client()
    submit(other, "/auth/sign-in", **ADA)
    submit(client, "/auth/sign-in", **ADA)

    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/auth/account").text)[1]
    answer = client.post("/auth/sign-out", data={"csrf_token": token})

    assert (answer.status_code, answer.location) == (302, "/auth/sign-in")
    assert (whose(client), whose(other)) == (None, "Ada Holm")


def test_sign_out_everywhere_ends_all_sessions_at_their_next_request(client: Any, app: Any, cast: Cast):
    other = app.test_client()
    submit(other, "/auth/sign-in", **ADA)
    submit(client, "/auth/sign-in", **ADA)

    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/auth/account").text)[1]
    client.post("/auth/sign-out", data={"csrf_token": token, "everywhere": "1"})

    assert (whose(client), whose(other)) == (None, None)


def test_new_password_ends_sessions_at_their_next_request(client: Any, cast: Cast, db: Database):
    submit(client, "/auth/sign-in", **ADA)
    assert whose(client) == "Ada Holm"

    with db.writing() as session:
        accounts.set_password(session, session.get_one(Person, cast.ada.id), "vier wörter im regen", now=now_us())

    assert whose(client) is None


def test_pages_for_the_signed_in_lead_to_the_sign_in(client: Any, cast: Cast):
    answer = client.get("/auth/account")

    assert (answer.status_code, answer.location) == (302, "/auth/sign-in?next=%2Fauth%2Faccount")


def test_session_with_a_forged_id_is_nobodys(client: Any, cast: Cast):
    for forged in ("1", "1.", "1.2", "x.1", f"{2**70}.1", "1.1.1"):
        with client.session_transaction() as session:
            session["_user_id"] = forged
        assert whose(client) is None


# Forms come from our own pages


@pytest.mark.parametrize("address", ["/auth/sign-in", "/auth/sign-up", "/auth/sign-out", popup()])
@pytest.mark.parametrize("token", ["", "forged"])
def test_form_without_our_token_is_refused(client: Any, cast: Cast, db: Database, address: str, token: str):
    answer = client.post(address, data={**NEW, **ADA, "csrf_token": token})

    assert answer.status_code == 403
    assert "expired" in answer.text
    assert whose(client) is None


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 302),
        ({"Origin": "http://localhost"}, 302),
        ({}, 302),
    ],
)
def test_form_sent_from_another_site_is_refused(client: Any, cast: Cast, headers: dict[str, str], status: int):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/auth/sign-in").text)[1]

    answer = client.post("/auth/sign-in", data={**ADA, "csrf_token": token}, headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    "address", ["/auth/sign-in", "/auth/sign-up", popup(), popup(site="nowhere"), "/auth/set-password/x"]
)
def test_pages_forbid_frames_inline_scripts_and_caches_but_keep_the_opener(client: Any, cast: Cast, address: str):
    headers = client.get(address).headers

    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert (policy["default-src"], policy["script-src"], policy["frame-ancestors"]) == ("'none'", "'self'", "'none'")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Cross-Origin-Opener-Policy" not in headers


def test_public_answers_do_not_vary_by_our_cookie(client: Any, cast: Cast):
    submit(client, "/auth/sign-in", **ADA)

    answer = client.get("/api/v1/comments?site=daily&article=story")

    assert "Cookie" not in answer.headers.get("Vary", "")
    assert "Set-Cookie" not in answer.headers


# Setting a password


def test_one_time_link_sets_a_password_and_signs_in_once(client: Any, cast: Cast, db: Database):
    with db.writing() as session:
        link = accounts.one_time_link(session, cast.cam, base_url="", secret="s" * 32, now=now_us())

    assert client.get(link).status_code == 200
    weak = submit(client, link, password="password1")
    done = submit(client, link, password="vier wörter im regen")
    again = client.get(link)

    assert (weak.status_code, done.status_code, done.location, again.status_code) == (422, 302, "/console", 404)
    assert re.findall(r'id="(\w+)-error"', weak.text) == ["password"]
    assert whose(client) == "Cam Reyes"
    assert (
        submit(client, "/auth/sign-in", email="cam@daily.example", password="vier wörter im regen").status_code == 302
    )


# The widget's pop-up


def test_popup_signs_in_and_hands_a_code_to_the_page(client: Any, cast: Cast, db: Database):
    answer = submit(client, popup(), **ADA)

    assert answer.status_code == 200
    handed = data(answer.text)
    assert {**handed, "code": ""} == {"origin": ORIGIN, "state": "s" * 20, "code": ""}
    assert re.findall(r"<script[^>]*>", answer.text) == [
        re.search(r'<script type="module" src="/static/accounts/hand-over.js\?v=\w+">', answer.text)[0]
    ]
    with db.reading() as session:
        row = session.scalars(select(AuthorizationCode)).one()
        assert (row.person_id, row.origin, row.challenge) == (cast.ada.id, ORIGIN, "c" * 43)
        assert row.code_hash != handed["code"]


def test_popup_signs_up_and_hands_a_code_to_the_page(client: Any, cast: Cast, db: Database):
    answer = submit(client, popup(prompt="create"), **NEW)

    assert answer.status_code == 200
    assert len(data(answer.text)["code"]) == 43
    with db.reading() as session:
        joined = session.scalars(select(Membership.name).where(Membership.site_id == cast.daily.id)).all()
        assert "Zoë Vance" in joined


def test_popup_asks_whoever_is_signed_in_for_one_click(client: Any, cast: Cast):
    submit(client, "/auth/sign-in", **ADA)

    page = client.get(popup(prompt="create")).text
    answer = submit(client, popup(), **{"continue": "1"})

    assert "Continue as <bdi>Ada Holm</bdi>" in page
    assert 'type="password"' not in page
    assert len(data(answer.text)["code"]) == 43


def test_popup_lets_one_use_another_account(client: Any, cast: Cast):
    submit(client, "/auth/sign-in", **ADA)

    page = client.get(popup(switch="1")).text
    answer = submit(client, popup(switch="1"), email="bo@daily.example", password=factories.PASSWORD)

    assert "Ada Holm" not in page
    assert answer.status_code == 200
    assert whose(client) == "Bo Lind"


def test_popup_click_without_a_session_asks_for_a_sign_in(client: Any, cast: Cast):
    answer = submit(client, popup(), **{"continue": "1"})

    assert answer.status_code == 200
    assert 'type="password"' in answer.text
    assert "data-code" not in answer.text


def test_popup_with_a_wrong_password_hands_nothing_over(client: Any, cast: Cast, db: Database):
    answer = submit(client, popup(), email=ADA["email"], password="wrong")

    assert answer.status_code == 422
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuthorizationCode)) == 0


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"site": "nowhere"}, 404),
        ({"site": ""}, 404),
        ({"site": "other"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "https://evil-daily.example"}, 403),
        ({"origin": "https://daily.example.evil.example"}, 403),
        ({"origin": "https://daily.example:8443"}, 403),
        ({"origin": "http://daily.example"}, 403),
        ({"origin": "https://daily.example/"}, 403),
        ({"origin": "https://daily.example\\@evil.example"}, 403),
        ({"code_challenge": ""}, 422),
        ({"code_challenge": "c" * 42}, 422),
        ({"code_challenge": "c" * 42 + "="}, 422),
        ({"code_challenge_method": "plain"}, 422),
        ({"state": ""}, 422),
        ({"state": "short"}, 422),
        ({"state": "s" * 201}, 422),
        ({"state": "with a space"}, 422),
    ],
)
def test_popup_refuses_what_it_cannot_trust_before_anyone_signs_in(
    client: Any, cast: Cast, db: Database, change: dict[str, str], status: int
):
    submit(client, "/auth/sign-in", **ADA)

    page = client.get(popup(**change))
    answer = submit(client, popup(**change), **{"continue": "1"})

    assert page.status_code == status
    assert "<form" not in page.text
    assert answer.status_code in {status, 403}
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuthorizationCode)) == 0


def test_popup_in_this_tab_goes_back_to_the_page(client: Any, cast: Cast):
    back = ORIGIN + "/story?id=1&x=%C3%A9"

    answer = submit(client, popup(mode="redirect", return_to=back + "#top"), **ADA)

    assert answer.status_code == 200
    assert data(answer.text)["return-to"] == back


@pytest.mark.parametrize(
    "back",
    [
        "",
        "/story",
        "//evil.example/",
        "https://evil.example/",
        "https://daily.example.evil.example/",
        "https://daily.example@evil.example/",
        "https://evil.example\\@daily.example/",
        "https://daily.example\\.evil.example/",
        "https:\\\\daily.example/",
        "https:///evil.example/",
        "http://daily.example/",
        "https://daily.example:8443/",
        "https://daily.example:port/",
        "https://[daily.example/",
        "javascript:alert(1)//daily.example",
        "data:text/html,https://daily.example/",
        " https://daily.example/",
        "https://daily.example/\nx",
        "https://daily\t.example/",
    ],
)
def test_popup_goes_back_to_the_pages_own_origin_only(client: Any, cast: Cast, back: str):
    submit(client, "/auth/sign-in", **ADA)

    assert client.get(popup(mode="redirect", return_to=back)).status_code == 403


def test_popup_takes_a_default_port_as_browsers_write_it(client: Any, cast: Cast, db: Database):
    with db.writing() as session:
        session.add(Origin(site_id=cast.daily.id, origin="http://localhost:8000"))

    for back in ("https://daily.example:443/a", "https://DAILY.example/a"):
        assert client.get(popup(mode="redirect", return_to=back)).status_code == 200
    local = popup(origin="http://localhost:8000", mode="redirect", return_to="http://localhost:8000/a")
    assert client.get(local).status_code == 200


def test_popup_shows_what_the_page_says_as_text(client: Any, cast: Cast):
    page = submit(client, popup(state="'\"><script>x()//"), **ADA).text

    assert data(page)["state"] == "'\"><script>x()//"
    assert "<script>x()" not in page


@pytest.mark.parametrize(("until", "status"), [(None, 403), (32_503_680_000_000_000, 403), (1, 200)])
def test_popup_tells_the_banned_why(client: Any, cast: Cast, db: Database, until: int | None, status: int):
    with db.writing() as session:
        session.add(
            Sanction(
                person_id=cast.ada.id,
                site_id=cast.daily.id,
                kind="ban",
                reason="Threats <b>",
                created_at=1,
                until=until,
            )
        )

    answer = submit(client, popup(), **ADA)

    assert answer.status_code == status
    assert ("Threats &lt;b&gt;" in answer.text) == (status == 403)
    assert ("data-code" in answer.text) == (status == 200)
