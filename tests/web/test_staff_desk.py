"""Does an invitation lead from the mail to the desk, and does whoever is let go lose it with the next click?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import mailing
from commentsvc.enums import Role, SanctionKind
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Invitation, Membership, OutgoingMail, Person
from tests import factories
from tests.conftest import Cast
from tests.web.test_accounts import submit, whose
from tests.web.test_console import sign_in
from tests.web.test_site_desk import press, words

__all__ = ["sign_in"]

STAFF = "/console/daily/settings/staff"
FAY = {"name": "Fay Dunn", "password": "vier wörter im regen"}


@pytest.fixture
def eve(cast: Cast, sign_in: Callable[[str], Any]) -> Any:
    return sign_in("eve@daily.example")


@pytest.fixture
def link(db: Database, cast: Cast, eve: Any, settings: Settings) -> Callable[[str], str]:
    """Invites an address and returns the path that the mail leads to."""

    def invite(email: str, role: str = "manager") -> str:
        assert submit(eve, STAFF, email=email, role=role).status_code == 303
        with db.reading() as session:
            outgoing = session.scalars(select(OutgoingMail).order_by(OutgoingMail.id.desc())).first()
            assert outgoing is not None
            written = mailing.render(session, outgoing, settings, now=now_us())
        assert written is not None
        assert written.to == email
        found = re.search(r"http://127\.0\.0\.1:8000(/auth/invitation/[\w-]+)", written.text)
        assert found is not None
        assert found[0] in (written.html or "")
        return found[1]

    return invite


def role_of(db: Database, email: str) -> str | None:
    with db.reading() as session:
        return session.scalar(select(Membership.role).join(Person).where(Person.email == email))


def test_somebody_without_an_account_makes_one_and_is_at_the_desk(app: Any, db: Database, link: Any) -> None:
    path = link("fay@daily.example")
    fay = app.test_client()
    page = fay.get(path)
    answer = submit(fay, path, **FAY)

    assert "Eve Okoro asks you to join the staff of The Daily as a manager" in words(page.text)
    assert (answer.status_code, answer.location) == (303, "/console/daily")
    assert fay.get("/console/daily").status_code == 200
    assert role_of(db, "fay@daily.example") == "manager"
    assert (app.test_client().get(path).status_code, fay.post(path).status_code) == (404, 403)


def test_opening_the_link_uses_nothing_up_and_a_mistake_leaves_it_good(app: Any, db: Database, link: Any) -> None:
    path = link("fay@daily.example")
    fay = app.test_client()
    for _ in range(3):
        assert fay.get(path).status_code == 200
    wrong = submit(fay, path, **{**FAY, "name": "Ada Holm"})
    weak = submit(fay, path, **{**FAY, "password": "password"})

    assert (wrong.status_code, weak.status_code) == (422, 422)
    assert ('id="name-error"' in wrong.text, 'id="password-error"' in weak.text) == (True, True)
    assert role_of(db, "fay@daily.example") is None
    assert submit(fay, path, **FAY).status_code == 303


def test_who_has_an_account_signs_in_and_accepts(app: Any, db: Database, cast: Cast, link: Any) -> None:
    path = link("bo@daily.example", "admin")
    bo = app.test_client()
    page = bo.get(path).text
    # A second account for the address can't be made, and nobody gets theirs by the link alone.
    assert submit(bo, path, **FAY).status_code in {303, 403}
    assert whose(bo) is None
    found = re.search(r'class="primary" href="([^"]+)"', page)
    assert found is not None
    answer = submit(bo, found[1], email="bo@daily.example", password=factories.PASSWORD)

    assert answer.location == path
    assert submit(bo, path).location == "/console/daily"
    assert role_of(db, "bo@daily.example") == "admin"


def test_another_account_is_told_to_sign_out(
    db: Database, cast: Cast, link: Any, sign_in: Callable[[str], Any]
) -> None:
    path = link("bo@daily.example")
    ada = sign_in("ada@daily.example")
    page = ada.get(path)
    answer = submit(ada, path)

    assert "You are signed in as ada@daily.example." in words(page.text)
    assert "Accept as" not in page.text
    assert answer.status_code == 403
    assert role_of(db, "ada@daily.example") == "reader"


def test_a_mail_that_waits_past_its_invitation_is_not_sent(
    db: Database, link: Any, eve: Any, settings: Settings
) -> None:
    path = link("fay@daily.example")
    with db.reading() as session:
        invitation = session.scalars(select(Invitation.id)).one()
    press(eve, STAFF, f"/console/daily/settings/invitations/{invitation}/take-back")

    with db.reading() as session:
        outgoing = session.scalars(select(OutgoingMail)).one()
        assert mailing.render(session, outgoing, settings, now=now_us()) is None
    assert eve.get(path).status_code == 404
    assert "Not accepted yet" not in eve.get(STAFF).text


def test_a_hostile_name_stays_text_in_the_mail(db: Database, cast: Cast, eve: Any, settings: Settings) -> None:
    with db.writing() as session:
        session.get_one(Membership, (cast.eve.id, cast.daily.id)).name = "<a href=//evil>\r\nBcc: x@evil.example"
    submit(eve, STAFF, email="fay@daily.example", role="manager")

    with db.reading() as session:
        outgoing = session.scalars(select(OutgoingMail)).one()
        written = mailing.render(session, outgoing, settings, now=now_us())
    assert written is not None
    assert "<a href=//evil>" not in (written.html or "")
    assert written.text.count("/auth/invitation/") == 1


def test_a_role_changes_with_the_next_click(db: Database, cast: Cast, eve: Any, sign_in: Callable[[str], Any]) -> None:
    cam = sign_in("cam@daily.example")
    seen = [cam.get("/console/daily/settings").status_code]
    press(eve, STAFF, f"{STAFF}/{cast.cam.id}/role", role="admin")
    seen.append(cam.get("/console/daily/settings").status_code)
    press(eve, STAFF, f"{STAFF}/{cast.cam.id}/remove")
    seen += [cam.get("/console/daily/settings").status_code, cam.get("/console/daily").status_code]

    assert seen == [403, 200, 404, 404]
    assert "Eve Okoro removed Cam Reyes, who was administrator" in words(eve.get("/console/daily/settings").text)


def test_a_banned_manager_loses_the_desk_with_the_next_click(db: Database, cast: Cast, eve: Any, sign_in: Any) -> None:
    cam = sign_in("cam@daily.example")
    assert cam.get("/console/daily").status_code == 200
    with db.writing() as session:
        factories.sanction(session, cast.cam, cast.daily, SanctionKind.BAN)

    assert cam.get("/console/daily").status_code == 404
    assert "You manage no site" in cam.get("/console").text
    assert "suspended or banned" in eve.get(STAFF).text


def test_the_only_administrator_is_not_offered_to_go_and_cannot(db: Database, cast: Cast, eve: Any) -> None:
    page = eve.get(STAFF).text
    answers = [
        press(eve, STAFF, f"{STAFF}/{cast.eve.id}/remove"),
        press(eve, STAFF, f"{STAFF}/{cast.eve.id}/role", role="manager"),
    ]

    assert "The only administrator" in page
    assert f"/staff/{cast.eve.id}/remove" not in page
    assert [answer.status_code for answer in answers] == [409, 409]
    assert "A site has one administrator at least." in answers[0].text
    assert role_of(db, "eve@daily.example") == "admin"


def test_who_removes_themself_is_led_away(db: Database, cast: Cast, eve: Any) -> None:
    press(eve, STAFF, f"{STAFF}/{cast.cam.id}/role", role="admin")
    answer = press(eve, STAFF, f"{STAFF}/{cast.eve.id}/remove")

    assert answer.location == "/console"
    assert eve.get(STAFF).status_code == 404


def test_a_role_on_another_site_is_not_theirs_to_change(db: Database, cast: Cast, eve: Any) -> None:
    for person in (cast.dee.id, cast.ada.id, 0, -1, "9" * 40, "x"):
        assert press(eve, STAFF, f"{STAFF}/{person}/role", role="admin").status_code == 404
        assert press(eve, STAFF, f"{STAFF}/{person}/remove").status_code == 404

    assert press(eve, STAFF, f"{STAFF}/{cast.cam.id}/role", role="owner").status_code == 422
    assert role_of(db, "dee@other.example") == Role.MANAGER
