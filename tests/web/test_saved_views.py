"""Saved views: one's own and the desk's, with counts, one that the queue opens with."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.enums import Guideline
from commentsvc.store.db import Database
from commentsvc.store.models import DefaultView, SavedView
from tests.conftest import Cast
from tests.web.test_console import QUEUE, hold, press, sign_in  # noqa: F401 - a fixture
from tests.web.test_presence import live, send


@pytest.fixture
def cam(cast: Cast, sign_in: Callable[[str], Any]) -> Any:  # noqa: F811
    return sign_in("cam@daily.example")


@pytest.fixture
def eve(cast: Cast, sign_in: Callable[[str], Any]) -> Any:  # noqa: F811
    return sign_in("eve@daily.example")


def save(browser: Any, name: str, query: str = "guideline=spam", **more: str) -> Any:
    return send(browser, f"{QUEUE}/views?{query}", name=name, **more)


def kept(db: Database) -> list[tuple[str, bool, dict[str, str]]]:
    with db.reading() as session:
        return [(view.name, view.shared, view.filters) for view in session.scalars(select(SavedView).order_by("id"))]


def test_a_view_is_saved_from_the_filters_that_are_shown(db: Database, cast: Cast, cam: Any) -> None:
    hold(db, cast, "Cheap pills", guideline=Guideline.SPAM)
    hold(db, cast, "Rude words")

    page = cam.get(f"{QUEUE}?guideline=spam").text
    answer = press(cam, page, of="Share with the desk", name=" Spam first ", shared="1")

    assert (answer.status_code, kept(db)) == (303, [("Spam first", True, {"guideline": "spam"})])
    assert answer.location == f"{QUEUE}?guideline=spam&view=1"
    shown = cam.get(answer.location).text
    assert "Cheap pills" in shown
    assert "Rude words" not in shown
    assert '<bdi>Spam first</bdi> <span class="count" data-view="1">1</span>' in shown
    assert live(cam)["views"] == {"1": "1"}


def test_views_are_ones_own_until_they_are_shared(db: Database, cast: Cast, cam: Any, eve: Any) -> None:
    save(cam, "Mine")
    save(cam, "Ours", shared="1")

    page = eve.get(QUEUE).text

    assert "<bdi>Ours</bdi>" in page
    assert "<bdi>Mine</bdi>" not in page
    assert set(live(eve)["views"]) == {"2"}
    assert set(live(cam)["views"]) == {"1", "2"}


def test_a_view_is_renamed_and_deleted_by_its_owner_or_an_administrator(
    db: Database, cast: Cast, cam: Any, eve: Any
) -> None:
    save(eve, "Eve's", shared="1")
    save(cam, "Cam's", shared="1")

    refused = send(cam, f"{QUEUE}/views/1", name="Taken over")
    by_owner = press(
        cam, cam.get(f"{QUEUE}?guideline=spam&view=2").text, of="Share with the desk", name="Still Cam's", shared="1"
    )
    by_admin = send(eve, f"{QUEUE}/views/2", name="The desk's")

    assert (refused.status_code, by_owner.status_code, by_admin.status_code) == (403, 303, 303)
    assert [name for name, *_ in kept(db)] == ["Eve's", "The desk's"]
    assert send(cam, f"{QUEUE}/views/2/delete").status_code == 303
    assert [name for name, *_ in kept(db)] == ["Eve's"]


def test_the_queue_opens_with_the_default_view_until_it_is_no_more(
    db: Database, cast: Cast, cam: Any, eve: Any
) -> None:
    save(eve, "Spam", shared="1")
    assert cam.get(QUEUE).status_code == 200

    chosen = send(cam, f"{QUEUE}/views/1/default")
    opened = cam.get(QUEUE)
    everything = cam.get(f"{QUEUE}?view=all")
    eves = eve.get(QUEUE)
    send(eve, f"{QUEUE}/views/1", name="Spam")  # no longer shared
    unshared = cam.get(QUEUE)

    address = f"{QUEUE}?guideline=spam&view=1"
    assert (chosen.location, opened.status_code, opened.location) == (address, 303, address)
    assert (everything.status_code, eves.status_code, unshared.status_code) == (200, 200, 200)
    assert send(eve, f"{QUEUE}/views/1/delete").status_code == 303
    with db.reading() as session:
        assert session.scalars(select(DefaultView)).all() == []


def test_a_default_is_taken_back_by_the_same_button(db: Database, cast: Cast, cam: Any) -> None:
    save(cam, "Spam")
    send(cam, f"{QUEUE}/views/1/default")

    send(cam, f"{QUEUE}/views/1/default")

    assert cam.get(QUEUE).status_code == 200


@pytest.mark.parametrize(
    ("name", "query"), [("", "guideline=spam"), ("x" * 41, "guideline=spam"), ("All", ""), ("Odd", "view=1&after=x")]
)
def test_a_view_needs_a_name_and_a_filter(db: Database, cast: Cast, cam: Any, name: str, query: str) -> None:
    assert save(cam, name, query).status_code == 422
    assert kept(db) == []


def test_nobody_keeps_views_without_end(db: Database, cast: Cast, cam: Any) -> None:
    answers = [save(cam, f"View {n}").status_code for n in range(31)]

    assert answers == [303] * 30 + [409]
    assert len(live(cam)["views"]) == 12


def test_odd_filters_are_kept_and_hurt_nobody(db: Database, cast: Cast, cam: Any) -> None:
    answer = save(cam, "Odd", "q=%22OR&label=nothing&waiting=5&article=x&section=None&trust=friend&holding=all")

    assert answer.status_code == 303
    assert cam.get(answer.location).status_code == 200
    assert live(cam)["views"] == {"1": "0"}
