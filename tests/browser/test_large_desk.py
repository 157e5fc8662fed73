"""Does the desk still find, share, show, decide and count rightly with 100,000 comments and 5,000 open cases?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import func, select

from benchmarks.desk import open_more
from commentsvc.enums import Guideline, Role, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database
from commentsvc.store.models import OPEN, Article, Case, Comment
from tests import factories
from tests.browser.conftest import faults_of, shown
from tests.server import Server

pytestmark = pytest.mark.browser

KEY = "large"
COMMENTS, CASES, WAVE, ADVERTS = 100_000, 5_000, 200, 60
PLEA = "We demand that the council builds the tram line to the harbour this year, says number"
ADVERT = "Umbrellas from my very own shop, offer"


@dataclass(frozen=True)
class LargeDesk:
    """A site with the size of a large newspaper's, and its database."""

    server: Server
    db: Database

    @property
    def queue(self) -> str:
        return f"{self.server.api}/console/{KEY}"

    def count(self, *conditions: Any) -> int:
        """Count open cases by the tables alone, without any of the desk's own queries."""
        with self.db.reading() as session:
            cases = select(func.count()).select_from(Case).join(Comment, Comment.id == Case.comment_id)
            joined = cases.join(Article, Article.id == Case.article_id)
            return session.scalar(joined.where(Case.site_id == self.site_id, Case.state == OPEN, *conditions)) or 0

    def statuses(self, *conditions: Any) -> dict[str, int]:
        with self.db.reading() as session:
            counted = select(Comment.status, func.count()).where(Comment.site_id == self.site_id, *conditions)
            return {row[0]: row[1] for row in session.execute(counted.group_by(Comment.status))}

    @property
    def site_id(self) -> int:
        with self.db.reading() as session:
            return session.scalars(select(Article.site_id).where(Article.key == "wave")).one()


@pytest.fixture(scope="module")
def large(live_server: Server) -> Iterator[LargeDesk]:
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    with db.writing() as session:
        site = factories.site(session, KEY, name="The Large Desk")
        for name, role in (("Ann", Role.MANAGER), ("Bea", Role.MANAGER), ("Eva", Role.ADMIN)):
            who = factories.person(session, f"{name} of {KEY}", email=f"{name.lower()}@{KEY}.example")
            factories.member(session, who, site, role)
    seeding = live_server.command(
        "seed", "--site", KEY, "--articles", "400", "--comments", str(COMMENTS - WAVE - ADVERTS)
    )
    assert seeding.wait() == 0, live_server.log.read_text()[-2000:]
    toxic = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"insult": 0.9}, engine="embedded")
    with db.writing() as session:
        site = session.merge(site)
        story = factories.article(session, site, "wave", title="A tram to the harbour")
        people = [factories.person(session) for _ in range(5)]
        for number in range(WAVE):
            factories.comment(
                session, story, people[number % 5], f"{PLEA} {number}.", status=Status.HELD, signals=[toxic]
            )
        adam = factories.person(session, f"Adam of {KEY}")
        factories.member(session, adam, site)
        for number in range(ADVERTS):
            factories.comment(session, story, adam, f"{ADVERT} {number} of this very week.")
    open_more(db, site.id, CASES)
    yield LargeDesk(live_server, db)
    db.dispose()


@pytest.fixture
def sit_down(browser: Browser, large: LargeDesk) -> Iterator[Callable[..., Page]]:
    """Opens a page of the desk as one of its people, in a browser of their own."""
    contexts: list[BrowserContext] = []

    def open_page(name: str, path: str = "", **options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.goto(large.queue + path)
        page.get_by_label("E-mail").fill(f"{name}@{KEY}.example")
        page.get_by_label("Password").fill(factories.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{large.queue}{path}**")
        return page

    yield open_page
    for context in contexts:
        context.close()


def test_filters_and_search_find_what_the_tables_hold(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    page = sit_down("ann")
    is_about_wave = Comment.body.startswith(PLEA)

    assert large.count() >= CASES
    assert sum(large.statuses().values()) >= COMMENTS
    expect(page.locator("[data-backlog]")).to_contain_text(f"{large.count():,} open")
    page.locator("summary", has_text="Filter").click()
    page.get_by_label("Search").fill("tram harbour council demand")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(shown(page)).to_contain_text(PLEA)
    page.get_by_text("Save as a view").click()
    page.get_by_label("Name").fill("The tram")
    page.get_by_role("button", name="Save", exact=True).click()
    chip = page.get_by_role("navigation", name="Views").get_by_role("link", name="The tram")
    expect(chip).to_contain_text(str(large.count(is_about_wave)))
    assert faults_of(page) == []


def test_two_managers_share_it_and_the_next_cards_are_there(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    ann, bea = sit_down("ann"), sit_down("bea")
    first = ann.locator("#card [data-case]").first.get_attribute("data-case")
    assert first
    assert bea.locator("#card [data-case]").first.get_attribute("data-case") != first
    expect(bea.get_by_text(f"Ann of {KEY} is here")).to_be_visible()

    bea.wait_for_load_state("networkidle")
    bea.route("**/console/**", lambda route: route.abort())
    seen = [bea.locator("#card [data-case]").first.get_attribute("data-case")]
    for _ in range(5):
        bea.keyboard.press("j")
        expect(bea.locator(f"#card [data-case='{seen[-1]}']")).to_have_count(0)
        expect(shown(bea)).not_to_be_empty()
        seen.append(bea.locator("#card [data-case]").first.get_attribute("data-case"))
    assert len(set(seen)) == 6


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


def test_keys_decide_and_take_back(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    page = sit_down("ann")
    waiting = large.count()
    shown_case = page.locator("#card [data-case]").first
    number = int(shown_case.get_attribute("data-case") or 0)

    page.keyboard.press("r")
    page.keyboard.press("3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("(Spam)")
    expect(page.locator("#open-count")).to_have_text(str(waiting - 1))
    assert large.count() == waiting - 1
    assert large.statuses(Comment.id.in_(select(Case.comment_id).where(Case.id == number))) == {"rejected": 1}
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("Taken back")
    assert large.count() == waiting


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
    page.get_by_label("because it breaks").select_option("Spam")
    page.get_by_role("button", name="Sanction them").click()
    expect(page.get_by_text(f"{ADVERTS} comments rejected")).to_be_visible(timeout=30_000)
    assert large.statuses(Comment.body.startswith(ADVERT)) == {"rejected": ADVERTS}
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.get_by_text(f"{ADVERTS} comments are as before")).to_be_visible(timeout=30_000)
    assert large.statuses(Comment.body.startswith(ADVERT)) == {"published": ADVERTS}


def test_the_dashboard_counts_what_the_tables_hold(large: LargeDesk, sit_down: Callable[..., Page]) -> None:
    page = sit_down("eva", "/insights")

    expect(page.locator("[data-backlog]")).to_contain_text(f"{large.count():,} open")
    assert faults_of(page) == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1440, "dark"), (390, "light"), (390, "dark")])
def test_the_alerts_page_is_faultless(large: LargeDesk, sit_down: Callable[..., Page], width: int, scheme: str) -> None:
    page = sit_down("eva", "/insights/alerts", viewport={"width": width, "height": 900}, color_scheme=scheme)

    expect(page.get_by_role("heading", name="Alerts", level=1)).to_be_visible()
    assert faults_of(page) == []
