"""Are many of 5,000 open cases decided at once: those selected, an author's, a wave, a band of scores?"""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from commentsvc.store.models import Comment, SignalRow
from tests.browser.conftest import Newsroom, faults_of, shown
from tests.browser.large.conftest import PLEA, WAVE, LargeDesk

pytestmark = pytest.mark.browser


def test_a_wave_is_rejected_by_a_job_and_taken_back(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    page = sit_down("ann", "/bulk")
    problems: list[str] = []
    page.on("console", lambda message: message.type == "error" and problems.append(message.text))
    before, of_wave = large.statuses(), Comment.body.startswith(PLEA)
    faults = {"many at once": faults_of(page)}

    page.get_by_role("link", name="waves of near-duplicates").click()
    wave = page.get_by_text(f"{WAVE} comments from 5 people")
    expect(wave).to_be_visible()
    faults["waves"] = faults_of(page)
    page.locator("li", has=wave).get_by_role("link", name="Decide about all of them").click()
    expect(page.get_by_role("heading", name=f"{WAVE} comments that say nearly the same")).to_be_visible()
    faults["wave"] = faults_of(page)
    page.get_by_role("radio", name="Reject").check()
    page.get_by_label("Guideline they break").select_option("spam")
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_role("heading", name=f"Reject {WAVE} comments?")).to_be_visible()
    faults["preview"] = faults_of(page)
    assert large.statuses(of_wave) == {"held": WAVE}
    page.get_by_role("button", name=f"Reject all {WAVE}").click()
    expect(page.get_by_role("status")).to_contain_text(f"Done. {WAVE} comments rejected.", timeout=60_000)
    assert large.statuses(of_wave) == {"rejected": WAVE}
    faults["done"] = faults_of(page)
    page.get_by_role("button", name="Undo all").click()
    expect(page.get_by_role("status")).to_contain_text(f"Taken back. {WAVE} comments taken back", timeout=60_000)

    assert large.statuses(of_wave) == {"held": WAVE}
    assert large.statuses() == before
    page.get_by_role("link", name="Many at once").last.click()
    expect(page.get_by_role("link", name=f"Reject {WAVE} comments")).to_be_visible()
    faults["batches"] = faults_of(page)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert {name: found for name, found in faults.items() if found} == {}
    assert problems == []


def test_cases_are_selected_by_keys_and_by_shift_click(newsroom: Newsroom, desk: Callable[..., Page]) -> None:
    page = desk()
    chosen = page.locator("input[name=chosen]:checked")

    page.keyboard.press("x")
    expect(page.locator("#said")).to_have_text("1 selected")
    page.keyboard.press("J")
    expect(shown(page)).to_contain_text("Remark 1")
    expect(chosen).to_have_count(2)
    page.keyboard.press("x")
    expect(chosen).to_have_count(1)
    page.locator(".entry").nth(4).click(modifiers=["Shift"])
    expect(chosen).to_have_count(5)
    expect(page.locator("#chosen-count")).to_have_text("5 selected")
    expect(shown(page)).to_contain_text("Remark 1")

    page.keyboard.press("a")
    expect(page.locator("#chosen-count")).to_have_text("4 selected")
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("#chosen-count")).to_be_hidden()
    assert chosen.count() == 0

    # Those that are selected are decided together.
    for number in (1, 2):
        page.locator("input[name=chosen]").nth(number).check()
    page.get_by_role("form", name="With the selected cases").get_by_role("button", name="Approve…").click()
    decide(page, "Approve", 2)
    assert newsroom.statuses() == ["held", "published", "published", "published", "held"]


def test_an_authors_and_a_band_of_scores(large: LargeDesk, newsroom: Newsroom, sit_down: Callable[..., Page]) -> None:
    page = sit_down("ann", f"{newsroom.view}")
    page.get_by_role("link", name="Decide about all of theirs…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"5 comments by Reader of {newsroom.key}")
    page.get_by_role("radio", name="Reject").check()
    page.get_by_label("Guideline they break").select_option("spam")
    page.get_by_role("button", name="See what would happen").click()
    decide(page, "Reject", 5)
    assert newsroom.statuses() == ["rejected"] * 5
    page.get_by_role("button", name="Undo all").click()
    expect(page.get_by_role("status")).to_contain_text("Taken back.", timeout=60_000)
    assert newsroom.statuses() == ["held"] * 5

    # A band shows examples and what would happen; nothing does.
    before = large.statuses()
    page.goto(f"{large.queue}/bulk")
    page.locator("select[name=score]").select_option("insult")
    page.get_by_label("From").fill("0.9")
    page.get_by_role("button", name="Show them").click()
    expect(page.get_by_role("heading", name="Examples, spread over all of them")).to_be_visible()
    waiting = large.count(*scored("insult", 0.9))
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"{waiting:,} ")
    page.get_by_role("radio", name="Approve").check()
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_role("heading", name=f"Approve {waiting:,} comments?")).to_be_visible()
    assert faults_of(page) == []
    assert large.statuses() == before


def decide(page: Page, verb: str, count: int) -> None:
    """Confirm what would happen, and wait until it has."""
    expect(page.get_by_role("heading", name=f"{verb} {count} comments?")).to_be_visible()
    page.get_by_role("button", name=f"{verb} all {count}").click()
    expect(page.get_by_role("status")).to_contain_text("Done.", timeout=60_000)


def scored(label: str, low: float) -> list[Any]:
    """Say by the tables alone which open cases' comments have this score."""
    score = func.json_extract(SignalRow.evidence, f"$.labels.{label}")
    return [Comment.id.in_(select(SignalRow.comment_id).where(SignalRow.check == "toxicity", score >= low))]
