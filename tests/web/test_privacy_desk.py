"""Do administrators see who looked at personal data, and set how long things are kept?"""

from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions import networks
from commentsvc.queries.retention import Kept, retention_of
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Access
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted
from tests.web.test_accounts import submit

PAGE = "/console/daily/privacy"
GOOD = {"network_days": "7", "mail_days": "14", "legal_days": "365", "access_days": "90"}


@pytest.fixture
def eve(app: Any, cast: Cast) -> Any:
    return signed_in(app, "eve")


def signed_in(app: Any, name: str) -> Any:
    client = app.test_client()
    submit(client, "/auth/sign-in", email=f"{name}@daily.example", password=factories.PASSWORD)
    return client


def trail(db: Database) -> list[tuple[str, int, int | None]]:
    with db.reading() as session:
        rows = session.scalars(select(Access).order_by(Access.id))
        return [(row.kind, row.by_person_id, row.person_id) for row in rows]


def test_retention_is_saved_and_shown_again(db: Database, cast: Cast, eve: Any) -> None:
    answer = submit(eve, PAGE, **GOOD)
    page = eve.get(answer.location).text
    log = eve.get("/console/daily/policy/changes").text

    with db.reading() as session:
        assert retention_of(session, cast.daily.id) == Kept(7, 14, 365, 90)
    assert answer.status_code == 303
    assert "Saved." in page
    assert 'name="mail_days" min="1" max="90" required value="14"' in page
    assert "How long things are kept" in log
    assert "Mail days" in log


@pytest.mark.parametrize("wrong", ["", "x", "31", "-1", "9" * 30])
def test_what_is_out_of_bounds_is_said_beside_its_field(db: Database, cast: Cast, eve: Any, wrong: str) -> None:
    answer = submit(eve, PAGE, **{**GOOD, "network_days": wrong})

    assert answer.status_code == 422
    assert 'id="network_days-problem"' in answer.text
    with db.reading() as session:
        assert retention_of(session, cast.daily.id) == Kept()


def test_looking_leaves_a_trail_once_an_hour(db: Database, cast: Cast, app: Any, eve: Any) -> None:
    cam, page = signed_in(app, "cam"), f"/console/daily/people/{cast.ada.id}"
    others = [f"/console/daily/people/{who.id}" for who in (cast.cam, cast.dee)]
    search = "/console/daily/people?q=ada"
    for path in (page, page, search, "/console/daily/people", f"{page}x", "/console/other/people?q=a", *others):
        cam.get(path)

    shown = eve.get(PAGE).text

    assert trail(db) == [("person", cast.cam.id, cast.ada.id), ("search", cast.cam.id, None)]
    assert "Cam Reyes</bdi> opened the page of" in shown
    assert "searched people by name" in shown
    with db.writing() as session:
        for row in session.scalars(select(Access)):
            row.created_at -= 3600 * 1_000_000
    cam.get(page)
    assert len(trail(db)) == 3


def test_an_address_that_is_shown_and_a_script_that_asks_leave_a_trail(db: Database, cast: Cast, app: Any) -> None:
    with db.writing() as session:
        about = factories.comment(session, cast.story, cast.ada)
        factories.case(session, about)
        factories.legal_notice(session, about, email="x@y.example")
        bearer = factories.bearer(session, cast.eve, cast.daily, *factories.STAFF)
    cam = signed_in(app, "cam")

    assert "x@y.example" in cam.get("/console/daily").text
    assert app.test_client().get(f"/api/v1/moderation/people/{cast.bo.id}", headers=bearer).status_code == 200
    assert "x@y.example" in app.test_client().get("/api/v1/moderation/cases?site=daily", headers=bearer).text

    assert trail(db) == [
        ("email", cast.cam.id, None), ("person", cast.eve.id, cast.bo.id), ("email", cast.eve.id, None)
    ]  # fmt: skip


def test_a_sanction_by_script_writes_the_trail_in_its_own_transaction(db: Database, cast: Cast, app: Any) -> None:
    with db.writing() as session:
        bearer = factories.bearer(session, cast.cam, cast.daily, *factories.STAFF)

    answer = app.test_client().post(
        f"/api/v1/moderation/people/{cast.bo.id}/sanctions", json={"kind": "warn", "reason": "Mind it."}, headers=bearer
    )

    assert answer.status_code == 200
    assert trail(db) == [("person", cast.cam.id, cast.bo.id)]


def test_another_sites_trail_stays_there_and_pages_lead_on(db: Database, cast: Cast, eve: Any) -> None:
    with db.writing() as session:
        session.add(Access(site_id=cast.other.id, kind="person", by_person_id=cast.dee.id, created_at=1))
        for n in range(51):
            session.add(
                Access(
                    site_id=cast.daily.id, kind="person", by_person_id=cast.cam.id, person_id=cast.ada.id, created_at=n
                )
            )

    first = eve.get(PAGE).text

    assert (first.count("opened the page of"), "Dee Marsh" in first) == (50, False)
    assert "Earlier" in first
    assert eve.get(f"{PAGE}?before=3").text.count("opened the page of") == 1


def test_the_trail_costs_the_same_at_1_and_30(app: Any, db: Database, cast: Cast, eve: Any) -> None:
    costs = []
    for count in (1, 29):
        with db.writing() as session:
            for _ in range(count):
                who = factories.person(session)
                session.add(
                    Access(
                        site_id=cast.daily.id, kind="person", by_person_id=cast.cam.id, person_id=who.id, created_at=1
                    )
                )
        with counted(app.extensions["commentsvc"].db) as statements:
            eve.get(PAGE)
        costs.append(len(statements))

    assert costs[0] == costs[1]


def test_a_shared_network_is_hinted_at_on_the_persons_page(db: Database, cast: Cast, app: Any) -> None:
    with db.writing() as session:
        for who in (cast.ada, cast.bo):
            made = factories.comment(session, cast.story, who)
            networks.record(session, made, "192.0.2.7", secret="s" * 32, now=now_us())

    page = signed_in(app, "cam").get(f"/console/daily/people/{cast.ada.id}").text

    assert "Wrote from the same network on the same day as" in page
    assert f'href="/console/daily/people/{cast.bo.id}"' in page
    assert "192.0.2.7" not in page
