"""Does a reader who hasn't signed in see the whole thread, in each order, on a publisher's page?"""

import re

import pytest
from playwright.sync_api import Page, expect

from commentsvc.web import embed
from tests.browser.conftest import Story, article_of, visit

pytestmark = pytest.mark.browser


def bodies(page: Page) -> list[str]:
    return page.locator("article-comments [data-comment-body]").all_text_contents()


def test_first_view_fetches_what_its_budget_counts(reader: Page, story: Story):
    fetched: list[str] = []
    reader.on("response", lambda answer: fetched.append(answer.url))

    visit(reader, story)
    reader.wait_for_load_state("networkidle")

    ours = [url.removeprefix(story.server.api) for url in fetched if url.startswith(story.server.api)]
    files = {url.rpartition("/")[2] for url in ours if url.endswith(".js")}
    assert files == set(embed.first_view())
    assert sorted(url.partition("?")[0] for url in ours if "/api/" in url) == [
        "/api/v1/comments",
        "/api/v1/comments/new",
        "/api/v1/config",
        "/api/v1/counts",
    ]


def test_text_is_shown_as_it_was_written(reader: Page, story: Story):
    hostile = "<img src=x onerror=alert(1)> & <b>bold</b>\n\n🙂 see https://news.example/a?b=1&c=2 now"
    story.comment(story.person(), hostile)

    widget = visit(reader, story)

    body = widget.locator("[data-comment-body]")
    assert body.evaluate("element => element.textContent") == hostile
    assert body.locator("img, b").count() == 0
    expect(body.get_by_role("link")).to_have_attribute("href", "https://news.example/a?b=1&c=2")


def test_each_order_is_the_servers_and_is_kept(reader: Page, story: Story):
    ada, bo = story.person(), story.person()
    old, young = story.comments([(ada, "The old one.", None, 90), (bo, "The young one.", None, 30)])
    story.comments([(bo, "A reply.", old, 20), (ada, "Another reply.", old, 19), (ada, "One more.", young, 18)])

    widget = visit(reader, story)
    options = widget.get_by_label("Sort by").get_by_role("option").all_text_contents()
    seen = {}
    for option in options:
        with reader.expect_response(re.compile("/api/v1/comments[?].*sort=")):
            widget.get_by_label("Sort by").select_option(label=option)
        expect(widget.get_by_text("One more.")).to_be_visible()
        seen[option] = [body for body in bodies(reader) if body.startswith("The")]

    assert options == ["Best", "Newest", "Oldest", "Most replies", "Most controversial"]
    assert seen["Newest"] == ["The young one.", "The old one."]
    assert seen["Oldest"] == seen["Most replies"] == ["The old one.", "The young one."]
    expect(visit(reader, story).get_by_label("Sort by")).to_have_value("controversial")


def test_deep_replies_come_on_demand_and_read_flat_in_the_end(reader: Page, story: Story):
    people = [story.person() for _ in range(3)]
    parent = story.comment(people[0], "Level 0", age=60)
    for level in range(1, 10):
        parent = story.comment(people[level % 3], f"Level {level}", parent=parent, age=60 - level)

    widget = visit(reader, story)
    more = widget.get_by_role("button", name=re.compile("Show more replies"))
    while more.count():
        shown = len(bodies(reader))
        more.first.click()
        expect(widget.locator("[data-comment-body]")).not_to_have_count(shown)
        focused = reader.evaluate("document.querySelector('article-comments').shadowRoot.activeElement.textContent")
        assert bodies(reader)[shown] in focused

    assert bodies(reader) == [f"Level {level}" for level in range(10)]
    left = [article_of(widget, f"Level {level}").bounding_box()["x"] for level in range(10)]  # type: ignore[index]
    assert left[:7] == sorted(set(left[:7]))
    assert set(left[6:]) == {left[6]}
    expect(article_of(widget, "Level 8").get_by_text(f"in reply to {people[7 % 3].name}")).to_be_visible()
    expect(article_of(widget, "Level 3").get_by_text("in reply to")).to_be_hidden()


def test_a_phone_indents_three_levels_and_never_scrolls_sideways(reader: Page, story: Story):
    reader.set_viewport_size({"width": 320, "height": 640})
    ada = story.person()
    parent = story.comment(ada, "W" * 300)
    for level in range(1, 6):
        parent = story.comment(ada, f"Level {level}", parent=parent, age=60 - level)

    widget = visit(reader, story)
    more = widget.get_by_role("button", name=re.compile("Show more replies"))
    while more.count():
        shown = len(bodies(reader))
        more.first.click()
        expect(widget.locator("[data-comment-body]")).not_to_have_count(shown)

    left = [article_of(widget, f"Level {level}").bounding_box()["x"] for level in range(1, 6)]  # type: ignore[index]
    assert left[:3] == sorted(set(left[:3]))
    assert set(left[2:]) == {left[2]}
    expect(article_of(widget, "Level 5").get_by_text("in reply to")).to_be_visible()
    assert reader.evaluate("document.documentElement.scrollWidth") == 320


@pytest.mark.slow
def test_show_more_reaches_the_end_while_new_comments_arrive(reader: Page, story: Story):
    ada, bo = story.person(), story.person()
    texts = [f"Number {number:03}." for number in range(500)]
    story.comments([(ada, text, None, 1000 - number) for number, text in enumerate(texts)])
    widget = visit(reader, story)
    widget.get_by_label("Sort by").select_option("newest")
    expect(widget.get_by_text("Number 499.")).to_be_visible()

    more = widget.get_by_role("button", name="Show more comments")
    late = 0
    while more.count():
        shown = len(bodies(reader))
        if late < 5:
            late += 1
            story.comment(bo, f"Late {late}.", age=0)
        more.click()
        expect(widget.locator("[data-comment-body]")).not_to_have_count(shown)

    assert [body for body in bodies(reader) if body.startswith("Number")] == texts[::-1]
    assert len(bodies(reader)) == 500


def test_new_comments_are_offered_and_shown(reader: Page, story: Story):
    ada = story.person()
    story.comment(ada, "Here from the start.")
    reader.clock.install()
    widget = visit(reader, story)
    reader.wait_for_load_state("networkidle")
    story.comments([(ada, "Fresh one.", None, 0), (ada, "Fresh two.", None, 0)])

    reader.clock.fast_forward(31_000)
    widget.get_by_role("button", name="View 2 new comments").click()

    expect(widget.get_by_text("Fresh two.")).to_be_visible()
    expect(widget.get_by_label("Sort by")).to_have_value("newest")
    expect(widget.get_by_role("button", name=re.compile("new comment"))).to_have_count(0)
    expect(widget.get_by_role("article").first).to_be_focused()


def test_a_hidden_tab_does_not_ask_for_new_comments(reader: Page, story: Story):
    reader.clock.install()
    visit(reader, story)
    reader.wait_for_load_state("networkidle")
    asked: list[str] = []
    reader.on("request", lambda request: "/comments/new" in request.url and asked.append(request.url))
    hide = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    hide += " document.dispatchEvent(new Event('visibilitychange')); }"

    reader.evaluate(hide, True)
    reader.clock.fast_forward(300_000)
    while_hidden = len(asked)
    with reader.expect_request(re.compile("/comments/new")):
        reader.evaluate(hide, False)

    assert while_hidden == 0


@pytest.mark.parametrize(("state", "text"), [("closed", "This conversation is closed"), ("archived", "is closed")])
def test_a_closed_article_is_read_only(reader: Page, story: Story, state: str, text: str):
    story.comment(story.person(), "Said in time.")
    story.change(state=state)

    widget = visit(reader, story)

    expect(widget.get_by_text(text)).to_be_visible()
    expect(widget.get_by_text("Said in time.")).to_be_visible()
    expect(widget.get_by_role("button", name="Join the conversation")).to_have_count(0)
    expect(widget.get_by_role("button", name="Reply", exact=True)).to_have_count(0)
    assert widget.get_by_role("button", name=re.compile("^Agree")).is_disabled() is (state == "archived")


def test_the_front_page_counts_comments(reader: Page, story: Story):
    story.comments([(story.person(), "One.", None, 3), (story.person(), "Two.", None, 2)])

    reader.goto(story.server.pages)

    expect(reader.locator(f'[data-comment-count="{story.key}"]')).to_have_text("2")


def test_a_link_leads_to_one_comment_with_what_it_answers_and_on_to_all(reader: Page, story: Story):
    ada, bo = story.person(), story.person()
    top, other = story.comments([(ada, "The question.", None, 60), (bo, "Another matter.", None, 50)])
    first = story.comment(bo, "An answer.", parent=top, age=40)
    deep = story.comment(ada, "Thanks for it.", parent=first, age=30)
    story.comments([(bo, "You are welcome.", deep, 20), (bo, "Beside the point.", top, 10)])

    reader.goto(f"{story.url}#comment-{deep}")
    widget = reader.locator("article-comments")
    expect(article_of(widget, "Thanks for it.")).to_be_focused()
    alone = bodies(reader)
    expect(article_of(widget, "Thanks for it.")).to_be_in_viewport()
    widget.get_by_role("button", name="View full discussion").click()
    expect(widget.get_by_text("Another matter.")).to_be_visible()
    reader.evaluate(f"location.hash = '#comment-{other}'")

    assert alone == ["The question.", "An answer.", "Thanks for it.", "You are welcome."]
    expect(article_of(widget, "Another matter.")).to_be_focused()
    expect(widget.get_by_role("button", name="View full discussion")).to_have_count(0)
    assert "The question." in bodies(reader)


def test_a_link_into_the_depth_shows_what_is_around_it(reader: Page, story: Story):
    ada, made = story.person(), []
    for level in range(13):
        made.append(story.comment(ada, f"Level {level}", parent=made[-1] if made else None, age=60 - level))

    reader.goto(f"{story.url}#comment-{made[11]}")
    widget = reader.locator("article-comments")

    expect(widget.get_by_text("Its beginning is further up.")).to_be_visible()
    expect(article_of(widget, "Level 11")).to_be_focused()
    assert bodies(reader) == [f"Level {level}" for level in range(1, 13)]


@pytest.mark.parametrize("wanted", ["999999999", "no_such", "0"])
def test_a_link_to_what_is_gone_says_so_above_the_thread(reader: Page, story: Story, wanted: str):
    story.comment(story.person(), "Still here.")

    reader.goto(f"{story.url}#comment-{wanted}")
    widget = reader.locator("article-comments")

    expect(widget.get_by_text("isn't here any more")).to_be_visible()
    expect(widget.get_by_text("Still here.")).to_be_visible()


def test_long_comments_are_clipped_and_branches_collapse(reader: Page, story: Story):
    long = "\n".join(f"Line {number}." for number in range(40))
    top = story.comment(story.person(), long)
    story.comment(story.person(), "A reply.", parent=top)
    widget = visit(reader, story)
    body = widget.locator("[data-comment-body]").first
    clipped = body.bounding_box()

    widget.get_by_role("button", name="Read more").click()
    whole = body.bounding_box()
    expect(widget.get_by_role("article").first).to_be_focused()
    widget.get_by_role("button", name="Collapse").first.click()

    assert whole["height"] > 3 * clipped["height"]  # type: ignore[index]
    expect(widget.get_by_role("button", name="Expand")).to_be_focused()
    expect(widget.get_by_role("button", name="Expand")).to_have_attribute("aria-expanded", "false")
    expect(widget.get_by_text("A reply.")).to_be_hidden()
    expect(body).to_be_hidden()
    widget.get_by_role("button", name="Expand").click()
    expect(widget.get_by_text("A reply.")).to_be_visible()


def test_a_person_can_be_ignored_and_heeded_again(reader: Page, story: Story):
    ada, bo = story.person(), story.person()
    top = story.comment(bo, "Something tiresome.")
    story.comment(ada, "A calm reply.", parent=top)
    widget = visit(reader, story)

    article_of(widget, "Something tiresome.").get_by_role("button", name="Ignore").click()
    expect(widget.get_by_text("Something tiresome.")).to_have_count(0)
    widget = visit(reader, story)
    expect(widget.get_by_text(f"You ignore {bo.name}.")).to_be_visible()
    expect(widget.get_by_text("A calm reply.")).to_be_visible()
    expect(widget.get_by_text("Something tiresome.")).to_have_count(0)
    widget.get_by_role("button", name="Show this comment").click()
    expect(widget.get_by_text("Something tiresome.")).to_be_visible()
    widget.get_by_text("You ignore 1 person").click()
    widget.get_by_role("button", name=f"Stop ignoring {bo.name}").click()

    expect(widget.get_by_text("You ignore")).to_have_count(0)
    assert reader.context.cookies() == []
    reader.evaluate("localStorage.setItem('comments:ignored:demo', '{broken')")
    expect(visit(reader, story).get_by_text("Something tiresome.")).to_be_visible()


MOVES = """() => {
  window.moved = 0;
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
  }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.mark.parametrize("count", [0, 8])
def test_nothing_on_the_page_jumps(reader: Page, story: Story, count: int):
    ada = story.person()
    story.comments([(ada, "Some words. " * 20, None, 60 + number) for number in range(count)])
    reader.add_init_script(f"({MOVES})()")
    reader.clock.install()

    widget = visit(reader, story)
    reader.wait_for_load_state("networkidle")
    story.comment(ada, "Fresh.", age=0)
    before = widget.get_by_role("article").last.bounding_box() if count else None
    reader.clock.fast_forward(31_000)
    widget.get_by_role("button", name="View 1 new comment").wait_for()

    assert reader.evaluate("moved") < 0.01
    assert (widget.get_by_role("article").last.bounding_box() if count else None) == before


def test_a_far_element_waits_and_a_gone_one_is_silent(reader: Page, story: Story):
    story.comment(story.person(), "Down there.")
    asked: list[str] = []
    reader.on("request", lambda request: "/api/v1/comments" in request.url and asked.append(request.url))
    reader.clock.install()
    visit(reader, story)
    reader.wait_for_load_state("networkidle")

    # A page of one application takes its element out, has room above it, and places two.
    reader.evaluate("""() => {
      const old = document.querySelector("article-comments");
      old.remove();
      const room = document.createElement("div");
      room.id = "room";
      document.querySelector("main").append(room, old.cloneNode(), old.cloneNode());
      room.style.height = "5000px";
    }""")
    reader.clock.fast_forward(600_000)
    while_far = len(asked)
    reader.evaluate("document.querySelector('#room').style.height = '0'")
    expect(reader.get_by_text("Down there.")).to_have_count(2)
    moved = reader.evaluate("""() => {
      const [one, two] = document.querySelectorAll("article-comments");
      const shown = one.shadowRoot.querySelector("article");
      two.after(one);
      return new Promise((done) => setTimeout(() => done(one.shadowRoot.querySelector("article") === shown)));
    }""")
    started = len(asked)
    reader.evaluate("document.querySelectorAll('article-comments').forEach((one) => one.remove())")
    reader.clock.fast_forward(600_000)

    assert len([url for url in asked[:while_far] if "/new" not in url]) == 1
    assert moved
    assert started > while_far
    assert len(asked) == started


def test_polling_backs_off_where_nothing_happens_and_times_stay_true(reader: Page, story: Story):
    story.comment(story.person(), "A minute old.", age=1)
    reader.clock.install()
    widget = visit(reader, story)
    reader.wait_for_load_state("networkidle")
    asked: list[str] = []
    reader.on("request", lambda request: "/comments/new" in request.url and asked.append(request.url))

    for _ in range(60):
        reader.clock.run_for(30_000)
        reader.wait_for_load_state("networkidle")

    assert 5 <= len(asked) <= 12  # of 60 in half an hour, had it gone on as it began
    expect(widget.get_by_text("31 minutes ago")).to_be_visible()
    expect(widget.get_by_role("article", name=re.compile("31 minutes ago"))).to_be_visible()
