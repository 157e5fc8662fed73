"""Does a reader get heard: writing first, signing in when sending, and being told what became of it?"""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests import factories
from tests.browser.conftest import Story, article_of, fill_in, sign_in, visit, write

pytestmark = pytest.mark.browser

RUDE = "Whoever wrote this is an idiot 🙂 and a moron."


def test_a_reader_writes_signs_up_and_is_published(reader: Page, story: Story):
    widget = visit(reader, story)
    widget.get_by_role("button", name="Join the conversation").click()
    widget.get_by_role("textbox", name="Your comment").fill("A promenade needs benches.")
    visit(reader, story)

    expect(widget.get_by_role("textbox", name="Your comment")).to_have_value("A promenade needs benches.")
    with reader.expect_popup() as opened:
        widget.get_by_role("button", name="Post comment").click()
    window = opened.value
    window.get_by_role("link", name="I’m new here").click()
    window.get_by_label("Name").fill(f"New {story.key}")
    window.get_by_label("E-mail").fill(f"{story.key}@readers.example")
    window.get_by_label("Password").fill(factories.PASSWORD)
    window.get_by_role("button", name="Sign up").click()

    expect(article_of(widget, "A promenade needs benches.")).to_be_focused()
    expect(widget.get_by_role("status")).to_have_text("Your comment is published.")
    expect(widget.get_by_role("heading")).to_have_text("Comments 1")
    assert story.bodies() == ["A promenade needs benches."]
    visit(reader, story)
    expect(article_of(widget, "A promenade needs benches.").get_by_role("button", name="Edit")).to_be_visible()
    expect(widget.get_by_text(f"Signed in as New {story.key}", exact=True)).to_be_visible()
    expect(widget.get_by_role("button", name="Join the conversation")).to_be_visible()


def test_a_rude_comment_is_nudged_held_and_rejected_with_a_reason(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())

    write(widget, RUDE)
    nudge = widget.get_by_role("group", name="A second look")
    expect(nudge).to_contain_text("Be courteous", ignore_case=True)
    assert nudge.locator("mark").all_text_contents() == ["idiot", "moron"]
    assert story.bodies() == []
    nudge.get_by_role("button", name="Edit my comment").click()
    selected = "(({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd))"
    assert widget.get_by_role("textbox").evaluate(selected) == "idiot"
    widget.get_by_role("button", name="Post comment").click()
    nudge.get_by_role("button", name="Post anyway").click()

    expect(article_of(widget, RUDE)).to_contain_text("Waiting for review")
    visit(reader, story)
    expect(article_of(widget, RUDE)).to_contain_text("Waiting for review")
    story.reject(RUDE, "Please argue about the matter.")
    visit(reader, story)
    expect(article_of(widget, RUDE)).to_contain_text("Not published")
    expect(article_of(widget, RUDE)).to_contain_text("Please argue about the matter.")
    widget.get_by_role("button", name="Sign out").click()
    expect(widget.get_by_text(RUDE)).to_have_count(0)


def test_nobody_else_sees_a_held_comment(reader: Page, story: Story, browser: Any):
    author, other = story.person(), browser.new_page()
    widget = visit(reader, story)
    sign_in(reader, author)
    write(widget, RUDE)
    widget.get_by_role("button", name="Post anyway").click()
    expect(article_of(widget, RUDE)).to_contain_text("Waiting for review")

    theirs = visit(other, story)

    expect(theirs.get_by_text("No comments yet")).to_be_visible()
    expect(theirs.get_by_text("idiot")).to_have_count(0)
    other.close()


def test_a_reply_goes_below_its_parent_and_its_draft_survives(reader: Page, story: Story):
    story.comment(story.person("Ida Berg"), "What about the market?")
    widget = visit(reader, story)
    sign_in(reader, story.person())
    article_of(widget, "market").get_by_role("button", name="Reply").click()
    widget.get_by_role("textbox", name="Your reply to Ida Berg").fill("It moves to the square.")

    visit(reader, story)
    expect(widget.get_by_role("textbox", name="Your reply to Ida Berg")).to_have_value("It moves to the square.")
    widget.get_by_role("button", name="Post reply").click()

    reply = (
        widget.get_by_role("listitem").filter(has_text="market").get_by_role("article", name=re.compile("^Reply by"))
    )
    expect(reply).to_contain_text("It moves to the square.")
    expect(reply).to_be_focused()


def test_a_reply_to_what_changed_meanwhile_is_thought_over(reader: Page, story: Story):
    parent = story.comment(story.person(), "The bridge opens in May.")
    widget = visit(reader, story)
    sign_in(reader, story.person())
    article_of(widget, "in May").get_by_role("button", name="Reply").click()
    widget.get_by_role("textbox", name=re.compile("Your reply")).fill("May suits me well.")
    story.revise(parent, "The bridge opens in June.")

    widget.get_by_role("button", name="Post reply").click()

    asked = widget.get_by_role("group", name="This comment was edited while you were writing:")
    expect(asked).to_contain_text("The bridge opens in June.")
    expect(asked.get_by_role("button", name="Edit my comment")).to_be_focused()
    expect(article_of(widget, "in June").first).to_be_visible()
    assert story.bodies() == ["The bridge opens in June."]
    widget.get_by_role("textbox", name=re.compile("Your reply")).fill("June suits me, too.")
    widget.get_by_role("button", name="Post reply").click()
    expect(article_of(widget, "June suits me, too.")).to_be_focused()
    assert story.bodies()[1:] == ["June suits me, too."]


def test_a_vote_counts_at_once_and_once(reader: Page, story: Story):
    story.comment(story.person(), "Vote on this.")
    widget = visit(reader, story)
    sign_in(reader, story.person())
    agree = article_of(widget, "Vote on this.").get_by_role("button", name=re.compile("^Agree"))

    agree.click()
    expect(agree).to_have_accessible_name("Agree (1)")
    expect(agree).to_be_focused()
    # The count moves before the service has answered; the answer is waited for.
    with reader.expect_response(lambda answer: answer.request.method == "PUT" and "-1" in answer.request.post_data):
        article_of(widget, "Vote on this.").get_by_role("button", name=re.compile("^Disagree")).click()

    expect(agree).to_have_accessible_name("Agree (0)")
    disagree = article_of(widget, "Vote on this.").get_by_role("button", name="Disagree (1)")
    expect(disagree).to_have_attribute("aria-pressed", "true")
    assert (story.find("Vote on this.").up, story.find("Vote on this.").down) == (0, 1)


def test_a_vote_that_fails_is_taken_back_and_said(reader: Page, story: Story):
    story.comment(story.person(), "Vote on this.")
    widget = visit(reader, story)
    sign_in(reader, story.person())
    agree = widget.get_by_role("button", name=re.compile("^Agree"))
    reader.route("**/vote", lambda route: route.abort())

    agree.click()

    expect(agree).to_have_accessible_name("Agree (0)")
    expect(agree).to_have_attribute("aria-pressed", "false")
    expect(widget.get_by_role("status")).to_contain_text("There is no connection to the comments just now")


def test_an_answer_that_got_lost_is_not_a_second_comment(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())
    keys: list[str | None] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        route.fetch()
        route.abort()

    reader.route("**/api/v1/comments", lose, times=1)
    write(widget, "Only once, please.")
    expect(widget.get_by_role("status")).to_contain_text("Nothing is lost")
    visit(reader, story)
    with reader.expect_request(lambda request: request.method == "POST" and request.url.endswith("/comments")) as again:
        widget.get_by_role("button", name="Post comment").click()

    expect(article_of(widget, "Only once, please.").first).to_be_visible()
    expect(widget.get_by_role("textbox", name="Your comment")).to_have_count(0)
    assert again.value.headers["idempotency-key"] == keys[0]
    assert story.bodies() == ["Only once, please."]


def test_a_limit_says_how_long_to_wait_and_keeps_the_text(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())
    headers = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After", "Retry-After": "27"}
    body = {"error": {"code": "too_many_requests", "message": "Slow down."}}
    reader.route("**/api/v1/comments", lambda route: route.fulfill(status=429, headers=headers, json=body), times=1)

    write(widget, "Too quick for this place.")

    expect(widget.get_by_role("status")).to_have_text("That was quick. Please wait 27 seconds.")
    expect(widget.get_by_role("textbox")).to_have_value("Too quick for this place.")


def test_an_author_edits_within_the_window(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())
    write(widget, "A frist try.")

    article_of(widget, "A frist try.").get_by_role("button", name="Edit").click()
    widget.get_by_role("textbox", name="Edit your comment").fill("A first try.")
    widget.get_by_role("button", name="Save changes").click()

    expect(article_of(widget, "A first try.")).to_contain_text("edited")
    assert story.bodies() == ["A first try."]


def test_editing_counts_down_and_ends_with_the_window(reader: Page, story: Story):
    reader.clock.install()
    widget = visit(reader, story)
    sign_in(reader, story.person())
    write(widget, "Five minutes are short.")
    edit = article_of(widget, "Five minutes").get_by_role("button", name="Edit")
    edit.click()

    expect(widget.get_by_text(re.compile("Time left for changes: 4:[0-9][0-9]"))).to_be_visible()
    reader.clock.run_for(280_000)
    expect(widget.get_by_role("status")).to_have_text("Time left for changes: 30 seconds.")
    reader.clock.run_for(40_000)

    expect(widget.get_by_role("status")).to_have_text("The time for editing this comment is over.")
    expect(widget.get_by_role("button", name="Save changes")).to_be_disabled()
    expect(widget.get_by_role("textbox", name="Edit your comment")).to_have_value("Five minutes are short.")
    expect(edit).to_have_count(0)


def test_withdrawing_asks_first_and_keeping_is_the_default(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())
    write(widget, "I may regret this.")
    withdraw = article_of(widget, "I may regret this.").get_by_role("button", name="Withdraw")

    withdraw.click()
    expect(widget.get_by_role("button", name="Keep it")).to_be_focused()
    reader.keyboard.press("Enter")
    expect(withdraw).to_be_focused()
    assert story.find("I may regret this.").status == "published"
    withdraw.click()
    widget.get_by_role("button", name="Yes, withdraw it").click()

    expect(widget.get_by_text("This comment was withdrawn by its author.")).to_be_visible()
    expect(widget.get_by_role("heading")).to_have_text("Comments")
    assert story.find("I may regret this.").status == "withdrawn"


def test_sharing_copies_an_address_that_leads_to_the_comment(reader: Page, story: Story):
    reader.context.grant_permissions(["clipboard-read", "clipboard-write"])
    story.comment(story.person(), "Worth passing on.")
    widget = visit(reader, story)

    article_of(widget, "passing on").get_by_role("button", name="Share").click()

    expect(widget.get_by_role("status")).to_have_text("The link is copied.")
    copied = reader.evaluate("navigator.clipboard.readText()")
    expect(widget.get_by_role("textbox", name="Link to this comment")).to_have_value(copied)
    widget.get_by_role("button", name="Done").click()
    expect(article_of(widget, "passing on").get_by_role("button", name="Share")).to_be_focused()
    reader.goto("about:blank")
    reader.goto(copied)
    expect(widget.get_by_text("Worth passing on.")).to_be_in_viewport()
    expect(article_of(widget, "passing on")).to_be_focused()


def test_sharing_shows_the_address_where_nothing_may_be_copied(reader: Page, story: Story):
    reader.add_init_script("navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed'))")
    story.comment(story.person(), "Worth passing on.")
    widget = visit(reader, story)

    article_of(widget, "passing on").get_by_role("button", name="Share").click()

    expect(widget.get_by_role("status")).to_have_text("Copy this link:")
    expect(widget.get_by_role("textbox", name="Link to this comment")).to_be_focused()


def test_a_report_is_sent_once_and_thanked_for(reader: Page, story: Story):
    story.comment(story.person(), "Buy my boat.")
    widget = visit(reader, story)
    sign_in(reader, story.person())

    def report() -> None:
        article_of(widget, "Buy my boat.").get_by_role("button", name="Report").click()
        widget.get_by_role("radio", name="It is spam or advertising").check()
        widget.get_by_role("button", name="Send report").click()

    report()
    expect(widget.get_by_role("status")).to_have_text("Thank you. A community manager will look at it.")
    report()

    expect(widget.get_by_role("status")).to_contain_text("already")


def test_a_cancelled_sign_in_keeps_the_text_and_offers_the_other_way(reader: Page, story: Story):
    who = story.person()
    widget = visit(reader, story)
    widget.get_by_role("button", name="Join the conversation").click()
    widget.get_by_role("textbox", name="Your comment").fill("Kept while I was away.")
    with reader.expect_popup() as opened:
        widget.get_by_role("button", name="Post comment").click()
    opened.value.close()

    widget.get_by_role("button", name="Continue in this tab").click()
    fill_in(reader, who)

    expect(widget.get_by_text(f"Signed in as {who.name}", exact=True)).to_be_visible()
    assert reader.url == story.url
    widget.get_by_role("button", name="Post comment").click()
    expect(article_of(widget, "Kept while I was away.")).to_be_visible()


def test_a_message_from_anywhere_else_signs_nobody_in(reader: Page, story: Story):
    widget = visit(reader, story)
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.post_data or ""))
    with reader.expect_popup() as opened:
        widget.get_by_role("button", name="Sign in", exact=True).click()
    state = re.search("state=([^&]+)", opened.value.url).group(1)  # type: ignore[union-attr]

    reader.evaluate("state => window.postMessage({ code: 'forged', state }, '*')", state)
    opened.value.evaluate(
        "origin => window.opener.postMessage({ code: 'forged', state: 'another' }, origin)", story.server.pages
    )
    with reader.expect_popup() as other:
        reader.evaluate("address => { window.open(address, 'other'); }", f"{story.server.api}/auth/sign-in")
    other.value.wait_for_load_state()
    other.value.evaluate(
        "([state, origin]) => window.opener.postMessage({ code: 'forged', state }, origin)", [state, story.server.pages]
    )
    reader.wait_for_timeout(300)

    assert not any("forged" in body for body in asked)
    opened.value.close()


def test_signing_out_ends_the_sign_in_for_good(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())

    widget.get_by_role("button", name="Sign out").click()
    expect(widget.get_by_role("button", name="Sign up to post")).to_be_visible()
    asked: list[str] = []
    reader.on("request", lambda request: asked.append(request.url))
    visit(reader, story)
    reader.wait_for_load_state("networkidle")

    assert not any(url.endswith(("/token", "/me")) for url in asked)


def test_a_sign_in_that_ran_out_is_no_news_to_a_reader(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())
    reader.context.clear_cookies()

    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    reader.route("**/api/v1/token", hold, times=1)
    visit(reader, story)
    buttons = widget.get_by_role("button", name=re.compile("^Sign"))

    # What was signed in isn't offered to sign in as long as it isn't known better.
    expect(buttons).to_have_count(0)
    with reader.expect_response(lambda answer: answer.url.endswith("/token") and answer.status == 400):
        held[0].continue_()
    expect(buttons).to_have_text(["Sign up to post", "Sign in"])
    expect(widget.get_by_text("sign in again")).to_have_count(0)


def test_a_page_hears_events_and_calls_methods(reader: Page, story: Story):
    reader.add_init_script(
        """window.heard = [];
        for (const name of ["ready", "posted", "signin", "error"]) {
            document.addEventListener(`comments:${name}`, ({ detail }) => window.heard.push([name, detail]));
        }"""
    )
    widget = visit(reader, story)
    who = story.person()
    sign_in(reader, who)
    write(widget, "Heard by the page.")
    expect(article_of(widget, "Heard by the page.")).to_be_visible()

    heard = reader.evaluate("window.heard")
    refused = reader.evaluate(
        "document.querySelector('article-comments').signIn('no.such.token').then(() => 'taken', ({ code }) => code)"
    )
    reader.evaluate("document.querySelector('article-comments').reload()")

    assert [name for name, _ in heard] == ["ready", "signin", "posted"]
    assert heard[1][1]["person"]["name"] == who.name
    assert heard[2][1] == {"id": str(story.find("Heard by the page.").id), "status": "published", "parent": None}
    assert refused != "taken"
    expect(article_of(widget, "Heard by the page.")).to_be_visible()


def test_everything_works_from_the_keyboard(reader: Page, story: Story):
    widget = visit(reader, story)
    sign_in(reader, story.person())
    for _ in range(12):
        reader.keyboard.press("Tab")
        if widget.get_by_role("button", name="Join the conversation").evaluate("one => one.matches(':focus')"):
            break

    reader.keyboard.press("Enter")
    expect(widget.get_by_role("textbox", name="Your comment")).to_be_focused()
    reader.keyboard.type("Typed, never clicked.")
    reader.keyboard.press("Control+Enter")

    expect(article_of(widget, "Typed, never clicked.")).to_be_focused()
