"""Is the password asked for again where it matters, and does nothing else count as having given it?"""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from commentsvc.web.confirming import FRESH_US, confirmed
from tests.conftest import Cast
from tests.web.test_accounts import ADA, submit


@pytest.fixture
def guarded(settings: Any, shared_judge: Any) -> Iterator[Any]:
    """A client of an application with one page behind the question."""
    from commentsvc.app import create_app

    app: Flask = create_app(settings, judge=shared_judge)
    app.add_url_rule("/guarded", "guarded", confirmed(lambda: "inside"))
    yield app.test_client()
    app.extensions["commentsvc"].db.dispose()


def grow_old(client: Any) -> None:
    with client.session_transaction() as session:
        session["confirmed_at"] -= FRESH_US


def test_a_fresh_sign_in_is_enough_and_an_old_one_is_asked_again(guarded: Any, cast: Cast) -> None:
    assert guarded.get("/guarded").headers["Location"] == "/auth/confirm?next=/guarded"
    submit(guarded, "/auth/sign-in", **ADA)
    assert guarded.get("/guarded").text == "inside"
    grow_old(guarded)

    asked = guarded.get("/guarded?page=2")
    wrong = submit(guarded, asked.headers["Location"], password="not hers")
    still_out = guarded.get("/guarded")
    right = submit(guarded, asked.headers["Location"], password=ADA["password"])

    assert (asked.status_code, asked.headers["Location"]) == (303, "/auth/confirm?next=/guarded?page%3D2")
    assert (wrong.status_code, still_out.status_code) == (422, 303)
    assert "This isn’t your password." in wrong.text
    assert (right.status_code, right.headers["Location"]) == (303, "/guarded?page=2")
    assert guarded.get("/guarded").text == "inside"


@pytest.mark.parametrize("wanted", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_confirming_leads_to_our_own_paths_only(guarded: Any, cast: Cast, wanted: str) -> None:
    submit(guarded, "/auth/sign-in", **ADA)

    answer = submit(guarded, f"/auth/confirm?next={wanted}", password=ADA["password"])

    assert answer.headers["Location"] == "/auth/account"


def test_a_time_in_the_future_is_no_confirmation(guarded: Any, cast: Cast) -> None:
    submit(guarded, "/auth/sign-in", **ADA)
    with guarded.session_transaction() as session:
        session["confirmed_at"] += 10 * FRESH_US

    assert guarded.get("/guarded").status_code == 303
