"""Are the dashboard's figures those of 100,000 comments, and does the page of trust show what the rules got wrong?"""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from commentsvc.actions import decisions
from commentsvc.enums import Action, Reason, Status
from commentsvc.store.db import now_us
from commentsvc.store.models import Case, Comment, Decision, Person
from tests.browser.conftest import Newsroom, Story, article_of, faults_of, shown, sign_in, visit, write
from tests.browser.large.conftest import LargeDesk

pytestmark = pytest.mark.browser

SECOND = 1_000_000
DRAWN = "The harbour office has answered nobody since spring."


def sizes_of_charts(page: Page) -> list[int]:
    """Bring every chart into view and return the pictures' own widths: 0 for one that didn't load."""
    pictures = page.locator("picture img")
    widths = []
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        picture.evaluate("img => img.complete || new Promise(done => { img.onload = img.onerror = done; })")
        widths.append(picture.evaluate("img => img.naturalWidth"))
    return widths


def test_figures_are_those_of_the_tables_and_ones_speed_is_ones_own(
    large: LargeDesk, newsroom: Newsroom, sit_down: Callable[..., Page]
) -> None:
    with large.db.writing() as session:
        bea = session.scalars(select(Person).where(Person.name == "Bea of large")).one()
        for number, comment_id in enumerate(newsroom.comments[:4]):
            comment = session.get_one(Comment, comment_id)
            decisions.decide(
                session, comment, Status.PUBLISHED, action=Action.APPROVE, by=bea, revision=1, seen=1,
                now=now_us() - (40 - 7 * number) * SECOND,
            )  # fmt: skip
    page = sit_down("bea", "/insights", viewport={"width": 1440, "height": 900})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.reload()

    expect(page.locator("[data-backlog]")).to_contain_text(f"{large.count():,} open")
    waiting = page.get_by_role("region", name="Waiting now")
    for reason, words in {Reason.HELD: "Held", Reason.REPORTED: "Reported", Reason.SAMPLE: "Sample"}.items():
        row = waiting.get_by_role("row", name=words)
        expect(row.get_by_role("cell").first).to_have_text(
            f"{large.count(Case.reasons.bitwise_and(int(reason)) != 0):,}"
        )
    assert sizes_of_charts(page) == [760] * 9
    own = page.get_by_role("region", name="Your own pace").first
    expect(own).to_contain_text("only you see this")
    own.get_by_text("Figures").click()
    expect(own.get_by_role("cell", name="7 s").first).to_be_visible()
    page.get_by_role("link", name="7 days").click()
    expect(page.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "true")
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV of Time to decision").click()
    rows = list(csv.reader(Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()))
    assert sum(int(row[1] or 0) for row in rows[1:]) == decided_in_days(large, rows[1][0])
    assert faults_of(page) == []
    assert complaints == []

    colleague = sit_down("eva", "/insights", viewport={"width": 390, "height": 800}, color_scheme="dark")
    assert sizes_of_charts(colleague) == [380] * 9
    theirs = colleague.get_by_role("region", name="Your own pace").first
    theirs.get_by_text("Figures").click()
    expect(theirs.get_by_role("cell", name="7 s")).to_have_count(0)
    assert faults_of(colleague) == []


def decided_in_days(large: LargeDesk, first: str) -> int:
    """Count, by the tables alone, the decisions since this day began by which a person closed a case."""
    closing = select(func.count()).where(Decision.site_id == large.site_id, Decision.closed_case_id.is_not(None))
    with large.db.reading() as session:
        since = int(session.scalar(select(func.unixepoch(first))) or 0) * SECOND
        return session.scalar(closing.where(Decision.created_at >= since, Decision.by_person_id.is_not(None))) or 0


def test_a_blind_sample_and_a_check_on_trial_come_to_the_page_of_trust(
    reader: Page, story: Story, large: LargeDesk, sit_down: Callable[..., Page]
) -> None:
    admin = sit_down("eva", "/policy")
    admin.get_by_label("Judged blind").fill("100")
    admin.get_by_label("Uncivil in general: on trial from").fill("0")
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.get_by_role("status")).to_have_text("The policy is saved.")

    widget = visit(reader, story)
    sign_in(reader, story.person())
    write(widget, DRAWN)
    expect(article_of(widget, DRAWN)).to_be_focused()
    drawn = story.find(DRAWN)
    assert (drawn.status, large.count(Case.comment_id == drawn.id, Case.blind)) == ("published", 1)

    manager = sit_down("ann", f"?article={drawn.article_id}")
    expect(shown(manager)).to_have_text(DRAWN)
    expect(manager.locator("#card .tag-held").first).to_be_visible()
    expect(manager.locator("#card")).to_contain_text("You see this after you have decided: judge what is written.")
    expect(manager.locator("#card .signals")).to_have_count(0)
    manager.locator("#reject > summary").click()
    manager.locator("#reject .reject-now").click()
    expect(manager.get_by_role("status")).to_contain_text("Rejected")

    admin.goto(f"{large.queue}/insights/trust")
    expect(admin.get_by_text("1 of 1 drawn comments were rejected")).to_be_visible()
    shadow = admin.get_by_role("region", name="Shadow mode", exact=True)
    expect(shadow).to_contain_text("toxicity from 0")
    shadow.locator("summary").click()
    expect(shadow).to_contain_text(DRAWN)
    expect(shadow).to_contain_text("Was published, would have been held")
    ledger = admin.get_by_role("region", name="The error ledger", exact=True)
    ledger.locator("summary", has_text="False passes").click()
    expect(ledger).to_contain_text(DRAWN)
    assert faults_of(admin) == []
    admin.goto(f"{large.queue}/policy/changes")
    admin.get_by_role("button", name="Restore what was before").first.click()
    expect(admin.get_by_role("status")).to_be_visible()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_the_alerts_page_is_faultless(large: LargeDesk, sit_down: Callable[..., Page], width: int, scheme: str) -> None:
    page = sit_down("eva", "/insights/alerts", viewport={"width": width, "height": 900}, color_scheme=scheme)

    expect(page.get_by_role("heading", name="Alerts", level=1)).to_be_visible()
    assert faults_of(page) == []
