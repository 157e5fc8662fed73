"""Do warnings and sanctions reach those they are for at once, and reports the desk, on a site of 100,000 comments?"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from commentsvc.enums import Reason, SanctionKind
from commentsvc.store.db import now_us
from commentsvc.store.models import Case, Comment, LegalNotice, Person, Sanction, Site
from tests import factories
from tests.browser.conftest import DAY_US, Story, article_of, faults_of, shown, sign_in, visit, write
from tests.browser.large.conftest import ADVERT, ADVERTS, LargeDesk

pytestmark = pytest.mark.browser


def restrict(story: Story, who: Person, kind: SanctionKind, **more: Any) -> None:
    with story.db.writing() as session:
        site = session.scalars(select(Site).where(Site.key == "demo")).one()
        factories.sanction(session, who, site, kind, **more)


def test_a_report_from_the_page_reopens_what_was_approved(
    reader: Page, story: Story, large: LargeDesk, sit_down: Callable[..., Page]
) -> None:
    about = story.comment(story.person(), "Buy my boat.")
    with large.db.writing() as session:
        ann = session.scalars(select(Person).where(Person.name == "Ann of large")).one()
        comment = session.get_one(Comment, about)
        factories.case(session, comment)
        factories.approve(session, comment, ann)
    its_case = (Case.comment_id == about, Case.reasons.bitwise_and(int(Reason.REPORTED)) != 0)
    assert large.count(*its_case) == 0
    widget = visit(reader, story)
    sign_in(reader, story.person())
    article_of(widget, "Buy my boat.").get_by_role("button", name="Report").click()
    widget.get_by_role("radio", name="It is spam or advertising").check()
    widget.get_by_role("button", name="Send report").click()
    expect(widget.get_by_role("status")).to_have_text("Thank you. A community manager will look at it.")

    assert large.count(*its_case) == 1
    with large.db.reading() as session:
        article_id = session.get_one(Comment, about).article_id
    page = sit_down("ann", f"?reason=reported&article={article_id}")
    expect(shown(page)).to_contain_text("Buy my boat.")
    expect(page.get_by_role("region", name="Decisions so far")).to_contain_text("by Ann of large")


def test_who_is_premoderated_at_the_desk_waits_from_the_next_comment_on(
    reader: Page, story: Story, large: LargeDesk, sit_down: Callable[..., Page]
) -> None:
    who = story.person()
    widget = visit(reader, story)
    sign_in(reader, who)
    page = sit_down("ann", f"/people/{who.id}")
    page.get_by_text("Sanction…").click()
    page.get_by_role("radio", name="Premoderate").check()
    page.get_by_label("Reason").fill("Two warnings in a week.")
    page.get_by_role("button", name="Sanction them").click()
    expect(page.get_by_role("status").first).to_contain_text("In force from now on.")

    write(widget, "The ferry was late again.")
    expect(article_of(widget, "The ferry was late again.")).to_contain_text("Waiting for review")
    assert large.count(Comment.person_id == who.id) == 1


def test_who_advertises_is_banned_cleared_and_restored(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    page = sit_down("ann", "/people")
    page.get_by_label("Name").fill("Adam of large")
    page.get_by_role("button", name="Show").click()
    page.get_by_role("link", name="Adam of large").click()
    expect(page.get_by_role("heading", name="Adam of large")).to_be_visible()

    page.get_by_text("Sanction…").click()
    page.get_by_role("radio", name="Ban").check()
    page.get_by_label("For how long").select_option("without end")
    page.get_by_label("Reason").fill("Advertising in every thread.")
    page.get_by_label("Reject what they posted").select_option("everything")
    page.get_by_label("because it breaks").select_option("spam")
    page.get_by_role("button", name="Sanction them").click()
    expect(page.get_by_text(f"{ADVERTS} comments rejected")).to_be_visible(timeout=30_000)
    assert large.statuses(Comment.body.startswith(ADVERT)) == {"rejected": ADVERTS}
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text(f"{ADVERTS} comments are as before")).to_be_visible(timeout=30_000)
    assert large.statuses(Comment.body.startswith(ADVERT)) == {"published": ADVERTS}


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
