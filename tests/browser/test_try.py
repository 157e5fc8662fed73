"""Does the demo's page to try the tags do what its controls say?"""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Story

pytestmark = pytest.mark.browser


def test_each_control_does_what_it_says(reader: Page, story: Story):
    reader.goto(f"{story.server.pages}/try")
    both, first = reader.locator("article-comments"), reader.locator("#first")
    heard = reader.get_by_role("list", name="What the page heard")
    expect(heard).to_contain_text("comments:ready")

    reader.get_by_label("lang").select_option("de")
    expect(first.get_by_role("heading", name="Kommentare")).to_be_visible()
    expect(both.nth(1).get_by_role("heading", name="Comments")).to_be_visible()

    article = reader.get_by_label("article")
    third = article.locator("option").nth(2).get_attribute("value")
    article.select_option(third)
    expect(heard.locator("li").last).to_contain_text(f'"article":"{third}"')

    reader.get_by_label("theme").select_option("dark")
    expect(first).to_have_attribute("theme", "dark")
    expect(first).to_have_css("color-scheme", "dark")

    reader.get_by_role("button", name="Take it away").click()
    expect(both).to_have_count(1)
    reader.get_by_role("button", name="Put it back").click()
    expect(first.get_by_role("heading", name="Kommentare")).to_be_visible()
    reader.get_by_role("button", name="Move it below the second").click()
    expect(both.nth(1)).to_have_attribute("id", "first")
    with reader.expect_response(lambda answer: "/api/v1/comments?" in answer.url):
        reader.get_by_role("button", name="reload()").click()
    expect(both.nth(1).get_by_role("heading", name="Kommentare")).to_be_visible()
