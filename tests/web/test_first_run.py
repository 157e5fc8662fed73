"""Does a fresh installation lead everyone to its set-up, and let in only who has read the log?"""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from commentsvc.actions import first_run
from commentsvc.app import create_app
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from commentsvc.store.models import Guidelines, Membership, Origin, Person, Site
from tests import factories
from tests.web.test_accounts import submit, whose

SITE = {
    "name": "The Daily",
    "key": "daily",
    "origins": "https://daily.example\r\nhttps://www.daily.example",
    "text": "Welcome.",
    "title_courtesy": "Be kind",
    "text_courtesy": "To everyone.",
    "person": "Eve Okoro",
    "email": "Eve@Daily.example",
    "password": "vier wörter im regen",
}


@pytest.fixture
def code(db: Database) -> str:
    with db.writing() as session:
        return first_run.begin(session, secret=factories.SECRET, now=1) or ""


@pytest.fixture
def proved(client: Any, code: str) -> Any:
    assert submit(client, "/setup", code=code).status_code == 303
    return client


def post(client: Any, **fields: str) -> Any:
    """Send the set-up's form with the token of the page that is shown."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/setup").text)
    return client.post("/setup/site", data={"csrf_token": token[1] if token else "", **fields})


def kept(db: Database) -> list[str]:
    with db.reading() as session:
        return [*session.scalars(select(Site.key)), *session.scalars(select(Person.name))]


PAGES = ("/", "/console", "/console/daily", "/auth/sign-in", "/auth/sign-up", "/auth/account", "/auth/nowhere")
NO_PAGES = {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/embed.js": 200, "/api/v1/config?site=daily": 404}


def test_every_page_leads_to_the_set_up_and_nothing_else_does(client: Any) -> None:
    assert {client.get(path).location for path in PAGES} == {"/setup"}
    assert {path: client.get(path).status_code for path in NO_PAGES} == NO_PAGES


def test_without_the_code_the_page_says_and_does_nothing(db: Database, client: Any, code: str) -> None:
    page = client.get("/setup")
    wrong = submit(client, "/setup", code="AAAA-BBBB-CCCC")
    straight = post(client, **SITE)

    assert page.status_code == 200
    assert code not in page.text + wrong.text
    assert 'name="origins"' not in page.text + wrong.text
    assert (wrong.status_code, straight.status_code, straight.location) == (422, 303, "/setup")
    assert "This isn’t the code." in wrong.text
    assert kept(db) == []


def test_the_code_opens_the_form_for_that_browser_alone(app: Flask, proved: Any) -> None:
    assert 'name="origins"' in proved.get("/setup").text
    assert 'name="origins"' not in app.test_client().get("/setup").text


def test_setting_up_makes_site_guidelines_and_administrator_and_shows_the_tags(db: Database, proved: Any) -> None:
    answer = post(proved, **SITE)
    page = proved.get(answer.location)

    assert answer.location == "/console/daily/settings/embedding?done=welcome"
    assert "&lt;article-comments site=&#34;daily&#34; article=&#34;STORY-ID&#34;&gt;" in page.text
    assert "/embed.js&#34;&gt;&lt;/script&gt;" in page.text
    assert "Nothing was seen yet." in page.text
    assert whose(proved) == "Eve Okoro"
    with db.reading() as session:
        assert [*session.scalars(select(Origin.origin).order_by(Origin.origin))] == SITE["origins"].split()
        guidelines = session.scalars(select(Guidelines)).one()
        member = session.execute(select(Person.email, Membership.role, Membership.name).join(Membership)).one()
    assert (guidelines.text, guidelines.items) == (
        "Welcome.", [{"guideline": "courtesy", "title": "Be kind", "text": "To everyone."}]
    )  # fmt: skip
    assert tuple(member) == ("eve@daily.example", "admin", "Eve Okoro")


def test_once_set_up_the_page_and_the_code_are_gone(app: Flask, proved: Any, code: str) -> None:
    late = app.test_client()
    submit(late, "/setup", code=code)
    post(proved, **SITE)
    token = re.search(r'name="csrf_token" value="([^"]+)"', late.get("/auth/sign-in").text)
    sent = {"csrf_token": token[1] if token else ""}

    assert late.get("/setup").location == "/console"
    assert late.post("/setup", data={**sent, "code": code}).location == "/console"
    assert late.post("/setup/site", data={**sent, **SITE, "key": "weekly"}).location == "/setup"
    assert late.get("/auth/sign-in").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"origins": "https://*.daily.example"}, "origins", "isn&#39;t an origin"),
        ({"origins": "https://daily.example/story"}, "origins", "Browsers write this origin as https://daily.example"),
        ({"key": "The Daily"}, "key", "A site&#39;s key is made of"),
        ({"password": "password"}, "password", "among the first that anyone would try"),
        ({"person": "The Daily"}, "person", "reserved for the newsroom"),
        ({"person": "x"}, "person", "At least 3 characters"),
        ({"email": "eve"}, "email", "doesn&#39;t look like an e-mail address"),
        ({"text": ""}, "text", "Please welcome your readers."),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_made(
    db: Database, proved: Any, wrong: dict[str, str], field: str, said: str
) -> None:
    answer = post(proved, **{**SITE, **wrong})

    found = re.search(rf'id="{field}-error">([^<]*)<', answer.text)
    assert answer.status_code == 422
    assert found is not None
    assert said in found[1]
    assert kept(db) == []
    assert 'value="The Daily"' in answer.text or "name" in wrong


def test_guessing_the_code_is_limited(settings: Settings, shared_judge: Any, code: str) -> None:
    app = create_app(settings.model_copy(update={"rate_limits": "on"}), judge=shared_judge)
    client = app.test_client()
    statuses = [submit(client, "/setup", code=f"AAAA-AAAA-{number:04}").status_code for number in range(11)]
    refused = submit(client, "/setup", code=code)
    app.extensions["commentsvc"].db.dispose()

    assert statuses == [422] * 10 + [429]
    assert refused.status_code == 429


def test_a_form_from_elsewhere_sets_nothing_up(proved: Any, db: Database) -> None:
    assert proved.post("/setup/site", data=SITE).status_code == 403
    assert proved.post("/setup/site", data=SITE, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert kept(db) == []


def test_a_page_without_https_says_that_no_sign_in_will_be_kept(client: Any) -> None:
    bases = ("http://comments.example", "https://comments.example", "http://127.0.0.1:8000", "http://localhost")
    warned = [base for base in bases if "came without https" in client.get("/setup", base_url=base).text]

    assert warned == ["http://comments.example"]
