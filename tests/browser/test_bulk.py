"""Can a manager decide about many at once in a real browser, see it go on, and take all of it back?"""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from sqlalchemy import select

from commentsvc.enums import Guideline, Role, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Site
from tests import factories
from tests.server import Server

pytestmark = pytest.mark.browser

COUNT = 130


@pytest.fixture
def campaign(live_server: Server) -> str:
    """A site with a wave of held comments, more than are decided within a request, and its manager's address."""
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    key = f"wave{now_us()}"
    signal = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"insult": 0.8}, engine="embedded")
    with db.writing() as session:
        site = factories.site(session, key, name="The Evening Desk")
        manager = factories.person(session, f"Keeper of {key}", email=f"{key}@desk.example")
        factories.member(session, manager, site, Role.MANAGER)
        stories = [factories.article(session, site) for _ in range(3)]
        people = [factories.person(session) for _ in range(5)]
        for n in range(COUNT):
            factories.comment(
                session, stories[n % 3], people[n % 5], status=Status.HELD, signals=[signal],
                body=f"We demand that the council builds the tram line to the harbour this year, says number {n}.",
            )  # fmt: skip
    db.dispose()
    return key


def statuses(live_server: Server, key: str) -> dict[str, int]:
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    with db.reading() as session:
        of_site = select(Comment.status).join(Site, Site.id == Comment.site_id).where(Site.key == key)
        found = list(session.scalars(of_site))
    db.dispose()
    return {status: found.count(status) for status in set(found)}


def axe(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_a_wave_is_shown_rejected_by_a_job_and_taken_back(page: Page, live_server: Server, campaign: str) -> None:
    problems: list[str] = []
    page.on("console", lambda message: message.type == "error" and problems.append(message.text))
    page.goto(f"{live_server.api}/console/{campaign}/bulk")
    page.get_by_label("E-mail").fill(f"{campaign}@desk.example")
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    axe(page)

    page.get_by_role("link", name="waves of near-duplicates").click()
    expect(page.get_by_text(f"{COUNT} comments from 5 people")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Decide about all of them").click()
    expect(page.get_by_role("heading", name=f"{COUNT} comments that say nearly the same")).to_be_visible()
    axe(page)
    page.get_by_role("radio", name="Reject").check()
    page.get_by_label("Guideline they break").select_option("spam")
    page.get_by_role("button", name="See what would happen").click()
    expect(page.get_by_role("heading", name=f"Reject {COUNT} comments?")).to_be_visible()
    axe(page)
    assert statuses(live_server, campaign) == {"held": COUNT}

    page.get_by_role("button", name=f"Reject all {COUNT}").click()
    expect(page.get_by_role("status")).to_contain_text(f"Done. {COUNT} comments rejected.", timeout=60_000)
    axe(page)
    assert statuses(live_server, campaign) == {"rejected": COUNT}

    page.get_by_role("button", name="Undo all").click()
    expect(page.get_by_role("status")).to_contain_text(f"Taken back. {COUNT} comments taken back", timeout=60_000)
    assert statuses(live_server, campaign) == {"held": COUNT}
    page.get_by_role("link", name="Many at once").last.click()
    expect(page.get_by_role("link", name=f"Reject {COUNT} comments")).to_be_visible()
    axe(page)
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    assert problems == []
