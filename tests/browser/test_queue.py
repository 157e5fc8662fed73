"""Do two managers at one desk see each other, and can one find, keep and take what one works on?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from commentsvc.enums import Guideline, Role, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database, now_us
from tests import factories
from tests.browser.test_console import faults_of
from tests.server import Server

pytestmark = pytest.mark.browser

_serial = count(1)


@dataclass(frozen=True)
class Desk:
    """A site of the test's own with two managers, Ann and Bea, and six held comments, `Remark 0` the most urgent."""

    key: str
    queue: str


@pytest.fixture
def desk(live_server: Server) -> Iterator[Desk]:
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    key = f"shared{next(_serial)}"
    toxic = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"insult": 0.9}, engine="embedded")
    with db.writing() as session:
        site = factories.site(session, key, name="The Evening Desk")
        author = factories.person(session, f"Reader of {key}")
        factories.member(session, author, site)
        for name in ("Ann", "Bea"):
            manager = factories.person(session, f"{name} of {key}", email=f"{name.lower()}@{key}.example")
            factories.member(session, manager, site, Role.MANAGER)
        story = factories.article(session, site, "story", title="A bridge too far")
        for number in range(6):
            factories.comment(
                session, story, author, f"Remark {number}: {'fool' if number % 2 else 'pills'}", status=Status.HELD,
                guideline=Guideline.COURTESY if number % 2 else Guideline.SPAM, signals=[toxic] if number % 2 else [],
                now=now_us() - 60_000_000 + number,
            )  # fmt: skip
    yield Desk(key, f"{live_server.api}/console/{key}")
    db.dispose()


@pytest.fixture
def sit_down(browser: Browser, desk: Desk) -> Iterator[Callable[..., Page]]:
    """Opens the queue as one of the two, in a browser of their own."""
    contexts: list[BrowserContext] = []

    def open_queue(name: str, **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(desk.queue)
        page.get_by_label("E-mail").fill(f"{name}@{desk.key}.example")
        page.get_by_label("Password").fill(factories.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{desk.queue}**")
        return page

    yield open_queue
    for context in contexts:
        context.close()


def entry(page: Page, number: int) -> Any:
    return page.locator("#entries li", has_text=f"Remark {number}")


def test_two_managers_see_what_the_other_has(desk: Desk, sit_down: Callable[..., Page]) -> None:
    ann = sit_down("ann")
    expect(ann.get_by_text("You have this case; colleagues leave it to you.")).to_be_visible()
    expect(entry(ann, 0)).to_contain_text("You have this")

    # Bea begins with the next one, and sees whose the first is.
    bea = sit_down("bea")
    expect(bea.locator("#card .body")).to_contain_text("Remark 1")
    expect(bea.get_by_text(f"Ann of {desk.key} is here")).to_be_visible()
    expect(entry(bea, 0)).to_contain_text(f"Ann of {desk.key} has this")
    entry(bea, 0).locator(".entry").click()
    expect(bea.get_by_text("has this case right now.")).to_be_visible()
    assert faults_of(bea) == []

    # Ann takes three; what only Bea looks at stays Bea's.
    ann.get_by_label("Take the next").select_option("3")
    ann.get_by_role("button", name="Take", exact=True).click()
    ann.wait_for_url("**holding=mine**")
    expect(ann.locator("[data-held]")).not_to_have_text("0")
    bea.evaluate("dispatchEvent(new Event('focus'))")
    expect(bea.locator("li[data-taken]").nth(2)).to_be_visible()
    # Going on, Bea comes by nothing that Ann has.
    for _ in range(3):
        bea.keyboard.press("j")
        bea.wait_for_timeout(300)
        expect(bea.locator("li:has(.entry[aria-current])[data-taken]")).to_have_count(0)

    # Ann lets go of all and leaves; nothing is held any more.
    ann.get_by_role("button", name="Let go of all").click()
    ann.wait_for_url(desk.queue + "**")
    # What her page asks on its way out could arrive after its farewell, and count for three quarters of a minute.
    ann.wait_for_load_state("networkidle")
    ann.goto("about:blank")
    expect(bea.locator("[data-here]")).to_be_hidden(timeout=15_000)
    expect(bea.locator("li[data-taken]")).to_have_count(0)


def test_the_head_of_the_queue_fits_a_phone(desk: Desk, sit_down: Callable[..., Page]) -> None:
    ann = sit_down("ann", viewport={"width": 320, "height": 700})

    ann.locator("summary", has_text="Filter").click()

    assert ann.evaluate("document.documentElement.scrollWidth") == 320
