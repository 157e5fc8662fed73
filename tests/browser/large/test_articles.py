"""Does what a manager sets of an article, and what its circuit breaker does, reach readers in a real browser?"""

import time
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from commentsvc.actions import breaker
from commentsvc.enums import Status
from commentsvc.store.db import now_us
from commentsvc.store.models import Article, BreakerTrip, Comment, Job
from tests import factories
from tests.browser.conftest import MINUTE, Story, article_of, sign_in, visit, write
from tests.browser.test_loop import manager_at_the_desk

pytestmark = pytest.mark.browser

CLOSER = "This conversation is moderated more closely for now"
FIRST, SECOND = "The early ferry was the only one for the night shift.", "The harbour office knew of it in spring."


def test_slow_mode_counts_down_and_the_breaker_trips_and_returns(reader: Page, story: Story, browser: Browser) -> None:
    manager = manager_at_the_desk(browser, story)
    page_of_article = f"{story.server.api}/console/demo/articles/{article_id(story)}"
    who = story.person()
    story.comments([(who, f"An older remark, number {n}.", None, 90 + n) for n in range(3)])

    manager.goto(page_of_article)
    manager.get_by_label("Slow mode").select_option(label="One comment every 10 seconds")
    manager.get_by_role("button", name="Save", exact=True).click()
    expect(manager.get_by_role("status")).to_contain_text("Saved.")
    expect(manager.get_by_role("list").filter(has_text="Cam Reyes")).to_contain_text("one comment every 10 seconds")
    assert_accessible(manager)

    older = story.find("An older remark, number 2.")
    with story.db.writing() as session:
        case_id = factories.case(session, session.get_one(Comment, older.id)).id
    manager.goto(f"{story.server.api}/console/demo?case={case_id}")
    manager.get_by_role("button", name="Pin to the top").click()
    expect(manager.get_by_role("button", name="Unpin")).to_be_visible()

    widget = visit(reader, story)
    expect(widget.get_by_text("everyone can comment once every 10 seconds")).to_be_visible()
    expect(article_of(widget, "An older remark, number 2.").first).to_contain_text("Pinned")
    sign_in(reader, who)
    write(widget, FIRST)
    expect(article_of(widget, FIRST)).to_be_visible()
    widget.get_by_role("button", name="Join the conversation").click()
    widget.get_by_role("textbox", name="Your comment").fill(SECOND)
    expect(widget.get_by_text("You can post again in")).to_be_visible()
    expect(widget.get_by_text("You can post again in")).to_be_hidden(timeout=15_000)
    widget.get_by_role("button", name="Post comment").click()
    expect(article_of(widget, SECOND)).to_be_visible()

    heated = [(story.person(), f"You lot never learn, number {n}.", None, 1) for n in range(8)]
    story.comments(heated, status=Status.REJECTED)
    wait_until(lambda: article_of_story(story).tripped == "stricter")
    widget = visit(reader, story)
    expect(widget.get_by_text(CLOSER)).to_be_visible()
    manager.goto(f"{story.server.api}/console/demo")
    expect(manager.get_by_text("Circuit breaker:")).to_be_visible()
    manager.goto(page_of_article)
    expect(manager.get_by_role("heading", name="The circuit breaker has tripped")).to_be_visible()
    assert_accessible(manager)

    let_time_pass(story)
    wait_until(lambda: article_of_story(story).tripped is None)
    widget = visit(reader, story)
    expect(widget.get_by_text("everyone can comment once every 10 seconds")).to_be_visible()
    expect(widget.get_by_text(CLOSER)).to_have_count(0)
    manager.goto(page_of_article)
    expect(manager.get_by_text("ended by itself")).to_be_visible()
    expect(manager.get_by_role("region", name="Pinned and featured")).to_contain_text("An older remark, number 2.")

    manager.get_by_label("New comments").select_option(label="Premoderate: the team reads first")
    manager.get_by_role("button", name="Save", exact=True).click()
    expect(manager.get_by_role("status")).to_contain_text("Saved.")
    assert article_of_story(story).mode == "premoderate"


def test_a_page_that_is_open_closes_and_opens_by_the_clock(reader: Page, story: Story) -> None:
    story.change(close_at=now_us() + 4_000_000, reopen_at=now_us() + 14_000_000)

    widget = visit(reader, story)
    expect(widget.get_by_role("button", name="Join the conversation")).to_be_visible()
    expect(widget.get_by_text("It opens again at")).to_be_visible(timeout=15_000)
    expect(widget.get_by_role("button", name="Join the conversation")).to_be_hidden()
    expect(widget.get_by_role("button", name="Join the conversation")).to_be_visible(timeout=25_000)


def article_id(story: Story) -> int:
    return article_of_story(story).id


def article_of_story(story: Story) -> Article:
    with story.db.reading() as session:
        return session.scalars(select(Article).where(Article.key == story.key)).one()


def let_time_pass(story: Story) -> None:
    """Make everything on the article older than the breaker's window and cool-down."""
    with story.db.writing() as session:
        article = article_of_story(story)
        session.execute(
            update(Comment).where(Comment.article_id == article.id).values(created_at=Comment.created_at - 120 * MINUTE)
        )
        trip = session.scalars(select(BreakerTrip).where(BreakerTrip.article_id == article.id)).one()
        trip.until = now_us()
        session.execute(update(Job).where(Job.key == f"{breaker.RETURN_JOB}:{trip.id}").values(run_at=now_us()))


def wait_until(true: Callable[[], bool], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def assert_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
