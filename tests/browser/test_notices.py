"""Does a reader hear of an answer, see it once as new, and choose what they are told of?"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Story, faults_of, sign_in, visit

pytestmark = pytest.mark.browser


def test_an_answer_rings_the_bell_until_it_was_seen(reader: Page, story: Story):
    who, other = story.person(), story.person()
    mine = story.comment(who, "The benches should face the water.")
    answer = f"<b>Not</b> all of them, @{who.name}."
    story.comment(other, answer, parent=mine, age=1)
    widget = visit(reader, story)
    sign_in(reader, who)
    bell = widget.get_by_role("button", name="Notices")
    while "1 new" not in (bell.get_attribute("aria-label") or ""):  # The job tells within a second or two.
        reader.wait_for_timeout(500)
        visit(reader, story)
        bell.wait_for()

    bell.click()
    told = widget.get_by_role("region", name="Notices").get_by_role("listitem")
    expect(told).to_have_count(1)
    expect(told).to_contain_text(f"{other.name} replied to your comment")
    expect(told.locator("blockquote")).to_have_text(answer)
    expect(bell).to_have_accessible_name("Notices")
    widget.get_by_role("button", name="Follow this conversation").click()
    expect(widget.get_by_role("button", name="Stop following")).to_be_focused()
    assert faults_of(reader) == []
    reader.keyboard.press("Escape")
    expect(bell).to_be_focused()
    expect(told).to_be_hidden()

    bell.click()
    with reader.expect_popup() as opened:
        widget.get_by_role("link", name="What I am told of").click()
    page = opened.value
    replies = page.get_by_role("group", name="Replies")
    replies.get_by_label("By mail").select_option("Every hour")
    replies.get_by_label("On the page").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved.")
    expect(replies.get_by_label("By mail")).to_have_value("hourly")
    expect(replies.get_by_label("On the page")).not_to_be_checked()
    expect(page.get_by_role("listitem")).to_contain_text("A story to talk about")
    assert faults_of(page) == []
