"""Can administrators say when they want to be told, and see what was sent?"""

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.store.db import Database
from commentsvc.store.models import AlertMessage, AlertSettings
from tests.conftest import Cast
from tests.web.test_accounts import submit
from tests.web.test_console import sign_in

__all__ = ["sign_in"]

PAGE = "/console/daily/insights/alerts"
GOOD = {
    "mail_to": "cam@daily.example\neve@daily.example", "webhook_url": "https://chat.example/hook", "depth": "50",
    "oldest_minutes": "120", "article_cases": "", "out_minutes": "",
}  # fmt: skip


@pytest.fixture
def eve(cast: Cast, sign_in: Callable[[str], Any]) -> Any:
    return sign_in("eve@daily.example")


def kept(db: Database) -> AlertSettings | None:
    with db.reading() as session:
        return session.scalar(select(AlertSettings))


def send_test(browser: Any) -> Any:
    """Press the button that sends a test."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(PAGE).text)
    return browser.post(f"{PAGE}/test", data={"csrf_token": token[1] if token else ""})


def test_what_was_typed_is_kept_and_shown_again(db: Database, cast: Cast, eve: Any) -> None:
    answer = submit(eve, PAGE, **GOOD)
    page = eve.get(answer.location).text

    found = kept(db)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?done=saved")
    assert found is not None
    assert (found.mail_to, found.webhook_url) == (
        ["cam@daily.example", "eve@daily.example"], "https://chat.example/hook"
    )  # fmt: skip
    assert (found.depth, found.oldest_minutes, found.article_cases, found.out_minutes) == (50, 120, None, None)
    assert "Saved." in page
    assert found.secret in page
    assert 'value="50"' in page
    assert "cam@daily.example\neve@daily.example" in unescape(page)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"mail_to": "nobody"}, "mail_to"),
        ({"webhook_url": "javascript:alert(1)"}, "webhook_url"),
        ({"depth": "0"}, "depth"),
        ({"depth": "many"}, "depth"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_is_kept(
    db: Database, cast: Cast, eve: Any, wrong: dict[str, str], field: str
) -> None:
    answer = submit(eve, PAGE, **{**GOOD, **wrong})

    assert answer.status_code == 422
    assert re.search(rf'aria-describedby="{field}-problem"', answer.text)
    assert f'id="{field}-problem"' in answer.text
    assert kept(db) is None


def test_a_test_is_listed_with_its_state(db: Database, cast: Cast, eve: Any) -> None:
    submit(eve, PAGE, **GOOD)

    answer = send_test(eve)
    page = eve.get(answer.location).text

    assert answer.location == f"{PAGE}?done=sent"
    with db.reading() as session:
        targets = list(session.scalars(select(AlertMessage.target).order_by(AlertMessage.id)))
    assert targets == ["cam@daily.example", "eve@daily.example", "https://chat.example/hook"]
    assert all(target in page for target in targets)
    assert page.count("Waiting") == 3


def test_a_test_needs_an_address(db: Database, cast: Cast, eve: Any) -> None:
    submit(eve, PAGE, **{**GOOD, "mail_to": "", "webhook_url": ""})

    answer = send_test(eve)

    assert answer.status_code == 422
    assert "Save an address for mail or a webhook first." in answer.text


def test_managers_may_not_see_the_secret(db: Database, cast: Cast, eve: Any, sign_in: Callable[[str], Any]) -> None:
    submit(eve, PAGE, **GOOD)
    found = kept(db)

    answer = sign_in("cam@daily.example").get(PAGE)

    assert answer.status_code == 403
    assert found is not None
    assert found.secret not in answer.text
