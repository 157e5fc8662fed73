"""Do readers of another language, and of another direction, have the whole widget in theirs?"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from commentsvc.web import embed
from tests.browser.conftest import Story, fill_in

pytestmark = pytest.mark.browser


def visit_in(page: Page, story: Story, language: str) -> Locator:
    """Open the article as a page whose tag names another language."""
    page.add_init_script(
        "new MutationObserver(() => document.querySelector('article-comments')?.setAttribute('lang', "
        f"'{language}')).observe(document, {{childList: true, subtree: true}});"
    )
    page.goto(story.url)
    widget = page.locator("article-comments")
    widget.locator("[data-comment-body]").first.wait_for()
    return widget


def test_arabic_runs_from_right_to_left_on_a_phone_too(reader: Page, story: Story):
    reader.set_viewport_size({"width": 320, "height": 700})
    ada, salma = story.person(), story.person("سلمى الخطيب")
    first = story.comment(salma, "أخيرًا! شكرًا (للجميع).")
    story.comment(ada, "Me too.", parent=first)

    widget = visit_in(reader, story, "ar-EG")

    expect(widget.get_by_role("heading", name="التعليقات ٢")).to_be_visible()
    reply = widget.locator(".replies article")
    top, below = widget.locator("article").first.bounding_box(), reply.bounding_box()
    assert top
    assert below
    assert below["x"] == top["x"]
    assert below["x"] + below["width"] < top["x"] + top["width"]
    up, down = (widget.locator(f".vote.{way}").first.bounding_box() for way in ("up", "down"))
    assert up
    assert down
    assert down["x"] < up["x"]
    assert [body.evaluate("e => getComputedStyle(e).direction") for body in widget.locator(".body").all()] == [
        "rtl",
        "ltr",
    ]
    widget.get_by_role("button", name="إبلاغ").first.click()
    expect(widget.get_by_role("group", name="ما المشكلة في هذا التعليق؟")).to_be_visible()
    assert reader.evaluate("document.documentElement.scrollWidth") == 320
    found = Axe().run(reader, context="article-comments", options={"rules": {"target-size": {"enabled": True}}})
    assert found.response["violations"] == []


def test_a_german_reader_fetches_german_alone_and_is_answered_in_it(reader: Page, story: Story):
    ada = story.person()
    story.comment(story.person(), "Schön.")
    words: list[str] = []
    reader.on("response", lambda answer: words.append(answer.url.rpartition("/")[2]))

    widget = visit_in(reader, story, "de")
    assert {name for name in words if name.endswith(".js")} == set(embed.first_view("de"))
    widget.get_by_role("button", name="Diskutieren Sie mit").click()
    widget.get_by_role("textbox", name="Ihr Kommentar").fill("Sehr schön, danke dafür.")
    with reader.expect_popup() as opened:
        widget.get_by_role("button", name="Kommentar abschicken").click()
    fill_in(opened.value, ada)

    expect(widget.get_by_role("status")).to_have_text("Ihr Kommentar ist veröffentlicht.")
    expect(widget.get_by_text("Sehr schön, danke dafür.")).to_be_visible()
    assert {name for name in words if name.startswith("strings")} == {
        "strings.de.js",
        "strings-writing.de.js",
        "strings-notices.de.js",
        "strings-reading.de.js",
    }
