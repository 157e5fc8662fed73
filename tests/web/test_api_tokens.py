"""Is a token shown once, good for what it says and no longer, and only its owner's or its site's to end?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from commentsvc.enums import Role, Scope
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import ApiToken, SiteChange
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_accounts import submit
from tests.web.test_console import sign_in
from tests.web.test_site_desk import press, words

__all__ = ["sign_in"]

SITES = "/console/daily/settings/tokens"
OWN = "/auth/tokens"
MINUTE = 60_000_000
DAY_S = 24 * 3600


@pytest.fixture
def eve(cast: Cast, sign_in: Callable[[str], Any]) -> Any:
    return sign_in("eve@daily.example")


def shown(page: str) -> str | None:
    found = re.search(r"cst_[\w-]{43}", page)
    return found[0] if found else None


def make(browser: Any, page: str = SITES, *, scope: str = "moderate", lasts: str = "30", **more: str) -> str:
    answer = submit(browser, page, name="For the test", scopes=scope, lasts=lasts, **more)
    assert (answer.status_code, answer.location) == (303, page)
    value = shown(browser.get(page).text)
    assert value is not None
    return value


def cases(app: Any, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    status: int = app.test_client().get("/api/v1/moderation/cases?site=daily", headers=headers).status_code
    return status


def row(db: Database) -> ApiToken:
    with db.reading() as session:
        return session.scalars(select(ApiToken)).one()


def test_a_token_is_shown_once_and_works(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    token = make(eve)

    kept = row(db)
    assert shown(eve.get(SITES).text) is None
    assert shown(eve.get(OWN).text) is None
    assert cases(app, token) == 200
    assert (kept.person_id, kept.site_id, kept.scopes) == (cast.eve.id, cast.daily.id, ["moderate"])
    assert token not in (kept.token_hash, kept.name)
    with eve.session_transaction() as browser:
        assert token not in str(dict(browser))
    assert "Eve Okoro made the token “For the test”" in words(eve.get("/console/daily/settings").text)


def test_what_waits_in_the_cookie_is_worth_nothing_and_soon_forgotten(app: Any, eve: Any, sign_in: Any) -> None:
    submit(eve, SITES, name="x", scopes="moderate", lasts="30")
    with eve.session_transaction() as browser:
        nonce = browser["new_token"]
    ada = sign_in("ada@daily.example")
    with ada.session_transaction() as browser:
        browser["new_token"] = nonce

    assert cases(app, f"cst_{nonce}") == 401
    assert shown(ada.get(OWN).text) is None
    with time_machine.travel((now_us() / 1e6) + 601):
        assert shown(eve.get(SITES).text) is None


def test_a_token_ends_with_its_time(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    token, endless = make(eve, lasts="30"), make(eve, lasts="never")
    start = now_us() / 1e6
    with time_machine.travel(start + 30 * DAY_S - 60):
        before = (cases(app, token), cases(app, endless))
    with time_machine.travel(start + 30 * DAY_S + 60):
        after = (cases(app, token), cases(app, endless))
    with time_machine.travel(start + 31 * DAY_S), db.reading() as session:
        assert session.scalar(select(ApiToken.expires_at).where(ApiToken.expires_at.is_not(None)))

    assert (before, after) == ((200, 200), (401, 200))


def test_last_use_is_kept_to_the_minute_without_a_write_for_each_request(app: Any, db: Database, cast: Cast) -> None:
    services = app.extensions["commentsvc"]
    with db.writing() as session:
        headers = factories.bearer(session, cast.cam, cast.daily, Scope.MODERATE)
    token = headers["Authorization"].partition(" ")[2]
    start = now_us() // MINUTE * MINUTE
    with time_machine.travel(start / 1e6 + 1, tick=False) as clock:
        cases(app, token)
        assert row(db).last_used_at is None
        services.seen.write()
        first = row(db).last_used_at
        with counted(services.db) as statements:
            for _ in range(3):
                cases(app, token)
            services.seen.write()
        clock.shift(60)
        cases(app, token)
        services.seen.write()

    assert (first, row(db).last_used_at) == (start, start + MINUTE)
    assert [one for one in statements if one.startswith(("UPDATE", "INSERT"))] == []


def test_a_wrong_or_ended_token_leaves_no_trace_of_use(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    token = make(eve)
    press(eve, SITES, f"{SITES}/{row(db).id}/revoke")

    assert (cases(app, token), cases(app, token[:-1] + "~")) == (401, 401)
    app.extensions["commentsvc"].seen.write()
    assert row(db).last_used_at is None


def test_an_admin_sees_and_revokes_every_token_of_the_site_alone(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    with db.writing() as session:
        mine = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)["Authorization"].partition(" ")[2]
        factories.bearer(session, cast.dee, cast.other, *factories.STAFF)
        cams, dees = session.scalars(select(ApiToken.id).order_by(ApiToken.id)).all()
    page = words(eve.get(SITES).text)
    foreign = press(eve, SITES, f"{SITES}/{dees}/revoke")
    done = press(eve, SITES, f"{SITES}/{cams}/revoke")

    assert "of Cam Reyes" in page
    assert "Dee Marsh" not in page
    assert (foreign.status_code, done.status_code) == (404, 303)
    assert cases(app, mine) == 401
    with db.reading() as session:
        assert session.get_one(ApiToken, dees).revoked_at is None
        log = session.execute(select(SiteChange.kind, SiteChange.person_id, SiteChange.by_person_id)).one()
    assert tuple(log) == ("token_revoked", cast.cam.id, cast.eve.id)


@pytest.mark.parametrize("address", ["0", "-1", "9" * 40, "x", "{dees}"])
def test_ones_own_page_ends_only_ones_own(db: Database, cast: Cast, eve: Any, address: str) -> None:
    with db.writing() as session:
        factories.bearer(session, cast.dee, cast.other)
        dees = session.scalars(select(ApiToken.id)).one()

    assert press(eve, OWN, f"{OWN}/{address.format(dees=dees)}/revoke").status_code == 404
    assert row(db).revoked_at is None


def test_ones_own_page_makes_tokens_within_ones_role(app: Any, db: Database, cast: Cast, sign_in: Any) -> None:
    ada = sign_in("ada@daily.example")
    make(ada, OWN, scope="reader", site="daily")
    asked = {"name": "x", "lasts": "30"}
    answers = [
        submit(ada, OWN, **asked, scopes="moderate", site="daily"),
        submit(ada, OWN, **asked, scopes="reader", site="other"),
        submit(ada, OWN, **asked, scopes="owner", site="daily"),
        submit(ada, OWN, **asked, site="daily"),
        submit(ada, OWN, name=" ", lasts="30", scopes="reader", site="daily"),
        submit(ada, OWN, name="x", lasts="4000", scopes="reader", site="daily"),
    ]

    assert [answer.status_code for answer in answers] == [422] * 6
    assert "Your role on this site doesn’t allow all of these." in answers[0].text
    assert "Moderate" not in words(ada.get(OWN).text)
    assert row(db).scopes == ["reader"]


def test_a_token_never_does_more_than_its_owners_role_allows_now(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    token = make(eve)
    with db.writing() as session:
        factories.member(session, cast.cam, cast.daily, Role.ADMIN)
        factories.member(session, cast.eve, cast.daily, Role.READER)

    assert cases(app, token) == 403
    assert "May do nothing any more" in words(eve.get(OWN).text)


def test_tokens_of_one_site_say_nothing_on_another(app: Any, db: Database, cast: Cast) -> None:
    with db.writing() as session:
        headers = factories.bearer(session, cast.dee, cast.other, *factories.STAFF)

    assert cases(app, headers["Authorization"].partition(" ")[2]) in {403, 404}
