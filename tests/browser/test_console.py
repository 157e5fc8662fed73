"""Can a manager work the queue in a real browser: by keys, by plain forms, with help from a screen reader?"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newsroom, faults_of, shown

pytestmark = pytest.mark.browser


def test_keys_approve_reject_and_undo(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()
    expect(shown(page)).to_contain_text("Remark 0")

    page.keyboard.press("j")
    expect(shown(page)).to_contain_text("Remark 1")
    page.keyboard.press("k")
    expect(shown(page)).to_contain_text("Remark 0")

    page.keyboard.press("a")
    expect(shown(page)).to_contain_text("Remark 1")
    expect(page.get_by_role("status")).to_contain_text("Approved: Reader of")
    expect(page.locator("#open-count")).to_have_text("4")

    page.keyboard.press("r")
    expect(page.get_by_role("dialog", name="Reject")).to_be_visible()
    expect(page.get_by_role("radio", name="Courtesy")).to_be_focused()
    page.keyboard.press("3")
    expect(page.get_by_role("radio", name="Spam")).to_be_checked()
    expect(page.get_by_label("Message to the author")).to_have_value("Mind spam.")
    page.keyboard.press("Enter")
    expect(shown(page)).to_contain_text("Remark 2")
    expect(page.get_by_role("status")).to_contain_text("(Spam)")
    assert newsroom.statuses() == ["published", "rejected", "held", "held", "held"]
    assert (newsroom.last_decision().guideline, newsroom.last_decision().message) == ("spam", "Mind spam.")

    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    expect(shown(page)).to_contain_text("Remark 1")
    expect(page.locator(".entry")).to_have_count(4)
    assert newsroom.statuses() == ["published", "held", "held", "held", "held"]


def test_keys_in_quick_succession_decide_one_case_each(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()

    for number in range(5):
        expect(shown(page)).to_contain_text(f"Remark {number}")
        page.keyboard.press("a")

    expect(page.get_by_text("All clear.")).to_be_visible()
    assert newsroom.statuses() == ["published"] * 5


def test_a_lost_connection_is_told_and_the_case_comes_back(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()
    page.route("**/decisions?*", lambda route: route.abort())

    page.keyboard.press("a")

    expect(page.get_by_role("status")).to_contain_text("That could not be sent")
    expect(page.locator(".entry")).to_have_count(5)
    assert newsroom.statuses() == ["held"] * 5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_have_no_fault_that_axe_finds(
    newsroom: Newsroom, desk: Callable[..., Page], scheme: str, width: int
) -> None:
    page = desk(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.locator("input[name=chosen]").first.check()
    faults = {"queue": faults_of(page)}

    page.locator(".entry").first.click()
    expect(shown(page)).to_be_visible()
    page.locator("#around summary").click()
    page.locator("#answer summary").click()
    faults["card"] = faults_of(page)
    page.locator(".act[open] [data-close]").click()
    page.locator("#reject > summary").click()
    faults["reject"] = faults_of(page)
    page.locator("#reject .reject-now").click()
    expect(page.get_by_role("status")).to_contain_text("Rejected")
    faults["bar"] = faults_of(page)
    others = ("sections", "keys", "bulk", "waves", "people", "policy", "policy/changes", "insights/trust")
    for name in ("decided", "articles", *(others if (scheme == "dark") == (width == 390) else ())):
        page.goto(f"{newsroom.queue}/{name}")
        faults[name] = faults_of(page)

    assert {name: found for name, found in faults.items() if found} == {}


def test_nothing_is_wider_than_a_phone(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk(viewport={"width": 320, "height": 700})

    widths = []
    for step in ("list", "card", "reject", "articles"):
        if step == "card":
            page.locator(".entry").first.click()
            expect(shown(page)).to_be_visible()
        if step == "reject":
            page.locator("#reject > summary").click()
        if step == "articles":
            page.goto(f"{page.url.split('?')[0]}/articles")
            expect(page.get_by_role("heading", name="Articles")).to_be_visible()
        widths.append(page.evaluate("document.documentElement.scrollWidth"))

    assert widths == [320, 320, 320, 320]
