"""What can administrators set of their site, and do they see whether its tags work?"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from commentsvc.enums import Role
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Membership, Origin, Sighting, Site, SiteChange
from commentsvc.web.confirming import FRESH_US
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_accounts import submit
from tests.web.test_console import sign_in

__all__ = ["sign_in"]

SETTINGS = "/console/daily/settings"
EMBED = f"{SETTINGS}/embedding"


@pytest.fixture
def eve(cast: Cast, sign_in: Callable[[str], Any]) -> Any:
    return sign_in("eve@daily.example")


def press(browser: Any, page: str, address: str, **fields: str) -> Any:
    """Send a form to an address, with the token of the page that it stands on."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page).text)
    referer = {"Referer": f"http://localhost{page}"}
    return browser.post(address, data={"csrf_token": token[1] if token else "", **fields}, headers=referer)


def words(page: str) -> str:
    """Read a page as people do."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", page)).split())


def load_widget(app: Any, origin: str | None, site: str = "daily", **headers: str) -> None:
    given = {"Origin": origin, **headers} if origin else headers
    assert app.test_client().get("/api/v1/config", query_string={"site": site}, headers=given).status_code in {200, 404}
    app.extensions["commentsvc"].seen.write()


def test_name_language_and_time_zone_are_set_and_told(db: Database, cast: Cast, eve: Any) -> None:
    answer = submit(eve, SETTINGS, name="The <b>Daily</b>", locale="de", time_zone="Europe/Berlin")
    page = eve.get(answer.location).text
    again = submit(eve, SETTINGS, name="The <b>Daily</b>", locale="de", time_zone="Europe/Berlin")

    with db.reading() as session:
        site = session.get_one(Site, cast.daily.id)
        assert (site.name, site.locale, site.time_zone) == ("The <b>Daily</b>", "de", "Europe/Berlin")
    assert "Saved." in page
    assert "Nothing was changed." in eve.get(again.location).text
    assert "Eve Okoro changed the language: en → de; name: The Daily → The <b>Daily</b>" in words(page)
    assert "<b>Daily" not in page


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"name": " "}, "name"), ({"locale": "german"}, "locale"), ({"time_zone": "Mars"}, "time_zone")],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_changes(
    db: Database, cast: Cast, eve: Any, wrong: dict[str, str], field: str
) -> None:
    answer = submit(eve, SETTINGS, **{"name": "New", "locale": "de", "time_zone": "Europe/Berlin", **wrong})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    with db.reading() as session:
        site = session.get_one(Site, cast.daily.id)
        assert (site.name, site.locale, site.time_zone) == ("The Daily", "en", "UTC")
        assert session.scalars(select(SiteChange)).all() == []


def test_only_administrators_are_led_to_the_settings(cast: Cast, eve: Any, sign_in: Callable[[str], Any]) -> None:
    cam = sign_in("cam@daily.example")

    assert f'href="{SETTINGS}"' in eve.get("/console/daily").text
    assert f'href="{SETTINGS}"' not in cam.get("/console/daily").text


# Whether the tags work


def test_the_check_says_what_was_seen_when_and_where(app: Any, cast: Cast, eve: Any) -> None:
    before = words(eve.get(EMBED).text)
    load_widget(app, "https://daily.example")
    after = words(eve.get(EMBED).text)

    assert "Nothing was seen yet." in before
    assert "https://daily.example not seen yet" in before
    assert "Yes. The comments were loaded by a page of yours just now, at https://daily.example." in after
    assert "https://daily.example loaded just now" in after


def test_the_check_names_an_origin_that_is_missing_and_registers_it(
    app: Any, db: Database, cast: Cast, eve: Any
) -> None:
    load_widget(app, "https://www.daily.example")
    page = words(eve.get(EMBED).text)
    answer = press(eve, EMBED, f"{SETTINGS}/origins", origin="https://www.daily.example")

    assert "Not yet. A page loads the comments, but its origin isn’t registered" in page
    assert answer.location == f"{EMBED}?done=added"
    assert "Yes. The comments were loaded" in words(eve.get(EMBED).text)
    assert "Eve Okoro registered https://www.daily.example" in words(eve.get(SETTINGS).text)


def test_a_page_of_our_own_origin_is_seen_too(app: Any, db: Database, cast: Cast) -> None:
    load_widget(app, None, **{"Sec-Fetch-Site": "same-origin"})
    load_widget(app, None)

    with db.reading() as session:
        assert session.scalars(select(Sighting.origin)).all() == ["http://localhost"]


@pytest.mark.parametrize(
    "origin", ["null", "https://Daily.example", "https://daily.example/x", "x" * 400, "<b>", "https://*.x"]
)
def test_what_no_browser_sends_is_not_kept(app: Any, db: Database, cast: Cast, origin: str) -> None:
    load_widget(app, origin)

    with db.reading() as session:
        assert session.scalars(select(Sighting)).all() == []


def test_a_visit_of_last_week_or_to_another_site_does_not_count(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    load_widget(app, "https://daily.example", site="other")
    load_widget(app, "https://daily.example", site="nowhere")
    load_widget(app, "https://daily.example")
    with db.writing() as session:
        old = now_us() - 7 * 24 * 3600 * 1_000_000
        session.execute(update(Sighting).where(Sighting.site_id == cast.daily.id).values(seen_at=old))
    page = words(eve.get(EMBED).text)

    assert "Nothing was seen yet." in page
    assert "https://daily.example loaded 7 d ago" in page


# Origins


def test_an_origin_goes_and_the_last_one_stays(db: Database, cast: Cast, eve: Any) -> None:
    press(eve, EMBED, f"{SETTINGS}/origins", origin="https://www.daily.example")
    gone = press(eve, EMBED, f"{SETTINGS}/origins/remove", origin="https://daily.example")
    kept = press(eve, EMBED, f"{SETTINGS}/origins/remove", origin="https://www.daily.example")

    assert (gone.status_code, kept.status_code) == (303, 409)
    assert "A site has one origin at least." in kept.text
    with db.reading() as session:
        mine = select(Origin.origin).where(Origin.site_id == cast.daily.id)
        assert session.scalars(mine).all() == ["https://www.daily.example"]


def test_a_wrong_origin_is_told_beside_its_field(db: Database, cast: Cast, eve: Any) -> None:
    answer = press(eve, EMBED, f"{SETTINGS}/origins", origin="https://daily.example.evil.example/<script>")

    assert answer.status_code == 422
    assert 'id="origin-error"' in answer.text
    assert "<script>" not in re.sub(r"<script type=.module. src=.[^>]*>", "", answer.text)


def test_pages_of_a_removed_origin_cannot_sign_in_any_more(db: Database, cast: Cast, eve: Any) -> None:
    from tests.web.test_accounts import popup

    press(eve, EMBED, f"{SETTINGS}/origins", origin="https://www.daily.example")
    assert eve.get(popup()).status_code == 200
    press(eve, EMBED, f"{SETTINGS}/origins/remove", origin="https://daily.example")

    assert eve.get(popup()).status_code == 403
    assert eve.get(popup(origin="https://www.daily.example")).status_code == 200
    assert eve.get(popup(origin="https://evil-www.daily.example")).status_code == 403


# Another site, and asking again who it is


def test_an_administrator_adds_a_site_that_nobody_else_sees(
    db: Database, cast: Cast, eve: Any, sign_in: Callable[[str], Any]
) -> None:
    weekly = {"name": "The Weekly", "key": "weekly", "origins": "https://weekly.example"}
    answer = submit(eve, "/console/sites/new", **weekly)
    again = submit(eve, "/console/sites/new", **weekly)

    assert answer.location == "/console/weekly/settings/embedding?done=created"
    assert again.status_code == 422
    assert "There is a site weekly already." in again.text
    with db.reading() as session:
        site = session.scalars(select(Site).where(Site.key == "weekly")).one()
        assert session.execute(
            select(Membership.person_id, Membership.role).where(Membership.site_id == site.id)
        ).all() == [(cast.eve.id, "admin")]
    assert eve.get("/console/weekly").status_code == 200
    assert sign_in("cam@daily.example").get("/console/weekly").status_code == 404


@pytest.mark.parametrize(
    ("page", "address", "fields"),
    [
        (EMBED, f"{SETTINGS}/origins", {"origin": "https://evil.example"}),
        (EMBED, f"{SETTINGS}/origins/remove", {"origin": "https://daily.example"}),
        ("/console/daily", f"{SETTINGS}/staff", {"email": "x@evil.example", "role": "admin"}),
        ("/console/daily", f"{SETTINGS}/staff/{{cam}}/role", {"role": "admin"}),
        ("/console/daily", f"{SETTINGS}/staff/{{cam}}/remove", {}),
        ("/console/daily", f"{SETTINGS}/tokens", {"name": "x", "scopes": "moderate", "lasts": "90"}),
        ("/console/daily", "/console/sites/new", {"name": "W", "key": "w", "origins": "https://w.example"}),
        ("/console/daily", "/auth/tokens", {"site": "daily", "name": "x", "scopes": "moderate", "lasts": "90"}),
    ],
)
def test_a_session_that_was_left_open_hands_nothing_over(
    db: Database, cast: Cast, eve: Any, page: str, address: str, fields: dict[str, str]
) -> None:
    with eve.session_transaction() as browser:
        browser["confirmed_at"] -= FRESH_US
    answer = press(eve, page, address.format(cam=cast.cam.id), **fields)

    assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/auth/confirm")
    with db.reading() as session:
        assert session.scalars(select(SiteChange)).all() == []
        assert session.scalars(select(Site.key).order_by(Site.key)).all() == ["daily", "other"]
        assert session.get_one(Membership, (cast.cam.id, cast.daily.id)).role == "manager"


def test_the_lists_cost_the_same_at_1_and_30(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    costs: dict[str, set[int]] = {}
    for count in (1, 29):
        with db.writing() as session:
            for _ in range(count):
                who = factories.person(session)
                factories.member(session, who, cast.daily, Role.MANAGER)
                factories.bearer(session, who, cast.daily, *factories.STAFF)
                factories.bearer(session, cast.eve, cast.daily, *factories.STAFF)
                factories.invitation(session, cast.daily, cast.eve)
                factories.bearer(session, cast.eve, factories.site(session))
        for page in (SETTINGS, EMBED, f"{SETTINGS}/staff", f"{SETTINGS}/tokens", "/auth/tokens"):
            with counted(app.extensions["commentsvc"].db) as statements:
                assert eve.get(page).status_code == 200
            costs.setdefault(page, set()).add(len(statements))

    assert all(len(found) == 1 and max(found) <= 14 for found in costs.values()), costs
