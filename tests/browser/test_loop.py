"""The whole loop, as people live it: write, sign up, be held, be decided, be told, across two origins."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import factories
from tests.browser.conftest import Story, article_of, sign_in, visit

pytestmark = pytest.mark.browser

RUDE = "You idiot, the ferry was never meant for you."
CLEAN = "The early ferry was the only one that the night shift could take."
REASON = "Please say what is wrong with the plan, not with people."
PASSWORD = "commentsvc-demo"


def test_the_main_loop(reader: Page, story: Story, browser: Browser) -> None:
    manager = manager_at_the_desk(browser, story)
    widget = visit(reader, story)

    write_and_sign_up(reader, widget, story, RUDE)
    widget.get_by_role("button", name="Post anyway").click()
    expect(article_of(widget, RUDE)).to_contain_text("Waiting for review")
    expect(article_of(widget, RUDE)).to_contain_text("Be courteous", ignore_case=True)

    reject_by_keys(manager, story)

    widget = visit(reader, story)
    expect(article_of(widget, RUDE)).to_contain_text("Not published")
    expect(article_of(widget, RUDE)).to_contain_text(REASON)
    widget.get_by_role("button", name="Join the conversation").click()
    widget.get_by_role("textbox", name="Your comment").fill(CLEAN)
    widget.get_by_role("button", name="Post comment").click()
    expect(widget.get_by_role("status")).to_have_text("Your comment is published.")

    everyone = visit(browser.new_page(), story)
    expect(article_of(everyone, CLEAN)).to_be_visible()
    expect(everyone.get_by_text("idiot")).to_have_count(0)
    answer_and_agree(everyone.page, story)

    widget = visit(reader, story)
    agree = article_of(widget, CLEAN).first.get_by_role("button", name="Agree (1)", exact=True)
    expect(agree).to_be_visible()
    expect(article_of(widget, "It was for the nurses, too.")).to_be_visible()


def manager_at_the_desk(browser: Browser, story: Story) -> Page:
    """Sign the demo's manager in to the console, in a browser of their own."""
    page = browser.new_context().new_page()
    page.goto(f"{story.server.api}/console")
    page.get_by_label("E-mail").fill("cam@demo.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/console/demo**")
    return page


def write_and_sign_up(page: Page, widget: Any, story: Story, text: str) -> None:
    """Write first, and make an account in the window that opens when sending."""
    widget.get_by_role("button", name="Join the conversation").click()
    widget.get_by_role("textbox", name="Your comment").fill(text)
    with page.expect_popup() as opened:
        widget.get_by_role("button", name="Post comment").click()
    window = opened.value
    assert window.url.startswith(story.server.api)
    window.get_by_role("link", name="I’m new here").click()
    window.get_by_label("Name").fill(f"Loop {story.key}")
    window.get_by_label("E-mail").fill(f"loop-{story.key}@readers.example")
    window.get_by_label("Password").fill(factories.PASSWORD)
    window.get_by_role("button", name="Sign up").click()


def reject_by_keys(page: Page, story: Story) -> None:
    """Find the case, read why it is there, and reject it without touching the mouse."""
    page.goto(f"{story.server.api}/console/demo?q=never+meant")
    card = page.locator("#card")
    expect(card.locator(".body")).to_contain_text(RUDE)
    expect(card.locator("mark").first).to_have_text("idiot")
    expect(card).to_contain_text(f"Loop {story.key}")

    page.keyboard.press("r")
    page.keyboard.press("1")
    page.keyboard.press("Tab")
    page.get_by_label("Message to the author").fill(REASON)
    page.get_by_label("Message to the author").press("Control+Enter")

    expect(page.get_by_role("status")).to_contain_text("Rejected")
    assert story.find(RUDE).status == "rejected"


def answer_and_agree(page: Page, story: Story) -> None:
    """Sign in as somebody else, agree and reply."""
    sign_in(page, story.person())
    widget = page.locator("article-comments")
    widget.get_by_role("button", name="Agree (0)", exact=True).click()
    expect(widget.get_by_role("button", name="Agree (1)", exact=True)).to_be_visible()
    widget.get_by_role("button", name="Reply", exact=True).click()
    widget.get_by_role("textbox", name="Your reply to").fill("It was for the nurses, too.")
    widget.get_by_role("button", name="Post reply").click()
    expect(article_of(widget, "It was for the nurses, too.").first).to_be_visible()
