"""Do warnings reach their readers, notices the desk, and sanctions whoever they are for, in a real browser?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from commentsvc.enums import Role, SanctionKind
from commentsvc.store.db import now_us
from commentsvc.store.models import Article, Comment, LegalNotice, Person, Sanction, Site
from tests import factories
from tests.browser.conftest import Newsroom, Story, article_of, faults_of, sign_in, visit, write

pytestmark = pytest.mark.browser

DAY_US = 24 * 3600 * 1_000_000


def restrict(story: Story, who: Person, kind: SanctionKind, **more: Any) -> None:
    with story.db.writing() as session:
        site = session.scalars(select(Site).where(Site.key == "demo")).one()
        factories.sanction(session, who, site, kind, **more)


def test_a_warned_reader_reads_confirms_and_posts(reader: Page, story: Story) -> None:
    who = story.person()
    widget = visit(reader, story)
    sign_in(reader, who)
    restrict(story, who, SanctionKind.WARN)

    # Warned while the page is open: told at the first try, and the text is kept.
    write(widget, "A promenade needs benches.")
    told = widget.get_by_role("group", name="A message from the community managers")
    expect(told).to_contain_text("For the test.")
    assert story.bodies() == []
    visit(reader, story)
    expect(told).to_contain_text("For the test.")
    told.get_by_role("button", name="I have read this").click()

    expect(told).to_have_count(0)
    expect(widget.get_by_role("status")).to_have_text("Thank you. You can write here again.")
    widget.get_by_role("button", name="Post comment").click()
    expect(article_of(widget, "A promenade needs benches.")).to_be_focused()
    with story.db.reading() as session:
        assert session.scalars(select(Sanction).where(Sanction.person_id == who.id)).one().acknowledged_at


def test_a_suspended_reader_is_told_what_why_and_until_when(reader: Page, story: Story) -> None:
    who = story.person()
    restrict(story, who, SanctionKind.SUSPEND, until=now_us() + 3 * DAY_US)
    widget = visit(reader, story)
    sign_in(reader, who)

    told = widget.get_by_role("group", name="You can't take part for now")
    expect(told).to_contain_text("For the test.")
    expect(told).to_contain_text(re.compile(r"This ends on \w+ \d"))
    expect(widget.get_by_role("button", name="Join the conversation")).to_have_count(0)


def test_what_is_illegal_is_reported_without_an_account(reader: Page, story: Story) -> None:
    story.comment(story.person(), "I will burn the kiosk down.")
    widget = visit(reader, story)
    article_of(widget, "kiosk").get_by_role("button", name="Report").click()
    expect(widget.get_by_role("radio").first).to_be_focused()
    link = widget.get_by_role("link", name=re.compile("Give notice of illegal content"))
    expect(link).to_have_count(0)
    widget.get_by_role("radio", name="It may be illegal").check()
    with reader.expect_popup() as opened:
        link.click()
    form = opened.value

    expect(form.get_by_text("I will burn the kiosk down.")).to_be_visible()
    assert faults_of(form) == []
    form.get_by_label("Why is it illegal?").select_option("A threat")
    form.get_by_label("What makes it illegal?").fill("It announces an arson, which is punishable.")
    form.get_by_role("button", name="Send the notice").click()
    expect(form.get_by_text("Please give your name.")).to_be_visible()
    form.get_by_label("Your name").fill("Nia Vale")
    form.get_by_label("Your e-mail").fill("nia@readers.example")
    form.get_by_label("I believe in good faith").check()
    form.get_by_role("button", name="Send the notice").click()

    expect(form.get_by_role("heading", name="We have received your notice")).to_be_visible()
    assert faults_of(form) == []
    with story.db.reading() as session:
        assert (
            session.scalars(
                select(LegalNotice.name).where(LegalNotice.comment_id == story.find("I will burn the kiosk down.").id)
            ).one()
            == "Nia Vale"
        )


def test_a_manager_bans_somebody_and_clears_what_they_posted(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    with newsroom.db.writing() as session:
        site = session.scalars(select(Site).where(Site.key == newsroom.key)).one()
        article = session.scalars(select(Article).where(Article.site_id == site.id)).first()
        who = factories.person(session, f"Spam {now_us() % 100_000}")
        comments = [factories.comment(session, article, who).id for _ in range(25)]
    page = desk()
    page.get_by_role("link", name="People").click()
    page.get_by_label("Name").fill(who.name)
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name=who.name).click()
    expect(page.get_by_role("heading", name=who.name)).to_be_visible()
    assert faults_of(page) == []

    page.get_by_text("Sanction…").click()
    page.get_by_role("radio", name="Ban").check()
    page.get_by_label("For how long").select_option("without end")
    page.get_by_label("Reason").fill("Advertising in 25 threads.")
    page.get_by_label("Reject what they posted").select_option("everything")
    page.get_by_label("because it breaks").select_option("Spam")
    page.get_by_role("button", name="Sanction them").click()

    expect(page.get_by_text(f"{len(comments)} comments rejected")).to_be_visible(timeout=20_000)
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text(f"{len(comments)} comments are as before")).to_be_visible(timeout=20_000)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert faults_of(page) == []


def test_an_author_reads_why_appeals_and_sees_the_outcome(reader: Page, story: Story) -> None:
    who, first, second = story.person(), story.person(), story.person()
    comment = story.comment(who, "You are all fools.")
    with story.db.writing() as session:
        site = session.scalars(select(Site).where(Site.key == "demo")).one()
        for manager in (first, second):
            factories.member(session, manager, site, Role.MANAGER)
        factories.reject(session, session.get_one(Comment, comment), first, message="No insults, please.")
    widget = visit(reader, story)
    sign_in(reader, who)
    mine = article_of(widget, "You are all fools.")
    with reader.expect_popup() as opened:
        mine.get_by_role("link", name=re.compile("All reasons")).click()
    statement = opened.value
    expect(statement.get_by_role("heading", name="Your comment was removed")).to_be_visible()
    assert faults_of(statement) == []

    mine.get_by_role("button", name="Appeal").click()
    expect(mine.get_by_label("Why should it be decided otherwise?")).to_be_focused()
    mine.get_by_label("Why should it be decided otherwise?").fill("I quoted somebody.")
    mine.get_by_role("button", name="Send appeal").click()
    expect(mine).to_contain_text("A community manager will decide.")
    with story.db.writing() as session:
        about = session.get_one(Comment, comment)
        factories.reject(session, about, second, message="A quotation doesn't excuse it.")
    visit(reader, story)

    expect(mine).to_contain_text("the decision stands")
    expect(mine).to_contain_text("A quotation doesn't excuse it.")
    expect(mine.get_by_role("button", name="Appeal")).to_have_count(0)
