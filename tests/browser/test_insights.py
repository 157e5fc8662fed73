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
from tests.browser.test_console import faults_of
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


def sizes_of_charts(page: Page) -> list[int]:
    """Bring every chart into view and return the pictures' own widths: 0 for one that didn't load."""
    pictures = page.locator("picture img")
    widths = []
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        picture.evaluate("img => img.complete || new Promise(done => { img.onload = img.onerror = done; })")
        widths.append(picture.evaluate("img => img.naturalWidth"))
    return widths


def test_figures_are_seen_read_and_downloaded_and_ones_speed_is_ones_own(open_as: Callable[..., Page]) -> None:
    page = open_as("keeper", viewport={"width": 1440, "height": 900}, java_script_enabled=True)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.reload()

    assert sizes_of_charts(page) == [760] * 9
    own = page.get_by_role("region", name="Your own pace").first
    expect(own).to_contain_text("only you see this")
    own.get_by_text("Figures").click()
    expect(own.get_by_role("cell", name="7 s").first).to_be_visible()
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of Time to decision").click()
    assert download.value.suggested_filename.endswith(".csv")
    assert faults_of(page) == []
    assert complaints == []

    colleague = open_as("chief", viewport={"width": 390, "height": 800}, color_scheme="dark")
    assert sizes_of_charts(colleague) == [380] * 9
    theirs = colleague.get_by_role("region", name="Your own pace").first
    theirs.get_by_text("Figures").click()
    expect(theirs.get_by_role("cell", name="7 s")).to_have_count(0)
    expect(colleague.get_by_text("Keeper of")).to_have_count(0)
    faults = {"figures": faults_of(colleague)}
    for name in ("Trust in the rules", "Alerts"):
        colleague.get_by_role("link", name=name).click()
        expect(colleague.get_by_role("heading", name=name, level=1)).to_be_visible()
        faults[name] = faults_of(colleague)
    assert {name: found for name, found in faults.items() if found} == {}


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
