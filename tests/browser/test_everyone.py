"""Can everyone use the comments: by keyboard, by ear, with large text, in high contrast, without motion?"""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from commentsvc.store.models import Person
from tests.browser.conftest import Story, article_of, sign_in, visit, write

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
RUDE = "Whoever wrote this is an idiot and a moron."
FOCUSED = "document.querySelector('article-comments').shadowRoot.activeElement?.textContent ?? ''"
PARTS = """() => {
  const known = new Set([...document.querySelectorAll("#parts button")].map((one) => one.dataset.part));
  const all = [...document.querySelector("article-comments").shadowRoot.querySelectorAll("[part]")];
  return all.flatMap((one) => [...one.part]).filter((name) => !known.has(name));
}"""
MOVES = """window.moved = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });"""


def faults(page: Page) -> list[str]:
    """Return what axe finds wrong with the comments, with targets smaller than 24 pixels among it."""
    found = Axe().run(page, context="article-comments", options={"rules": {"target-size": {"enabled": True}}})
    return [f"{fault['id']}: {node['html']} {node['any'][0]['message'] if node['any'] else 0}" for fault in found.response["violations"] for node in fault["nodes"]]


def furnish(story: Story) -> Person:
    """Write a thread with something of everything that a reader may meet, and return whom they may want to ignore."""
    ada, bo = story.person(), story.person()
    top, tiresome, long = story.comments(
        [(ada, "See https://news.example/a.", None, 90), (bo, "Something tiresome.", None, 80), (ada, "Words.\n" * 30, None, 70)]
    )
    story.comments([(bo, "A reply.", top, 60), (ada, "An answer.", tiresome, 50), (bo, "Another.", long, 40)])
    return bo


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_any_state(browser: Browser, story: Story, scheme: Any):
    furnish(story)
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    page, found = context.new_page(), {}
    page.set_default_timeout(10_000)
    widget = visit(page, story)

    article_of(widget, "See https").get_by_role("button", name="Collapse").click()
    found["collapsed and clipped"] = faults(page)
    article_of(widget, "Something tiresome.").get_by_role("button", name="Ignore").click()
    widget.get_by_text("You ignore 1 person").click()
    page.keyboard.press("?")
    expect(widget.get_by_role("group", name="Keyboard shortcuts")).to_be_visible()
    found["ignored, and the list of keys"] = faults(page)
    sign_in(page, story.person())
    write(widget, RUDE)
    widget.get_by_role("group", name="A second look").wait_for()
    article_of(widget, "Words.").get_by_role("button", name="Report").click()
    article_of(widget, "Words.").get_by_role("button", name="Agree", exact=False).first.click()
    found["nudged, reporting, voted"] = faults(page)
    widget.get_by_role("button", name="Post anyway").click()
    article_of(widget, RUDE).get_by_role("button", name="Withdraw").click()
    widget.get_by_role("button", name="Notices").click()
    article_of(widget, "An answer.").get_by_role("button", name="Reply").click()
    widget.get_by_role("textbox", name="Your reply").wait_for()
    found["held, withdrawing, replying, notices"] = faults(page)
    story.reject(RUDE, "Please argue about the matter.")
    page.goto(f"{story.url}#comment-{story.find('Another.').id}")
    page.reload()
    widget.get_by_role("button", name="View full discussion").or_(widget.locator(".lit")).first.wait_for()
    widget.get_by_text("Please argue about the matter.").wait_for()
    found["linked to, and rejected"] = faults(page)
    page.route("**/api/v1/comments?*", lambda route: route.abort())
    page.reload()
    widget.get_by_role("button", name="Try again").wait_for()
    found["not loaded"] = faults(page)
    page.unroute_all()
    story.change(state="closed")
    widget.get_by_role("button", name="Try again").click()
    widget.get_by_text("This conversation is closed").wait_for()
    found["closed"] = faults(page)

    context.close()
    assert {state: wrong for state, wrong in found.items() if wrong} == {}
