"""Who is signed in by a site's OpenID provider, how far does that reach, and what is refused?"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from joserfc.jwk import OctKey
from sqlalchemy import func, select

from commentsvc.actions import identities, sign_ons
from commentsvc.enums import Role
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Identity, Membership, Person, RefusedSignOn, SignOn, Site
from tests import factories
from tests.conftest import Cast
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, other_key, running
from tests.web.test_accounts import data, popup, submit, whose
from tests.web.test_matrix import begin_session

BASE = "http://127.0.0.1:8000"
CALLBACK = f"{BASE}/auth/oidc/daily/callback"


@pytest.fixture(scope="module")
def one_provider() -> Iterator[Provider]:
    with running(CALLBACK) as made:
        yield made


@pytest.fixture
def provider(one_provider: Provider, app: Any, db: Database, cast: Cast) -> Provider:
    """The provider as it should be, which `daily` has for readers and for its staff."""
    fresh = Provider(issuer=one_provider.issuer, customer=one_provider.customer, key=one_provider.key)
    fresh.header = {"alg": "RS256", "kid": fresh.key.kid}
    vars(one_provider).update(vars(fresh))
    one_provider.customer.method = "client_secret_basic"
    settings = app.extensions["commentsvc"].settings.model_copy(update={"private_hosts": "127.0.0.1"})
    app.extensions["commentsvc"] = replace(app.extensions["commentsvc"], settings=settings)
    app.extensions["commentsvc.providers"].__init__()
    allow(db, cast, one_provider.issuer)
    return one_provider


def allow(db: Database, cast: Cast, issuer: str, *, readers: bool = True, staff: bool = True) -> None:
    with db.writing() as session:
        sign_ons.set_provider(
            session, session.get_one(Site, cast.daily.id), issuer=issuer, client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET, label="Daily account", for_readers=readers, for_staff=staff, now=now_us(),
        )  # fmt: skip


def leave(client: Any, page: str, address: str = "/auth/oidc/daily/start", **fields: str) -> str:
    """Press the provider's button on a page of ours; return the address at the provider."""
    shown = client.get(page).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown)
    then = re.search(r'name="next" value="([^"]*)"', shown)
    answer = client.post(
        address, data={"csrf_token": token[1] if token else "", "next": unescape(then[1]) if then else "", **fields}
    )
    assert answer.status_code == 200, answer.text
    away = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.text)
    assert away is not None
    return unescape(away[1])


def sign_in_there(address: str) -> str:
    """Be signed in at the provider, and be sent back; return where to, as a path of ours."""
    answer = requests.get(address, allow_redirects=False, timeout=5)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"].removeprefix(BASE)


def arrive(client: Any, page: str = "/auth/sign-in") -> Any:
    return client.get(sign_in_there(leave(client, page)))


def refusals(db: Database) -> list[tuple[str, dict[str, Any]]]:
    with db.reading() as session:
        return [(row.reason, row.facts) for row in session.scalars(select(RefusedSignOn)).all()]


def link(db: Database, person: Person, cast: Cast, provider: Provider, subject: str = "u-1") -> None:
    with db.writing() as session:
        identities.link(session, person, cast.daily, issuer=provider.issuer, subject=subject, now=now_us())


def people(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


# Readers, in the widget's window


def test_a_reader_comes_in_by_the_window_and_the_page_gets_its_code(
    client: Any, db: Database, cast: Cast, provider: Provider
):
    shown = client.get(popup())
    away = leave(client, popup(prompt="create"))
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away).query).items()}

    back = client.get(sign_in_there(away))
    handed = client.get(back.location)

    assert "Continue with <bdi>Daily account</bdi>" in shown.text
    assert {**asked, "state": "", "nonce": "", "code_challenge": ""} == {
        "response_type": "code", "client_id": CLIENT_ID, "redirect_uri": CALLBACK, "scope": "openid profile",
        "code_challenge_method": "S256", "state": "", "nonce": "", "code_challenge": "",
    }  # fmt: skip
    assert min(len(asked["state"]), len(asked["nonce"])) >= 32
    assert back.status_code == 303
    assert back.location == popup()
    assert data(handed.text)["state"] == "s" * 20
    assert len(data(handed.text)["code"]) == 43
    assert "data-code" not in client.get(popup()).text  # Next time they are asked.
    with db.reading() as session:
        (identity,) = session.scalars(select(Identity)).all()
        person = session.get_one(Person, identity.person_id)
        membership = session.get_one(Membership, (person.id, cast.daily.id))
        assert (identity.issuer, identity.subject) == (provider.issuer, "u-1")
        assert (person.email, membership.name, membership.role) == (None, "Nora Falk", Role.READER)


def test_coming_again_is_the_same_person_and_takes_the_new_name(client: Any, db: Database, provider: Provider):
    arrive(client)
    provider.user = {"sub": "u-1", "name": "Nora Berg", "email": "ada@daily.example", "email_verified": True}
    before = people(db)

    answer = arrive(client)

    assert (answer.status_code, answer.location) == (303, "/auth/account")
    assert (whose(client), people(db)) == ("Nora Berg", before)


def test_a_name_may_come_from_userinfo_if_it_is_about_the_same_person(client: Any, provider: Provider):
    provider.user, provider.userinfo = {"sub": "u-2"}, {"sub": "u-2", "name": "Ines Roth"}
    arrive(client)
    mine = whose(client)
    provider.user, provider.userinfo = {"sub": "u-3"}, {"sub": "u-2", "name": "Ines Roth"}
    arrive(client)

    assert mine == "Ines Roth"
    assert str(whose(client)).startswith("Reader ")


@pytest.mark.parametrize("method", ["client_secret_post", "none"])
def test_the_client_proves_itself_as_the_provider_wants(
    client: Any, db: Database, cast: Cast, provider: Provider, method: str
):
    provider.customer.method = method
    provider.metadata = {"token_endpoint_auth_methods_supported": [method]}
    if method == "none":
        with db.writing() as session:
            session.get_one(SignOn, cast.daily.id).client_secret = ""

    assert arrive(client).status_code == 303


def test_a_new_key_of_the_providers_is_fetched(client: Any, provider: Provider, monkeypatch: Any):
    arrive(client)
    monkeypatch.setattr("commentsvc.infra.oidc._ASK_AGAIN_SECONDS", 0)
    provider.key = other_key()
    provider.header = {"alg": "RS256", "kid": provider.key.kid}

    assert arrive(client).status_code == 303
    assert provider.asked.count("GET /keys") == 2


# What a provider, or somebody posing as one, may do wrong

STRAYED: dict[str, tuple[Callable[[Provider], Any], str]] = {
    "another issuer": (lambda p: claim(p, iss="https://evil.example"), "claim iss is missing or wrong"),
    "another audience": (lambda p: claim(p, aud="other"), "claim aud is missing or wrong"),
    "for several, by another": (lambda p: claim(p, aud=[CLIENT_ID, "b"], azp="b"), "claim azp is missing or wrong"),
    "expired": (lambda p: claim(p, exp=1), "claim exp is missing or wrong"),
    "from the future": (lambda p: claim(p, iat=4_000_000_000), "claim iat is missing or wrong"),
    "another nonce": (lambda p: claim(p, nonce="n" * 32), "claim nonce is missing or wrong"),
    "no nonce": (lambda p: setattr(p, "stray", lambda said: said.pop("nonce") and said), "claim nonce is missing"),
    "no subject": (lambda p: setattr(p, "stray", lambda said: said.pop("sub") and said), "claim sub is missing"),
    "another key": (lambda p: setattr(p, "signing", other_key()), "fits none of the provider’s keys"),
    "unknown key": (lambda p: setattr(p, "header", {"alg": "RS256", "kid": "second"}), "fits none of the"),
    "none": (lambda p: setattr(p, "header", {"alg": "none"}), "signed by none; only"),
    "our secret": (
        lambda p: (
            setattr(p, "header", {"alg": "HS256", "kid": p.key.kid}),
            setattr(p, "signing", OctKey.import_key(CLIENT_SECRET)),
        ),
        "signed by HS256; only",
    ),
}  # fmt: skip


def claim(provider: Provider, **change: Any) -> None:
    provider.stray = lambda said: {**said, **change}


def test_an_id_token_that_isnt_right_signs_nobody_in(client: Any, db: Database, provider: Provider):
    plain, before, said = dict(vars(provider)), people(db), {}
    for name, (stray, expected) in STRAYED.items():
        vars(provider).update(plain)
        stray(provider)
        with db.writing() as session:
            session.query(RefusedSignOn).delete()

        answer = arrive(client)

        assert answer.status_code == 400, name
        assert "Signing in didn’t work" in answer.text
        assert expected not in answer.text
        ((reason, facts),) = refusals(db)
        assert reason == "provider_wrong"
        said[name] = expected in facts["why"] or facts
    assert said == dict.fromkeys(STRAYED, True)
    assert (whose(client), people(db)) == (None, before)


def test_a_wrong_secret_is_told_to_the_engineer(client: Any, db: Database, cast: Cast, provider: Provider):
    with db.writing() as session:
        session.get_one(SignOn, cast.daily.id).client_secret = "wrong"

    assert arrive(client).status_code == 400
    ((reason, facts),) = refusals(db)
    assert (reason, facts["error"]) == ("provider_refused", "invalid_client")


def test_who_turns_back_at_the_provider_is_told_nothing_happened(client: Any, db: Database, provider: Provider):
    state = parse_qs(urlsplit(leave(client, "/auth/sign-in")).query)["state"][0]

    answer = client.get(f"/auth/oidc/daily/callback?error=access_denied&state={state}")

    assert (answer.status_code, refusals(db)) == (400, [])
    assert "You turned back" in answer.text


def test_an_answer_is_taken_only_where_it_was_asked_for_and_once(
    app: Any, client: Any, cast: Cast, db: Database, provider: Provider
):
    allow_other = sign_ons.set_provider
    with db.writing() as session:
        allow_other(
            session, session.get_one(Site, cast.other.id), issuer=provider.issuer, client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET, label="x", for_readers=True, for_staff=True, now=now_us(),
        )  # fmt: skip
    back = sign_in_there(leave(client, "/auth/sign-in?next=/console/daily"))

    elsewhere = app.test_client().get(back)
    other_site = client.get(back.replace("/daily/", "/other/"))
    mixed_up = client.get(
        sign_in_there(leave(client, "/auth/sign-in?next=/console/daily")) + "&iss=https://evil.example"
    )
    good = sign_in_there(leave(client, "/auth/sign-in?next=/console/daily"))
    first, again = client.get(good), client.get(good)

    assert [one.status_code for one in (elsewhere, other_site, mixed_up, first, again)] == [403, 403, 400, 303, 403]


def test_signing_in_begins_on_a_page_of_ours_and_goes_back_to_one(client: Any, provider: Provider):
    assert client.post("/auth/oidc/daily/start", data={}).status_code == 403
    assert client.get("/auth/oidc/daily/start").status_code == 405

    for hostile in ("https://evil.example/", "//evil.example", "/\\evil.example"):
        back = client.get(sign_in_there(leave(client, "/auth/sign-in", next=hostile)))
        assert back.location == "/auth/account"


def test_signing_in_ends_the_session_that_was_there(app: Any, client: Any, cast: Cast, provider: Provider):
    submit(client, "/auth/sign-in", email="ada@daily.example", password=factories.PASSWORD)
    away = leave(client, popup(switch="1"))
    with client.session_transaction() as session:
        session["planted"] = "x"

    client.get(sign_in_there(away))

    with client.session_transaction() as session:
        assert "planted" not in session
    assert whose(client) == "Nora Falk"


def test_a_provider_in_the_own_network_is_asked_only_if_the_operator_lists_it(
    app: Any, client: Any, db: Database, provider: Provider
):
    services = app.extensions["commentsvc"]
    object.__setattr__(services, "settings", services.settings.model_copy(update={"private_hosts": ""}))
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/auth/sign-in").text)[1]

    answer = client.post("/auth/oidc/daily/start", data={"csrf_token": token})

    assert answer.status_code == 400
    ((reason, facts),) = refusals(db)
    assert (reason, "isn't on the public internet" in facts["why"], provider.asked) == ("provider_silent", True, [])


# Staff


def test_staff_come_in_when_an_administrator_allows_it_and_they_have_linked_it(
    app: Any, client: Any, cast: Cast, db: Database, provider: Provider
):
    allow(db, cast, provider.issuer, readers=False)
    unlinked = arrive(client, "/auth/sign-in?next=/console/daily")
    link(db, cast.cam, cast, provider)
    linked = arrive(client, "/auth/sign-in?next=/console/daily")
    desk = client.get("/console/daily")
    allow(db, cast, provider.issuer, readers=True, staff=False)
    switched_off = client.get("/console/daily")

    assert (unlinked.status_code, people(db)) == (403, 5)
    assert "link it under" in unlinked.text
    assert (linked.status_code, linked.location, desk.status_code) == (303, "/console/daily", 200)
    assert (switched_off.status_code, switched_off.location) == (303, "/auth/sign-in?next=/console/daily")


def test_nobody_becomes_staff_by_what_a_provider_says(client: Any, cast: Cast, db: Database, provider: Provider):
    provider.user = {
        "sub": "u-9",
        "name": "Cam Reyes",
        "email": "cam@daily.example",
        "roles": ["admin"],
        "role": "admin",
    }

    arrive(client)

    assert client.get("/console/daily").status_code == 404
    with db.reading() as session:
        roles = session.scalars(select(Membership.role).where(Membership.name == "Cam Reyes")).all()
        assert sorted(roles) == ["manager", "reader"]


def test_one_sites_provider_opens_nothing_of_anothers(client: Any, cast: Cast, db: Database, provider: Provider):
    with db.writing() as session:
        factories.member(session, session.merge(cast.cam), session.merge(cast.other), Role.ADMIN)
    link(db, cast.cam, cast, provider)

    arrive(client, "/auth/sign-in?next=/console/daily")
    found = {path: client.get(path).status_code for path in ("/console/daily", "/console/other", "/console",
             "/auth/account", "/auth/sign-ins", "/console/other/sign-in")}  # fmt: skip
    window = client.get(popup(site="other", origin="https://other.example"))

    assert found == {"/console/daily": 200, "/console/other": 303, "/console": 303, "/auth/account": 302,
                     "/auth/sign-ins": 302, "/console/other/sign-in": 303}  # fmt: skip
    assert "Continue as" not in window.text
    assert "Continue as <bdi>Cam Reyes" in client.get(popup()).text


def test_the_session_ends_when_the_provider_changes_or_the_link_goes(
    client: Any, cast: Cast, db: Database, provider: Provider
):
    link(db, cast.cam, cast, provider)
    arrive(client, "/auth/sign-in?next=/console/daily")
    allow(db, cast, "https://another.example")
    changed = client.get("/console/daily").status_code
    allow(db, cast, provider.issuer)
    back_again = client.get("/console/daily").status_code
    with db.writing() as session:
        session.query(Identity).delete()

    assert (changed, back_again, client.get("/console/daily").status_code) == (303, 200, 303)


def test_who_has_no_password_confirms_at_the_provider(client: Any, cast: Cast, db: Database, provider: Provider):
    arrive(client)
    with db.writing() as session:
        person = session.get_one(Person, session.scalars(select(Identity.person_id)).one())
        factories.member(session, person, session.merge(cast.daily), Role.ADMIN)
    fresh = client.get("/console/daily/sign-in").status_code
    with client.session_transaction() as session:
        session["confirmed_at"] = 0

    asked = client.get("/console/daily/sign-in")
    away = leave(client, asked.location)
    back = client.get(sign_in_there(away))

    assert (fresh, asked.location) == (200, "/auth/confirm?next=/console/daily/sign-in")
    assert "prompt=login" in away
    assert back.location == "/console/daily/sign-in"
    assert client.get(back.location).status_code == 200


def test_a_providers_word_confirms_nothing_for_an_account_with_a_password(
    client: Any, cast: Cast, db: Database, provider: Provider
):
    link(db, cast.eve, cast, provider)

    arrive(client, "/auth/sign-in?next=/console/daily")
    asked = client.get("/console/daily/sign-in")
    password = client.get(asked.location)

    assert client.get("/console/daily").status_code == 200
    assert (asked.status_code, asked.location.split("?")[0]) == (303, "/auth/confirm")
    assert (password.status_code, password.location.split("?")[0]) == (302, "/auth/sign-in")


# Linking and unlinking


def test_linking_goes_by_the_provider_and_is_confirmed(
    app: Any, client: Any, cast: Cast, db: Database, provider: Provider
):
    submit(client, "/auth/sign-in", email="ada@daily.example", password=factories.PASSWORD)

    away = leave(client, "/auth/sign-ins", "/auth/sign-ins/link/daily")
    back = client.get(sign_in_there(away))
    shown = client.get(back.location)

    assert "prompt=login" in away
    assert back.location == "/auth/sign-ins?done=linked"
    assert "Linked." in shown.text
    assert "u-1" in shown.text
    assert 'action="/auth/sign-ins/link/daily"' not in shown.text
    with db.reading() as session:
        assert session.scalars(select(Identity.person_id)).all() == [cast.ada.id]
    with client.session_transaction() as session:
        session["confirmed_at"] = 0
    token = re.search(r'name="csrf_token" value="([^"]+)"', shown.text)[1]
    late = client.post("/auth/sign-ins/link/daily", data={"csrf_token": token})
    assert (late.status_code, late.location.split("?")[0]) == (303, "/auth/confirm")


def test_nobody_can_have_their_sign_in_linked_to_anothers_account(
    app: Any, client: Any, cast: Cast, db: Database, provider: Provider
):
    submit(client, "/auth/sign-in", email="ada@daily.example", password=factories.PASSWORD)
    away = leave(client, "/auth/sign-ins", "/auth/sign-ins/link/daily")
    planted = sign_in_there(away)
    victim = app.test_client()
    begin_session(app, victim, cast.bo)

    in_anothers_browser = victim.get(planted)
    with client.session_transaction() as session:
        session["_user_id"] = f"{cast.bo.id}.1"
    after_a_change_of_account = client.get(planted)

    assert (in_anothers_browser.status_code, after_a_change_of_account.status_code) == (403, 403)
    with db.reading() as session:
        assert session.scalars(select(Identity)).all() == []


def test_a_sign_in_that_somebody_came_by_already_stays_theirs(
    app: Any, client: Any, cast: Cast, db: Database, provider: Provider
):
    arrive(app.test_client())
    submit(client, "/auth/sign-in", email="ada@daily.example", password=factories.PASSWORD)

    back = client.get(sign_in_there(leave(client, "/auth/sign-ins", "/auth/sign-ins/link/daily")))

    assert back.location == "/auth/sign-ins?done=taken"
    assert "Accounts can’t be merged" in client.get(back.location).text
    with db.reading() as session:
        assert session.scalars(select(Identity.person_id)).one() != cast.ada.id


def test_unlinking_keeps_this_browser_and_ends_the_others(
    app: Any, client: Any, cast: Cast, db: Database, provider: Provider
):
    link(db, cast.ada, cast, provider)
    other = app.test_client()
    for one in (client, other):
        submit(one, "/auth/sign-in", email="ada@daily.example", password=factories.PASSWORD)
    with db.reading() as session:
        mine = session.scalars(select(Identity.id)).one()

    answer = submit_at(client, "/auth/sign-ins", f"/auth/sign-ins/{mine}/unlink")

    assert answer.location == "/auth/sign-ins?done=unlinked"
    assert (whose(client), whose(other)) == ("Ada Holm", None)


def test_another_persons_link_cant_be_taken_away(client: Any, cast: Cast, db: Database, provider: Provider):
    link(db, cast.bo, cast, provider)
    submit(client, "/auth/sign-in", email="ada@daily.example", password=factories.PASSWORD)
    with db.reading() as session:
        theirs = session.scalars(select(Identity.id)).one()

    statuses = [
        submit_at(client, "/auth/sign-ins", f"/auth/sign-ins/{one}/unlink").status_code for one in (theirs, 2**70, "x")
    ]

    assert statuses == [404, 404, 404]
    with db.reading() as session:
        assert session.get(Identity, theirs) is not None


def test_who_has_only_this_way_in_keeps_it(client: Any, db: Database, provider: Provider):
    arrive(client)
    with db.reading() as session:
        mine = session.scalars(select(Identity.id)).one()

    shown = client.get("/auth/sign-ins").text
    answer = submit_at(client, "/auth/sign-ins", f"/auth/sign-ins/{mine}/unlink")

    assert "The only way into your account" in shown
    assert answer.status_code == 403
    with db.reading() as session:
        assert session.get(Identity, mine) is not None


def submit_at(client: Any, page: str, address: str, **fields: str) -> Any:
    """Send a form of a page of ours to an address."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    return client.post(address, data={"csrf_token": token[1] if token else "", **fields})


def test_what_is_under_way_fits_into_the_cookie(client: Any, provider: Provider):
    long = popup(mode="redirect", return_to="https://daily.example/" + "".join(f"{n:03x}" for n in range(600)))

    aways = [leave(client, long) for _ in range(4)]
    with client.session_transaction() as session:
        kept = len(session["oidc"])
    back = client.get(sign_in_there(aways[-1]))

    assert kept == 1
    assert back.location == long
    cookie = next(line for line in back.headers.getlist("Set-Cookie") if line.startswith("__Host-session="))
    assert len(cookie) < 4096
