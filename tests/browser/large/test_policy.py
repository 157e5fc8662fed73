"""Can an admin try a threshold on the past of a large site, see what it would have done, and switch it on?"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import Float, cast, func, select

from commentsvc.enums import Guideline, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.models import Backtest, Comment, Person, SignalRow, Site
from tests import factories
from tests.browser.conftest import faults_of
from tests.browser.large.conftest import LargeDesk

pytestmark = pytest.mark.browser

SCORES = (0.1, 0.3, 0.45, 0.5, 0.7, 0.9)
EACH = 40
LIMIT = "Uncivil in general: held from"


@pytest.fixture
def decided(large: LargeDesk) -> None:
    """Some hundred comments with scores; those of 0.5 and 0.9 were rejected by a person."""
    with large.db.writing() as session:
        site = session.get_one(Site, large.site_id)
        eva = session.scalars(select(Person).where(Person.name == "Eva of large")).one()
        author = factories.person(session)
        factories.member(session, author, site)
        story = factories.article(session, site)
        for number in range(EACH):
            for score in SCORES:
                signal = Signal(
                    "toxicity", Guideline.COURTESY, score=score, labels={"toxicity": score}, engine="embedded"
                )
                status = Status.HELD if score >= 0.6 else Status.PUBLISHED
                body = f"Remark {number} of {score}"
                made = factories.comment(session, story, author, body, status=status, signals=[signal])
                if score in {0.5, 0.9}:
                    factories.case(session, made)
                    factories.reject(session, made, eva)


def reached(large: LargeDesk, test: Backtest, low: float) -> int:
    """Count, by the tables alone, the comments that a back-test found at or above a score."""
    score = cast(func.json_extract(SignalRow.evidence, "$.labels.toxicity"), Float)
    signals = select(func.count(SignalRow.comment_id.distinct())).join(Comment, Comment.id == SignalRow.comment_id)
    mine = (Comment.site_id == large.site_id, Comment.created_at.between(test.since, test.created_at))
    with large.db.reading() as session:
        return session.scalar(signals.where(*mine, SignalRow.check == "toxicity", score >= low)) or 0


def test_a_threshold_is_tested_on_the_past_and_switched_on(
    decided: None, large: LargeDesk, sit_down: Callable[..., Page]
) -> None:
    page = sit_down("eva", "/policy")
    before = page.get_by_label(LIMIT).input_value()
    faults: dict[str, Any] = {"policy": faults_of(page)}

    page.get_by_label(LIMIT).fill("0.8")
    page.get_by_label("Text", exact=True).fill("A calm remark about the ferry.")
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_role("heading", name="This would be published")).to_be_visible()
    expect(page.get_by_label(LIMIT)).to_have_value("0.8")
    faults["tried"] = faults_of(page)

    page.get_by_label("Back-test over the last").select_option("7 days")
    page.get_by_role("button", name="Back-test").click()
    expect(page.get_by_role("heading", name="comments of 7 days, replayed")).to_be_visible(timeout=120_000)
    with large.db.reading() as session:
        test = session.scalars(select(Backtest).where(Backtest.site_id == large.site_id)).one()
        in_time = Comment.created_at.between(test.since, test.created_at)
    assert test.done == test.total == sum(large.statuses(in_time).values()) > 20_000
    expect(
        page.get_by_text(f"{test.found['moved']['hold>publish']:,} that were held would be published.")
    ).to_be_visible()
    listed = page.locator("#published_rejected")
    expect(listed.get_by_role("heading")).to_contain_text("Would be published, and you rejected them")
    expect(listed.get_by_role("link", name="of 0.5")).to_have_count(EACH)
    expect(listed.get_by_role("link", name="of 0.9")).to_have_count(0)
    over, known = reached(large, test, 0.8), reached(large, test, 0)
    assert over >= EACH
    words = f"{100 * over / known:.1f} % of comments ({over:,})"
    expect(page.locator("figcaption", has_text="Uncivil in general")).to_contain_text(words)
    picture = page.get_by_role("img", name="Uncivil in general")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('figure img').naturalWidth > 0")
    faults["back-test"] = faults_of(page)

    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("status")).to_have_text("The policy is saved.")
    expect(page.get_by_label(LIMIT)).to_have_value("0.8")
    expect(page.get_by_text(f"reached by {words}")).to_be_visible()

    page.get_by_role("link", name="Changes").click()
    changed = page.locator(".differences").first
    expect(changed).to_contain_text(before)
    expect(changed).to_contain_text("0.8")
    faults["changes"] = faults_of(page)
    page.get_by_role("button", name="Restore what was before").first.click()
    page.get_by_role("link", name="Rules", exact=True).click()
    expect(page.get_by_label(LIMIT)).to_have_value(before)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert {name: found for name, found in faults.items() if found} == {}
