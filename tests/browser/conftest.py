"""What do the browser tests share? An article or a site of their own on the live server, and ways to sign in."""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page
from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.enums import Guideline, Role, Status
from commentsvc.moderation.terms import Signal
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment, Decision, Person, Revision, Site
from tests import factories
from tests.server import Server

_serial = itertools.count(1)
MINUTE = 60_000_000
DAY_US = 24 * 60 * MINUTE


@dataclass
class Story:
    """One article of the demo newspaper, which nobody else writes on."""

    server: Server
    db: Database
    key: str

    @property
    def url(self) -> str:
        return f"{self.server.pages}/articles/{self.key}"

    def person(self, name: str = "") -> Person:
        """Make a reader of the site whose password is the factories'."""
        with self.db.writing() as session:
            made = factories.person(session, name or f"Reader {next(_serial)}x{self.key[-6:]}")
            factories.member(session, made, self._site(session))
        return made

    def comment(self, by: Person, body: str, *, parent: int | None = None, age: int = 60, **more: Any) -> int:
        """Publish a comment that is `age` minutes old."""
        return self.comments([(by, body, parent, age)], **more)[0]

    def comments(self, rows: list[tuple[Person, str, int | None, int]], **more: Any) -> list[int]:
        """Publish several in one transaction: (by, body, parent, age in minutes)."""
        made = []
        with self.db.writing() as session:
            article = self._article(session)
            for by, body, parent, age in rows:
                above = session.get_one(Comment, parent) if parent else None
                comment = factories.comment(
                    session, article, session.merge(by), body, parent=above, now=now_us() - age * MINUTE, **more
                )
                made.append(comment.id)
        return made

    def revise(self, comment_id: int, body: str) -> None:
        """Have its author edit a comment."""
        with self.db.writing() as session:
            comment = session.get_one(Comment, comment_id)
            comment.revision, comment.body, comment.edited_at = comment.revision + 1, body, now_us()
            session.add(Revision(comment_id=comment.id, number=comment.revision, body=body, created_at=now_us()))
            self._article(session).version += 1

    def change(self, **columns: object) -> None:
        """Set columns of the article."""
        with self.db.writing() as session:
            article = self._article(session)
            for name, value in columns.items():
                setattr(article, name, value)
            article.version += 1

    def bodies(self) -> list[str]:
        """Every text that was stored, whatever became of it."""
        with self.db.reading() as session:
            article = self._article(session)
            return list(
                session.scalars(select(Comment.body).where(Comment.article_id == article.id).order_by(Comment.id))
            )

    def find(self, body: str) -> Comment:
        with self.db.reading() as session:
            article = self._article(session)
            return session.scalars(select(Comment).where(Comment.article_id == article.id, Comment.body == body)).one()

    def reject(self, body: str, message: str) -> None:
        """Have the community manager reject a comment."""
        with self.db.writing() as session:
            cam = session.scalars(select(Person).where(Person.email == "cam@demo.example")).one()
            factories.reject(session, session.get_one(Comment, self.find(body).id), cam, message=message)

    def _site(self, session: Any) -> Site:
        return session.scalars(select(Site).where(Site.key == "demo")).one()

    def _article(self, session: Any) -> Article:
        site = self._site(session)
        return session.scalars(select(Article).where(Article.site_id == site.id, Article.key == self.key)).one()


@dataclass(frozen=True)
class Newsroom:
    """A site of the test's own, with one manager and five held comments, `Remark 0` the oldest.

    On a larger site they are one article's; `view` is what shows its cases alone.
    """

    key: str
    queue: str
    email: str
    db: Database
    comments: list[int]
    view: str = ""

    def statuses(self) -> list[str]:
        with self.db.reading() as session:
            found = session.scalars(select(Comment).where(Comment.id.in_(self.comments)).order_by(Comment.id))
            return [comment.status for comment in found]

    def last_decision(self) -> Decision:
        with self.db.reading() as session:
            return session.scalars(
                select(Decision).where(Decision.comment_id.in_(self.comments)).order_by(Decision.id.desc()).limit(1)
            ).one()


@pytest.fixture
def newsroom(live_server: Server) -> Iterator[Newsroom]:
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    key = f"desk{next(_serial)}"
    with db.writing() as session:
        _, made = furnish(session, factories.site(session, key, name="The Evening Desk"), key)
    yield Newsroom(key, f"{live_server.api}/console/{key}", f"{key}@desk.example", db, made)
    db.dispose()


def furnish(session: Session, site: Site, key: str) -> tuple[int, list[int]]:
    """Make the article, the manager and the comments of a newsroom."""
    toxic = Signal(
        "toxicity", Guideline.COURTESY, score=0.9, spans=((0, 6),), labels={"insult": 0.9}, engine="embedded"
    )
    author = factories.person(session, f"Reader of {key}")
    manager = factories.person(session, f"Keeper of {key}", email=f"{key}@desk.example")
    factories.member(session, author, site)
    factories.member(session, manager, site, Role.MANAGER)
    story = factories.article(session, site, f"story-of-{key}", lead="What the story says first.")
    parent = factories.comment(session, story, author, "A calm remark.")
    made = [
        factories.comment(
            session, story, author, f"Remark {number}: fool, see http://example.com", status=Status.HELD,
            parent=parent, signals=[toxic], now=now_us() - 60_000_000 + number,
        ).id
        for number in range(5)
    ]  # fmt: skip
    factories.comment(session, story, author, "Another answer to it.", parent=parent)
    return story.id, made


@pytest.fixture
def desk(browser: Browser, newsroom: Newsroom) -> Iterator[Callable[..., Page]]:
    """Opens the queue as its manager, in a browser with these options."""
    contexts: list[BrowserContext] = []

    def open_queue(**options: Any) -> Page:
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.goto(newsroom.queue + newsroom.view)
        page.get_by_label("E-mail").fill(newsroom.email)
        page.get_by_label("Password").fill(factories.PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{newsroom.queue}**")
        return page

    yield open_queue
    for context in contexts:
        context.close()


@pytest.fixture
def story(live_server: Server) -> Iterator[Story]:
    db = Database(live_server.env["COMMENTSVC_DATABASE_URL"])
    key = f"story-{next(_serial)}-{now_us() % 1_000_000}"
    with db.writing() as session:
        site = session.scalars(select(Site).where(Site.key == "demo")).one()
        factories.article(session, site, key, url=f"{live_server.pages}/articles/{key}", title="A story to talk about")
    yield Story(live_server, db, key)
    db.dispose()


@pytest.fixture
def reader(page: Page) -> Iterator[Page]:
    """A page that must not raise, nor meet the publisher's policy."""
    page.set_default_timeout(10_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: "Content Security Policy" in message.text and problems.append(message.text))
    page.on("console", lambda message: "TrustedHTML" in message.text and problems.append(message.text))
    yield page
    assert problems == []


def visit(page: Page, story: Story) -> Locator:
    """Open the article and wait until its thread is shown."""
    page.goto(story.url)
    widget = page.locator("article-comments")
    widget.get_by_label("Sort by").wait_for()
    return widget


def write(widget: Locator, text: str) -> None:
    """Write a comment and send it."""
    widget.get_by_role("button", name="Join the conversation").click()
    widget.get_by_role("textbox", name="Your comment").fill(text)
    widget.get_by_role("button", name="Post comment").click()


def sign_in(page: Page, who: Person) -> None:
    """Sign in by the window, as a reader does."""
    widget = page.locator("article-comments")
    with page.expect_popup() as opened:
        widget.get_by_role("button", name="Sign in", exact=True).click()
    fill_in(opened.value, who)
    widget.get_by_text(f"Signed in as {who.name}", exact=True).wait_for()


def fill_in(window: Page, who: Person) -> None:
    """Fill in the sign-in form of the service's own window."""
    window.get_by_label("E-mail").fill(who.email or "")
    window.get_by_label("Password").fill(factories.PASSWORD)
    window.get_by_role("button", name="Sign in").click()


def article_of(widget: Locator, text: str) -> Locator:
    """Return the comment with this text."""
    return widget.get_by_role("article").filter(has_text=re.compile(re.escape(text)))


def shown(page: Page) -> Any:
    """Return the text of the comment on the card."""
    return page.locator("#card .body")


def faults_of(page: Page) -> list[str]:
    """Return what axe finds wrong with a page."""
    found = Axe().run(page).response["violations"]
    return [f"{fault['id']}: {node['html']}" for fault in found for node in fault["nodes"]]
