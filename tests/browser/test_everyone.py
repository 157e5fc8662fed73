"""Can everyone use the comments: by keyboard, by ear, with large text, in high contrast, without motion?"""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Story, article_of, sign_in, visit, write
from tests.server import Server

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
TEXTS = ["See https://news.example/a.", "A reply.", "Something tiresome.", "An answer.", "Words.\n" * 30, "Another."]
RUDE = "Whoever wrote this is an idiot and a moron."
FOCUSED = "document.querySelector('article-comments').shadowRoot.activeElement?.textContent ?? ''"
TOO_WIDE = """() => {
  const found = [...document.querySelector("article-comments").shadowRoot.querySelectorAll("*")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1);
  return found.map((one) => one.outerHTML.slice(0, 120));
}"""
SHOWN = """() => [...document.querySelector("article-comments").shadowRoot.querySelectorAll("[part]")]
  .flatMap((one) => [...one.part])"""
MOVES = """window.moved = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });"""


def faults(page: Page) -> list[str]:
    """Return what axe finds wrong with the comments, too small targets among it; of the other theme, its contrasts."""
    few: dict[str, Any] = {"resultTypes": ["violations"]}
    found = Axe().run(page, context="article-comments", options=few | {"rules": {"target-size": {"enabled": True}}})
    page.emulate_media(color_scheme="dark")
    # It is in the page by now.
    dark = Axe("0").run(page, context="article-comments", options=few | {"runOnly": ["color-contrast"]})
    page.emulate_media(color_scheme="light")
    return [
        f"{fault['id']}: {node['html']} {node['any'][0]['message'] if node['any'] else ''}"
        for fault in [*found.response["violations"], *dark.response["violations"]]
        for node in fault["nodes"]
    ]


def furnish(story: Story) -> None:
    """Write a thread with something of everything that a reader may meet."""
    ada, bo = story.person(), story.person()
    by = {text: bo if at in {1, 2, 5} else ada for at, text in enumerate(TEXTS)}
    top = story.comments([(by[text], text, None, age) for text, age in zip(TEXTS[::2], (90, 80, 70), strict=True)])
    story.comments([(by[text], text, parent, 60) for text, parent in zip(TEXTS[1::2], top, strict=True)])


def test_axe_finds_nothing_in_any_state_and_every_part_is_documented(browser: Browser, story: Story):
    furnish(story)
    context = browser.new_context(color_scheme="light", reduced_motion="reduce", bypass_csp=True)
    page, found = context.new_page(), {}
    parts: set[str] = set()
    documented = set(re.findall(r"`([\w-]+)`", (ROOT / "docs" / "embed.md").read_text("utf-8")))
    page.set_default_timeout(10_000)
    widget = visit(page, story)

    def look(state: str) -> None:
        found[state] = faults(page)
        parts.update(page.evaluate(SHOWN))

    article_of(widget, "See https").get_by_role("button", name="Collapse").click()
    look("collapsed and clipped")
    article_of(widget, "Something tiresome.").get_by_role("button", name="Ignore").click()
    widget.get_by_text("You ignore 1 person").click()
    page.keyboard.press("?")
    expect(widget.get_by_role("group", name="Keyboard shortcuts")).to_be_visible()
    look("ignored, and the list of keys")
    sign_in(page, story.person())
    write(widget, RUDE)
    widget.get_by_role("group", name="A second look").wait_for()
    article_of(widget, "Words.").get_by_role("button", name="Report").click()
    article_of(widget, "Words.").get_by_role("button", name="Agree", exact=False).first.click()
    look("nudged, reporting, voted")
    widget.get_by_role("button", name="Post anyway").click()
    article_of(widget, RUDE).get_by_role("button", name="Withdraw").click()
    widget.get_by_role("button", name="Notices").click()
    article_of(widget, "An answer.").get_by_role("button", name="Reply").click()
    widget.get_by_role("textbox", name="Your reply").wait_for()
    look("held, withdrawing, replying, notices")
    story.reject(RUDE, "Please argue about the matter.")
    page.goto(f"{story.url}#comment-{story.find('Another.').id}")
    page.reload()
    widget.get_by_role("button", name="View full discussion").or_(widget.locator(".lit")).first.wait_for()
    widget.get_by_text("Please argue about the matter.").wait_for()
    look("linked to, and rejected")
    page.route("**/api/v1/comments?*", lambda route: route.abort())
    page.reload()
    widget.get_by_role("button", name="Try again").wait_for()
    look("not loaded")
    page.unroute_all()
    story.change(state="closed")
    widget.get_by_role("button", name="Try again").click()
    widget.get_by_text("This conversation is closed").wait_for()
    look("closed")

    context.close()
    assert parts - documented == set()
    assert {state: wrong for state, wrong in found.items() if wrong} == {}


def test_keys_lead_through_the_thread_and_can_be_switched_off(reader: Page, story: Story):
    furnish(story)
    widget = visit(reader, story)
    widget.get_by_label("Sort by").select_option("oldest")
    expect(widget.get_by_role("article").first).to_contain_text(TEXTS[0])
    focused = lambda: reader.evaluate(FOCUSED)  # noqa: E731
    widget.get_by_role("button", name="Sign in", exact=True).focus()
    widget.get_by_role("button", name="Skip the comments").wait_for(state="attached")
    widget.get_by_role("button", name="Join the conversation").focus()

    reader.keyboard.press("Tab")
    assert focused() == "Skip the comments"
    expect(widget.get_by_role("button", name="Skip the comments")).to_be_in_viewport()
    seen = []
    for key in ["j", "j", "k", "n", "j", "u", "n", "p", "c"]:
        reader.keyboard.press(key)
        seen.append(next(text for text in TEXTS if text in focused()))
    expect(article_of(widget, "Something tiresome.").get_by_role("button", name="Expand")).to_be_visible()
    assert seen == [TEXTS[at] for at in (0, 1, 0, 2, 3, 2, 4, 2, 2)]
    reader.keyboard.press("r")
    box = widget.get_by_role("textbox", name=re.compile("^Your reply"))
    expect(box).to_be_focused()
    reader.keyboard.type("just ?ink")
    expect(box).to_have_value("just ?ink")
    article_of(widget, "Words.").focus()
    reader.keyboard.press("?")
    widget.get_by_role("checkbox", name="Use these keys").uncheck()
    visit(reader, story)
    article_of(widget, "Words.").focus()
    widget.get_by_role("button", name="Skip the comments").wait_for(state="attached")
    reader.keyboard.press("j")

    expect(article_of(widget, "Words.")).to_be_focused()
    widget.get_by_role("button", name="Skip the comments").focus()
    reader.keyboard.press("Enter")
    assert focused() == "End of the comments"
    reader.evaluate("localStorage.removeItem('comments:keys')")
    reader.evaluate("(one) => { one.setAttribute('keys', 'off'); one.reload(); }", widget.element_handle())
    article_of(widget, "Words.").focus()
    widget.get_by_role("button", name="Skip the comments").wait_for(state="attached")
    reader.keyboard.press("j")
    expect(article_of(widget, "Words.")).to_be_focused()
    expect(widget.get_by_role("button", name="Keyboard shortcuts")).to_have_count(0)


def test_large_text_wide_spacing_and_contrast_lose_nothing(browser: Browser, story: Story):
    furnish(story)
    context = browser.new_context(
        viewport={"width": 320, "height": 700}, forced_colors="active", reduced_motion="reduce", bypass_csp=True
    )
    page = context.new_page()
    widget = visit(page, story)
    article_of(widget, "Something tiresome.").get_by_role("button", name="Ignore").click()
    page.goto(f"{story.url}#comment-{story.find('A reply.').id}")
    lit = widget.locator(".lit")
    lit.wait_for()
    style = "element => { const { transitionDuration, outlineStyle } = getComputedStyle(element);"
    style += " return [transitionDuration, outlineStyle]; }"

    assert widget.get_by_role("button", name="Sign in", exact=True).evaluate(style)[0] == "0s"
    assert lit.evaluate(style)[1] == "solid"
    # As WCAG 1.4.4 and 1.4.12 have it: twice the size, then the spacing that some readers need.
    page.add_style_tag(content="html { font-size: 200% }")
    assert page.evaluate(TOO_WIDE) == []
    page.add_style_tag(
        content="html { font-size: 100% } * { line-height: 1.5; letter-spacing: .12em; word-spacing: .16em }"
    )
    assert page.evaluate(TOO_WIDE) == []
    context.close()


@pytest.mark.parametrize("width", [1280, 320])
def test_a_sign_in_that_is_taken_up_moves_nothing(reader: Page, story: Story, width: int):
    reader.set_viewport_size({"width": width, "height": 700})
    furnish(story)
    widget = visit(reader, story)
    sign_in(reader, story.person())
    write(widget, RUDE)
    widget.get_by_role("button", name="Post anyway").click()
    expect(article_of(widget, RUDE)).to_contain_text("Waiting for review")
    reader.add_init_script(MOVES)

    visit(reader, story)
    expect(article_of(widget, RUDE)).to_contain_text("Waiting for review")
    widget.get_by_role("button", name="Notices").wait_for()

    assert reader.evaluate("moved") < 0.01
    expect(widget.get_by_role("button", name="Sign up to post")).to_have_count(0)


def test_a_screen_reader_meets_what_the_documentation_says(reader: Page, story: Story):
    written = (ROOT / "docs" / "accessibility.md").read_text("utf-8")
    ida, tor = story.person("Ida Vestergaard"), story.person("Tor Vikander")
    top = story.comment(ida, "A promenade needs benches.", age=120)
    story.comment(tor, "And shade.", parent=top)

    widget = visit(reader, story)

    (tree,) = re.findall(r"```yaml\n(.*?)```", written, re.DOTALL)
    expect(widget).to_match_aria_snapshot(tree)


def test_the_theme_page_shows_every_part_and_writes_the_style_sheet(reader: Page, live_server: Server):
    reader.goto(f"{live_server.pages}/theme")
    widget = reader.locator("article-comments")
    widget.get_by_label("Sort by").wait_for()

    reader.get_by_role("button", name="Night").click()
    reader.get_by_role("button", name="author", exact=True).click()

    expect(widget.get_by_role("button", name="Sign in", exact=True)).to_have_css("color", "rgb(255, 180, 84)")
    assert "  --comments-accent: #ffb454;" in reader.locator("#sheet").inner_text()
    assert widget.locator(".name").first.evaluate("one => getComputedStyle(one).outlineStyle") == "solid"
    assert set(reader.evaluate(SHOWN)) <= set(reader.locator("#parts button").all_text_contents())
