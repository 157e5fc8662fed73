"""Do the dashboard's pages show their charts, to eyes and to screen readers, and nobody's speed to a colleague?"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from commentsvc.actions import alerting, cases, decisions
from commentsvc.actions.alerting import Lines
from commentsvc.enums import Action, Role, Status
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Membership
from tests import factories
from tests.server import Server

pytestmark = pytest.mark.browser

_serial = count(1)
SECOND = 1_000_000


@pytest.fixture
def newsroom(live_server: Server) -> Iterator[tuple[str, str]]:
    """A site of the test's own: its address and its key. Its manager has decided four cases, 7 s apart."""
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    key = f"figures{next(_serial)}"
    now = now_us()
    with db.writing() as session:
        site = factories.site(session, key, name="The Evening Figures")
        author, keeper, chief = (
            factories.person(session, f"{who} of {key}", email=f"{who}-{key}@desk.example".lower())
            for who in ("Reader", "Keeper", "Chief")
        )
        factories.member(session, author, site)
        factories.member(session, keeper, site, Role.MANAGER)
        factories.member(session, chief, site, Role.ADMIN)
        story = factories.article(session, site, "story", title="A long story about a ferry and its terminal")
        for number in range(6):
            comment = factories.comment(session, story, author, status=Status.HELD, now=now - 3600 * SECOND)
            latest = cases.find_latest_case(session, comment.id)
            if number < 4 and latest:
                decisions.decide(
                    session, comment, Status.PUBLISHED, action=Action.APPROVE, by=keeper, revision=1,
                    seen=latest.version, now=now - (600 - 7 * number) * SECOND,
                )  # fmt: skip
        alerting.save_settings(
            session, membership=session.get_one(Membership, (chief.id, site.id)), mail_to=["chief@desk.example"],
            webhook_url="", lines=Lines(depth=50), new_secret=False, now=now,
        )  # fmt: skip
    yield f"{live_server.api}/console/{key}/insights", key
    db.dispose()


@pytest.fixture
def open_as(browser: Browser, newsroom: tuple[str, str]) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def sign_in(who: str, **options: Any) -> Page:
        address, key = newsroom
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(address)
        page.get_by_label("E-mail").fill(f"{who}-{key}@desk.example")
        page.get_by_label("Password").fill(factories.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{address}**")
        return page

    yield sign_in
    for context in contexts:
        context.close()


def test_nothing_is_wider_than_a_phone_and_a_test_is_sent_without_a_script(
    open_as: Callable[..., Page], newsroom: tuple[str, str]
) -> None:
    address, _ = newsroom
    page = open_as("chief", viewport={"width": 320, "height": 700})
    widths = []
    for path in ("", "/trust", "/alerts"):
        page.goto(address + path)
        widths.append(page.evaluate("document.documentElement.scrollWidth"))
    plain = open_as("chief", java_script_enabled=False)
    plain.goto(f"{address}/alerts")
    plain.get_by_label("Cases waiting").fill("5")
    plain.get_by_role("button", name="Save").click()
    expect(plain.get_by_role("status")).to_have_text("Saved.")
    plain.get_by_role("button", name="Send a test").click()

    assert widths == [320, 320, 320]
    expect(plain.get_by_role("status")).to_contain_text("A test is on its way")
    expect(plain.get_by_label("Cases waiting")).to_have_value("5")
    expect(plain.get_by_role("row", name="Test: The Evening Figures")).to_be_visible()
