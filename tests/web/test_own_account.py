"""Can a person change and guard their account, and nobody else, however they try?"""

import re
from typing import Any

import pyotp
import pytest
from sqlalchemy import func, select

from commentsvc.actions import account_changes, links, second_factors
from commentsvc.enums import Purpose
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import AuthorizationCode, BrowserSession, Job, OneTimeLink, OutgoingMail, Person, Site
from commentsvc.worker import jobs_outside, run_next
from tests import factories
from tests.conftest import Cast
from tests.web.test_accounts import ADA, popup, submit, whose

NEW = "vier wörter im regen"


@pytest.fixture
def secret(settings: Any) -> str:
    return str(settings.secret_key)


def link(db: Database, person: Person, purpose: Purpose, secret: str, **facts: str) -> str:
    """Make a link as a mail has it, and return its token."""
    with db.writing() as session:
        facts = facts or {"email": str(person.email)}
        life = 10**9
        made = links.make(session, person, purpose, secret=secret, now=now_us(), life=life, facts=facts)
    return links.token(secret, made)


def guard(db: Database, person: Person, secret: str) -> tuple[pyotp.TOTP, list[str]]:
    """Give a person an app, whose newest code is an hour old, and recovery codes."""
    then = now_us() - 3600 * 10**6
    with db.writing() as session:
        app = pyotp.TOTP(second_factors.candidate(person, "n", secret=secret, issuer="").secret)
        code = app.at(then // 10**6)
        codes = second_factors.switch_on(session, person, nonce="n", code=code, secret=secret, now=then)
    return app, codes


def count(db: Database, table: Any) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


# Sessions


def test_a_session_ends_at_sign_out_and_its_old_cookie_is_worthless(client: Any, app: Any, cast: Cast, db: Database):
    submit(client, "/auth/sign-in", **ADA)
    stolen = client.get_cookie("__Host-session").value
    page = client.get("/auth/account").text
    token = re.search(r'csrf_token" value="([^"]+)', page)[1]  # type: ignore[index]
    client.post("/auth/sign-out", data={"csrf_token": token})
    thief = app.test_client()
    thief.set_cookie("__Host-session", stolen, secure=True)

    assert whose(thief) is None
    assert count(db, BrowserSession) == 0


def test_signing_in_keeps_nothing_of_the_session_before(client: Any, app: Any, cast: Cast):
    with client.session_transaction() as planted:
        planted["browser"] = "planted"
        planted["left"] = "over"
    submit(client, "/auth/sign-in", **ADA)

    with client.session_transaction() as session:
        assert session["browser"] != "planted"
        assert "left" not in session
    assert whose(client) == "Ada Holm"


def test_one_ends_ones_own_sessions_and_nobody_elses(client: Any, app: Any, cast: Cast, db: Database):
    other, bo = app.test_client(), app.test_client()
    submit(client, "/auth/sign-in", **ADA)
    submit(other, "/auth/sign-in", **ADA)
    submit(bo, "/auth/sign-in", email="bo@daily.example", password=factories.PASSWORD)
    page = client.get("/auth/sessions").text
    (mine,) = re.findall(r"/auth/sessions/(\d+)/end", page)
    token = re.search(r'csrf_token" value="([^"]+)', page)[1]  # type: ignore[index]
    with db.reading() as reading:
        bos = reading.scalar(select(BrowserSession.id).where(BrowserSession.person_id == cast.bo.id))

    assert client.post(f"/auth/sessions/{mine}/end").status_code == 403  # No token: a form of somebody else's.
    assert whose(other) == "Ada Holm"
    assert client.post(f"/auth/sessions/{mine}/end", data={"csrf_token": token}).status_code == 303
    assert client.post(f"/auth/sessions/{bos}/end", data={"csrf_token": token}).status_code == 404
    assert (whose(client), whose(other), whose(bo)) == ("Ada Holm", None, "Bo Lind")


# Password and address


def test_a_changed_password_ends_other_sessions_and_is_told(client: Any, app: Any, cast: Cast, db: Database):
    other = app.test_client()
    submit(client, "/auth/sign-in", **ADA)
    submit(other, "/auth/sign-in", **ADA)

    answer = submit(client, "/auth/password", password=NEW)

    assert (answer.status_code, answer.location) == (303, "/auth/account?done=password")
    assert (whose(client), whose(other)) == ("Ada Holm", None)
    with db.reading() as reading:
        assert reading.scalars(select(OutgoingMail.to_address)).all() == ["ada@daily.example"]
    assert submit(other, "/auth/sign-in", **ADA).status_code == 422


def test_reset_does_the_same_for_unknown_addresses(client: Any, cast: Cast, db: Database, settings: Any):
    answers = [submit(client, "/auth/reset-password", email=email) for email in ("ada@daily.example", "x@y.example")]

    assert {(answer.status_code, answer.location) for answer in answers} == {(303, "/auth/reset-password?sent=1")}
    # What the request did is the same too; only the job looks anybody up.
    assert count(db, OutgoingMail) == count(db, OneTimeLink) == 0
    assert count(db, Job) == 2
    registry = jobs_outside(settings)
    while run_next(db, None, worker="w", registry=registry, name=account_changes.RESET_JOB):  # type: ignore[arg-type]
        pass
    with db.reading() as reading:
        assert reading.scalars(select(OutgoingMail.to_address)).all() == ["ada@daily.example"]


def test_a_reset_link_works_once_and_for_nothing_else(client: Any, app: Any, cast: Cast, db: Database, secret: str):
    token = link(db, cast.ada, Purpose.RESET_PASSWORD, secret)

    for path in ("set-password", "verify-email", "change-email"):
        assert client.get(f"/auth/{path}/{token}").status_code == 404
    assert "Location" not in client.get(f"/auth/reset-password/{token}").headers
    assert submit(client, f"/auth/reset-password/{token}", password="password").status_code == 422
    assert submit(client, f"/auth/reset-password/{token}", password=NEW).status_code == 302
    assert whose(client) == "Ada Holm"
    assert app.test_client().get(f"/auth/reset-password/{token}").status_code == 404


def test_an_address_is_changed_by_its_own_mail_only_and_ends_sessions(
    client: Any, app: Any, cast: Cast, db: Database, secret: str
):
    old_reset = link(db, cast.ada, Purpose.RESET_PASSWORD, secret)
    other = app.test_client()
    submit(client, "/auth/sign-in", **ADA)
    submit(other, "/auth/sign-in", **ADA)
    taken = submit(client, "/auth/email", email="bo@daily.example")
    free = submit(client, "/auth/email", email="New@ada.example")
    assert (taken.status_code, taken.location) == (free.status_code, free.location)
    token = link(db, cast.ada, Purpose.CHANGE_EMAIL, secret, email="new@ada.example")

    answer = submit(client, f"/auth/change-email/{token}")

    assert answer.location == "/auth/account?done=email"
    assert (whose(client), whose(other)) == ("Ada Holm", None)
    assert client.get(f"/auth/reset-password/{old_reset}").status_code == 404
    with db.reading() as reading:
        ada = reading.get_one(Person, cast.ada.id)
        assert (ada.email, ada.email_verified_at is not None) == ("new@ada.example", True)
        assert reading.scalars(select(OutgoingMail.to_address).order_by(OutgoingMail.id)).all() == [
            "bo@daily.example", "new@ada.example", "ada@daily.example",
        ]  # fmt: skip
    token = link(db, cast.ada, Purpose.CHANGE_EMAIL, secret, email="bo@daily.example")
    assert submit(client, f"/auth/change-email/{token}").status_code == 422


def test_a_verification_link_of_an_older_address_confirms_nothing(client: Any, cast: Cast, db: Database, secret: str):
    old = link(db, cast.ada, Purpose.VERIFY_EMAIL, secret, email="before@ada.example")
    right = link(db, cast.ada, Purpose.VERIFY_EMAIL, secret)

    assert submit(client, f"/auth/verify-email/{old}").status_code == 404
    with db.reading() as reading:
        assert reading.get_one(Person, cast.ada.id).email_verified_at is None
    assert submit(client, f"/auth/verify-email/{right}").status_code == 200
    assert whose(client) is None
    with db.reading() as reading:
        assert reading.get_one(Person, cast.ada.id).email_verified_at is not None


def test_a_name_is_changed_unless_it_is_somebodys_or_the_newsrooms(client: Any, cast: Cast, db: Database):
    submit(client, "/auth/sign-in", **ADA)

    for refused in ("B0 Lind", "Editor", "The Daily"):
        assert submit(client, "/auth/name", name=refused).status_code == 422
    assert submit(client, "/auth/name", name="Ada Berg").status_code == 303
    assert whose(client) == "Ada Berg"


# The second step


def test_a_password_alone_begins_nothing_where_there_is_a_second_factor(
    client: Any, cast: Cast, db: Database, secret: str
):
    app_, codes = guard(db, cast.ada, secret)
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).password_grant = True

    signed_in = submit(client, "/auth/sign-in", **ADA)
    assert (signed_in.status_code, signed_in.location) == (303, "/auth/second-step")
    assert whose(client) is None
    pop_up = submit(client, popup(), **ADA)
    assert (pop_up.status_code, pop_up.location) == (303, "/auth/second-step")
    grant = {"grant_type": "password", "site": "daily", **ADA}
    refused = client.post("/api/v1/token", json=grant)
    assert (refused.status_code, "access_token" in refused.json) == (400, False)
    token = link(db, cast.ada, Purpose.RESET_PASSWORD, secret)
    assert count(db, BrowserSession) == count(db, AuthorizationCode) == 0

    wrong = submit(client, "/auth/second-step", code="000000" if app_.now() != "000000" else "111111")
    assert (wrong.status_code, whose(client)) == (422, None)
    right = submit(client, "/auth/second-step", code=codes[0])
    assert right.location.startswith("/auth/authorize?site=daily")
    assert whose(client) == "Ada Holm"
    granted = client.post("/api/v1/token", json={**grant, "one_time_code": app_.now()})
    again = client.post("/api/v1/token", json={**grant, "one_time_code": app_.now()})
    assert (granted.status_code, again.status_code) == (200, 400)
    reset = submit(client, f"/auth/reset-password/{token}", password=NEW)
    assert (reset.location, whose(client)) == ("/auth/second-step", None)


def test_codes_are_taken_once(cast: Cast, db: Database, secret: str):
    app_, codes = guard(db, cast.ada, secret)
    now = now_us()
    with db.writing() as session:

        def takes(code: str, at: int = now) -> bool:
            return second_factors.accept(session, cast.ada.id, code, secret=secret, now=at)

        before, this = app_.at(now // 10**6 - 30), app_.at(now // 10**6)
        assert takes(this)
        assert not takes(this)
        assert not takes(before)
        assert takes(codes[0].upper())
        assert not takes(codes[0])
        assert not takes("")
        assert not takes("٠" * 6)
        assert not takes(app_.at(now // 10**6 + 120))
        assert not second_factors.accept(session, cast.bo.id, codes[1], secret=secret, now=now)


def test_half_a_sign_in_grows_old_and_ends_with_the_password(client: Any, cast: Cast, db: Database, secret: str):
    _, codes = guard(db, cast.ada, secret)
    submit(client, "/auth/sign-in", **ADA)
    with client.session_transaction() as session:
        session["half"] = {**session["half"], "at": session["half"]["at"] - 601 * 10**6}

    assert client.get("/auth/second-step").location == "/auth/sign-in"
    assert submit(client, "/auth/second-step", code=codes[0]).status_code == 403
    assert whose(client) is None


def test_two_steps_are_set_up_and_switched_off(client: Any, cast: Cast, db: Database):
    submit(client, "/auth/sign-in", **ADA)
    page = client.get("/auth/two-step/set-up").text
    app_ = pyotp.TOTP("".join(re.findall(r"<span>(\w+)</span>", page)))
    picture = client.get("/auth/two-step/qr.svg")
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")

    shown = submit(client, "/auth/two-step/set-up", code=app_.now())

    codes = re.findall(r"<li><code>([^<]+)</code>", shown.text)
    assert len(set(codes)) == 10
    assert client.get("/auth/two-step/qr.svg").status_code == 404
    token = re.search(r'csrf_token" value="([^"]+)', client.get("/auth/two-step").text)[1]  # type: ignore[index]
    assert client.post("/auth/two-step/off", data={"csrf_token": token, "code": "000"}).status_code == 422
    off = client.post("/auth/two-step/off", data={"csrf_token": token, "code": codes[0]})
    assert off.location == "/auth/account?done=second"
    assert count(db, OutgoingMail) == 2


def test_managers_need_it_where_the_site_says_so(client: Any, cast: Cast, db: Database, secret: str):
    submit(client, "/auth/sign-in", email="cam@daily.example", password=factories.PASSWORD)
    assert client.get("/console/daily").status_code == 200
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).asks_second_factor = True

    sent = client.get("/console/daily")
    assert sent.location == "/auth/second-step/again?next=/console/daily"
    assert client.get(sent.location).location == "/auth/two-step/set-up?wanted=1"
    _, codes = guard(db, cast.cam, secret)
    assert client.get("/console/daily").status_code == 303
    assert submit(client, sent.location, code=codes[0]).location == "/console/daily"
    assert client.get("/console/daily").status_code == 200


def test_a_site_may_take_comments_from_confirmed_addresses_only(client: Any, cast: Cast, db: Database):
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).asks_verified_email = True
        headers = factories.bearer(session, cast.ada, cast.daily)
    body = {"site": "daily", "article": {"key": "story", "url": "https://daily.example/story", "title": "S"}}

    refused = client.post("/api/v1/comments", json={**body, "body": "A calm remark."}, headers=headers)
    with db.writing() as session:
        session.get_one(Person, cast.ada.id).email_verified_at = now_us()
    taken = client.post("/api/v1/comments", json={**body, "body": "A calm remark."}, headers=headers)

    assert (refused.status_code, taken.status_code) == (403, 201)
