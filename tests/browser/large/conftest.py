"""What do the tests of a large desk share? The demo newspaper with 100,000 comments and 5,000 open cases."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import func, select, update

from benchmarks.desk import open_more
from commentsvc.actions import rescoring, seeding
from commentsvc.enums import Guideline, RescoringState, Role, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import OPEN, Article, Case, Comment, Rescoring, Site
from tests import factories
from tests.browser.conftest import DAY_US, MINUTE, Newsroom, furnish
from tests.once import made_once
from tests.server import Server, running_server

KEY = "demo"
COMMENTS, CASES, WAVE, ADVERTS = 100_000, 5_000, 200, 60
PLEA = "We demand that the council builds the tram line to the harbour this year, says number"
ADVERT = "Umbrellas from my very own shop, offer"
SECTION = "Harbour quarter"
_serial = count(1)


@dataclass(frozen=True)
class LargeDesk:
    """A site with the size of a large newspaper's, and its database."""

    server: Server
    db: Database
    site_id: int

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


@pytest.fixture(scope="session")
def live_server(
    tmp_path_factory: pytest.TempPathFactory, worker_id: str, demo_file: Callable[[Path], str], shared_judge: Any
) -> Iterator[Server]:
    """A server of their own: the one that others share is small, and has its limits off, and slow mode with them."""
    folder = tmp_path_factory.mktemp("large")
    made_once(tmp_path_factory, worker_id, "large-desk", lambda fresh: fill(demo_file(fresh), shared_judge), folder)
    with running_server(f"sqlite:///{folder / 'commentsvc.db'}", folder, with_demo=True, rate_limits="on") as server:
        yield server


@pytest.fixture(scope="session")
def large(live_server: Server) -> Iterator[LargeDesk]:
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    with db.reading() as session:
        site_id = session.scalars(select(Site.id).where(Site.key == KEY)).one()
    yield LargeDesk(live_server, db, site_id)
    db.dispose()


def fill(url: str, judge: Any) -> None:
    """Make the demo newspaper a large one, with a wave of the same demand and somebody who advertises."""
    db = Database(url)
    with db.writing() as session:
        # The server would score all of it again: whatever was there before its first start.
        rescoring.begin(session, engine=judge.toxicity.name, version=judge.toxicity.version, now=now_us())
        session.execute(update(Rescoring).values(state=RescoringState.DONE, total=0, finished_at=now_us()))
        site = session.scalars(select(Site).where(Site.key == KEY)).one()
        for name, role in (("Ann", Role.MANAGER), ("Bea", Role.MANAGER), ("Eva", Role.ADMIN)):
            who = factories.person(session, f"{name} of large", email=f"{name.lower()}@large.example")
            factories.member(session, who, site, role)
        plan = seeding.plan(session, site, articles=400, comments=COMMENTS - WAVE - ADVERTS, seed=1, now=now_us())
    sum(seeding.plant_all(db, plan))
    toxic = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"insult": 0.9}, engine="embedded")
    with db.writing() as session:
        site = session.merge(site)
        tram = factories.article(session, site, "wave", title="A tram to the harbour", section=SECTION)
        people = [factories.person(session, f"Demander {number} of large") for number in range(5)]
        for number in range(WAVE):
            factories.comment(
                session, tram, people[number % 5], f"{PLEA} {number}.", status=Status.HELD, signals=[toxic],
                now=now_us() - DAY_US - 60 * MINUTE,
            )  # fmt: skip
        adam = factories.person(session, "Adam of large")
        factories.member(session, adam, site)
        for number in range(ADVERTS):
            factories.comment(session, tram, adam, f"{ADVERT} {number} of this very week.")
    open_more(db, site.id, CASES)
    db.settle()
    db.dispose()


@pytest.fixture(autouse=True)
def at_size(large: LargeDesk) -> None:
    """Whatever is tested here has all of that around it."""


@pytest.fixture(scope="session")
def signed_in() -> dict[str, Any]:
    """The cookies of who has signed in before: by name."""
    return {}


@pytest.fixture
def sit_down(browser: Browser, large: LargeDesk, signed_in: dict[str, Any]) -> Iterator[Callable[..., Page]]:
    """Opens a page of the desk as one of its people, in a browser of their own."""
    contexts: list[BrowserContext] = []

    def open_page(name: str, path: str = "", **options: Any) -> Page:
        contexts.append(browser.new_context(storage_state=signed_in.get(name), **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(20_000)
        page.goto(large.queue + path)
        if name not in signed_in:
            page.get_by_label("E-mail").fill(f"{name}@large.example")
            page.get_by_label("Password").fill(factories.PASSWORD)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(f"{large.queue}{path}**")
            signed_in[name] = contexts[-1].storage_state()
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def newsroom(large: LargeDesk) -> Newsroom:
    """One article of the large desk with five held comments, and a manager who looks at that article's cases."""
    key = f"nook{next(_serial)}"
    with large.db.writing() as session:
        article_id, made = furnish(session, session.get_one(Site, large.site_id), key)
    return Newsroom(key, large.queue, f"{key}@desk.example", large.db, made, view=f"?article={article_id}")
