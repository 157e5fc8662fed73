"""Do warnings reach their readers, notices the desk, and sanctions whoever they are for, in a real browser?"""

import re

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from commentsvc.enums import Role
from commentsvc.store.models import Comment, Site
from tests import factories
from tests.browser.conftest import Story, article_of, faults_of, sign_in, visit

pytestmark = pytest.mark.browser

DAY_US = 24 * 3600 * 1_000_000


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
