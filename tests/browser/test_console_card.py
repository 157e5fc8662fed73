"""What else can a manager do from a card: by keys of their own, by thumb, without a script, with a screen reader?"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from commentsvc.store.models import Comment
from tests.browser.conftest import Newsroom, shown

pytestmark = pytest.mark.browser


def test_keys_escalate_note_context_and_repeat(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()

    page.keyboard.press("e")
    page.keyboard.type("Is this legal?")
    page.keyboard.press("Enter")
    expect(shown(page)).to_contain_text("Remark 1")
    expect(page.get_by_role("status")).to_contain_text("Escalated: Reader of")
    expect(page.locator(".entry").first).to_contain_text("Escalated")
    assert newsroom.last_decision().note == "Is this legal?"

    page.keyboard.press("n")
    page.keyboard.type("Third time this week.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Your note is kept")
    expect(page.locator("#card .notes")).to_contain_text("Third time this week.")

    expect(page.locator("#around")).not_to_have_attribute("open", "")
    page.keyboard.press("c")
    expect(page.locator("#around")).to_have_attribute("open", "")

    page.keyboard.press("r")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(shown(page)).to_contain_text("Remark 2")
    page.keyboard.press(".")
    expect(shown(page)).to_contain_text("Remark 3")
    expect(page.get_by_role("status")).to_contain_text("(Spam)")
    page.get_by_role("button", name="Repeat").click()
    expect(shown(page)).to_contain_text("Remark 4")
    expect(page.locator("#open-count")).to_have_text("2")
    page.keyboard.press("u")
    expect(shown(page)).to_contain_text("Remark 3")
    assert newsroom.statuses() == ["held", "rejected", "rejected", "held", "held"]

    page.keyboard.press("g")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Decided", exact=True)).to_be_visible()


def test_a_manager_answers_as_the_newsroom(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()

    page.keyboard.press("w")
    page.keyboard.type("Thank you, we have corrected the figure.")
    page.get_by_role("button", name="Approve and answer").click()

    expect(page.get_by_role("status")).to_contain_text("Approved: Reader of")
    expect(page.get_by_role("status")).to_contain_text("is published.")
    expect(shown(page)).to_contain_text("Remark 1")
    with newsroom.db.reading() as session:
        reply = session.scalars(select(Comment).where(Comment.parent_id == newsroom.comments[0])).one()
    assert (reply.body, reply.status) == ("Thank you, we have corrected the figure.", "published")


def test_a_screen_reader_follows_focus_and_is_told(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()

    page.keyboard.press("j")
    expect(page.locator("#why")).to_be_focused()
    expect(page.locator(".entry[aria-current]")).to_contain_text("Remark 1")
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(page.locator("#said")).to_have_text("There is no further case here.")
    page.keyboard.press("e")
    expect(page.get_by_label("Note for the administrator")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#escalate summary")).to_be_focused()
    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("status")).to_contain_text("Approved")
    expect(page.locator("#why")).to_be_focused()


def test_a_thumb_works_through_the_queue(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    expect(page.locator("#card")).to_be_hidden()

    page.locator(".entry").first.tap()
    expect(shown(page)).to_contain_text("Remark 0")
    large = [
        page.get_by_role("button", name="Approve", exact=True),
        page.locator("#reject summary"),
        page.locator(".next"),
    ]
    boxes = [button.bounding_box() for button in large]
    page.locator(".next").tap()
    expect(shown(page)).to_contain_text("Remark 1")
    large[0].tap()
    expect(shown(page)).to_contain_text("Remark 2")
    page.locator("#reject summary").tap()
    page.get_by_role("radio", name="Spam").tap()
    page.locator(".reject-now").tap()
    expect(shown(page)).to_contain_text("Remark 3")
    page.get_by_role("link", name="← Queue").tap()
    expect(page.locator(".entry")).to_have_count(3)

    assert all(box and box["height"] >= 48 and box["width"] >= 100 and box["y"] > 600 for box in boxes)
    assert newsroom.statuses() == ["held", "published", "rejected", "held", "held"]


def test_notes_answers_and_escalation_work_without_a_script(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk(java_script_enabled=False)

    page.locator(".next").click()
    expect(shown(page)).to_contain_text("Remark 1")
    page.locator("#note summary").click()
    page.locator("#note textarea").fill("Keep an eye on them.")
    page.get_by_role("button", name="Keep note").click()
    expect(page.locator("#card .notes")).to_contain_text("Keep an eye on them.")
    expect(shown(page)).to_contain_text("Remark 1")

    page.locator("#escalate summary").click()
    page.get_by_role("button", name="Escalate", exact=False).click()
    expect(page.get_by_role("status")).to_contain_text("Escalated: Reader of")
    page.get_by_role("button", name="Undo", exact=False).first.click()
    expect(page.get_by_role("status")).to_contain_text("Taken back")

    page.locator("#answer summary").click()
    page.get_by_label("Your answer").fill("We have looked into it.")
    page.get_by_role("button", name="Approve and answer").click()
    expect(page.get_by_role("status")).to_contain_text("Your answer to Reader of")
    assert newsroom.statuses() == ["held", "published", "held", "held", "held"]
