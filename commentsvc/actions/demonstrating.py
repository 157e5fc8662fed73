"""What changes when somebody only wants to look? A made-up newsroom, The Harbour Gazette, with people and threads."""

import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions import (
    accounts,
    cases,
    decisions,
    newsrooms,
    passwords,
    posting,
    reporting,
    seeding,
    seeding_words,
)
from commentsvc.actions.accounts import NewAccount
from commentsvc.actions.posting import ArticleRef, Prepared
from commentsvc.actions.ranking import rank
from commentsvc.enums import Action, Guideline, Outcome, Reason, ReportReason, Role, Status
from commentsvc.errors import Conflict
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.policy import policy_from_json
from commentsvc.moderation.terms import Breach, Draft, Judgement, Policy, Verdict
from commentsvc.queries.sites import find_site
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Comment, Person, Site, Vote

PASSWORD = "commentsvc-demo"  # noqa: S105 - printed for everyone
POLICY: dict[str, Any] = {
    "off_topic": "hold",
    # Stricter than the default, because every article here has its full text: of the demo's own comments it holds the
    # two that are meant to be off topic.
    "relevance": 0.25,
    "breaker": {"share": 0.4, "window": 60, "minimum": 8, "action": "stricter", "cool_down": 30},
    "suspect_words": ["idiot", "idiots", "moron", "morons", "clown", "clowns", "scum", "stupid cow", "brain-dead"],
}
_HOUR_US = 3600 * 1_000_000
_MINUTE_US = 60 * 1_000_000
_READERS = 140
_CAST = {
    "ada": ("Ada Holm", Role.READER),
    "bo": ("Bo Lindgren", Role.READER),
    "cam": ("Cam Reyes", Role.MANAGER),
    "eve": ("Eve Okoro", Role.ADMIN),
}
_LINE = re.compile(r"(?P<indent> *)(?P<who>\w+)(?: \((?P<tags>[^)]*)\))?: (?P<body>.+)")


@dataclass(frozen=True, slots=True)
class _Line:
    """One comment of an outline: its number, its parent's, and what becomes of it."""

    parent: int | None
    who: str
    tags: tuple[str, ...]
    body: str

    def tagged(self, name: str) -> list[str] | None:
        """Return what stands behind a tag's colons, or None when the tag isn't there."""
        found = (tag.split(":")[1:] for tag in self.tags if tag.split(":")[0] == name)
        return next(found, None)


def prepare(db: Database, load_judge: Callable[[], Judge], *, pages: str, api: str, now: int) -> None:
    """Fill an empty database with the demo; one that has it keeps its data and learns the addresses in use.

    The judge is loaded only where there is something to judge: a second start is to be quick. Raises Conflict for a
    database that serves somebody else.
    """
    content = tomllib.loads((Path(__file__).parent / "demo.toml").read_text(encoding="utf-8"))
    with db.writing() as session:
        site = find_site(session, "demo")
        if site is None and session.scalar(select(Site.id).limit(1)) is not None:
            raise Conflict("This database is in use; give the demo its own with COMMENTSVC_DATA_DIR.")
        if site is None:
            judge = load_judge()
            _Newsroom(session, judge, content, pages, now).open()
            judge.close()
            site = find_site(session, "demo")
        assert site is not None
        for origin in (pages, api):
            newsrooms.add_origin(session, site, origin)
        for article in session.scalars(select(Article).where(Article.site_id == site.id)):
            article.url = f"{pages}/articles/{article.key}"


class _Newsroom:
    """Writes the demo through the actions that people use, at times in the past."""

    def __init__(self, session: Session, judge: Judge, content: dict[str, Any], pages: str, now: int) -> None:
        self.session, self.judge, self.content, self.pages, self.now = session, judge, content, pages, now
        self.rng = Random(7)  # noqa: S311 - for variety, not for secrets
        self.hash = passwords.hash_password(PASSWORD)
        self.people: dict[str, Person] = {}

    def open(self) -> None:
        """Make the site with everyone and everything, and the other site that must never show through."""
        began = self.now - 60 * 24 * _HOUR_US
        origins = [self.pages]
        self.site = newsrooms.add_site(self.session, "demo", name="The Harbour Gazette", origins=origins, now=began)
        self.site.policy, self.site.password_grant = POLICY, True
        self.policy = policy_from_json(POLICY)
        for key, (name, role) in _CAST.items():
            self._person(key, name, f"{key}@demo.example", role, self.hash, at=began)
        for key, name in self.content["people"].items():
            self._person(key, name, f"{key}@readers.example", Role.READER, None, at=began)
        self.readers = seeding.make_people(self.session, self.site, _READERS, self.rng, now=began)
        for told in self.content["articles"]:
            self._article(told)
        self._other_site(began)

    def _person(self, key: str, name: str, email: str, role: Role, password: str | None, *, at: int) -> None:
        person = accounts.open_account(self.session, NewAccount(name, email, password), now=at)
        person.email_verified_at = at
        accounts.join(self.session, person, self.site, now=at)
        accounts.set_role(self.session, person, self.site, role)
        self.people[key] = person

    def _article(self, told: dict[str, Any]) -> None:
        at = self.now - told["hours_ago"] * _HOUR_US
        article = Article(
            site_id=self.site.id, key=told["key"], url=f"{self.pages}/articles/{told['key']}", title=told["title"],
            lead=told["lead"], body=told["body"].strip(), section=told["section"], author=told["author"],
            published_at=at, created_at=at,
        )  # fmt: skip
        self.session.add(article)
        self.session.flush()
        if crowd := told.get("crowd"):
            self._crowd(article, crowd, since=at)
        lines = list(_outline(told["thread"]))
        comments: list[Comment] = []
        for line in lines:
            parent = comments[line.parent] if line.parent is not None else None
            comments.append(self._post(article, line, parent, at=self._time(at, parent)))
        for line, comment in zip(lines, comments, strict=True):
            self._fate(line, comment)
        self.session.flush()

    def _time(self, article_at: int, parent: Comment | None) -> int:
        after = parent.created_at if parent else article_at
        room = self.now - 10 * _MINUTE_US - after
        return after + int(room * (0.02 + 0.2 * self.rng.random() if parent else 0.03 + 0.6 * self.rng.random() ** 2))

    def _crowd(self, article: Article, size: int, *, since: int) -> None:
        plan = seeding.plan_threads(
            self.session, self.site, [(article.id, size)], people=self.readers, seed=7, since=since, now=self.now
        )
        for block in plan.blocks():
            seeding.plant(self.session, plan, block)
        self.session.refresh(article)

    def _post(self, article: Article, line: _Line, parent: Comment | None, *, at: int) -> Comment:
        prepared = Prepared(
            site_key=self.site.key,
            article=ArticleRef(article.key, article.url, article.title),
            parent_id=parent.id if parent else None,
            body=line.body,
            draft=Draft(
                line.body, article_title=article.title, article_text=f"{article.lead}\n\n{article.body}",
                parent=parent.body if parent else None,
            ),
            policy=self.policy,
        )  # fmt: skip
        judgement = self._judge(line, prepared.draft, self.policy)
        comment = posting.post(self.session, prepared, judgement, by=self.people[line.who], with_gap=False, now=at)
        self._vote(line, comment)
        return comment

    def _judge(self, line: _Line, draft: Draft, policy: Policy) -> Judgement:
        """Have real signals where somebody will look at them; the outline has the last word on the outcome."""
        held = line.tagged("held")
        if held is None and line.tagged("reported") is None and line.tagged("rejected") is None:
            return Judgement((), Verdict(Outcome.PUBLISH))
        judged = self.judge.judge(draft, policy)
        likelihood = max(0.4, judged.verdict.likelihood)
        if held is None:
            return Judgement(judged.signals, Verdict(Outcome.PUBLISH, likelihood=likelihood))
        guideline = Guideline(held[0])
        written = Breach(guideline, "words", "The team looks at this first.")
        breaches = tuple(b for b in judged.verdict.breaches if b.guideline == guideline) or (written,)
        return Judgement(judged.signals, Verdict(Outcome.HOLD, breaches, Reason.HELD, (), likelihood))

    def _vote(self, line: _Line, comment: Comment) -> None:
        up, down = (sum(int(tag[1:]) for tag in line.tags if tag[0] == sign) for sign in "+-")
        voters = self.rng.sample(self.readers, up + down)
        for number, person_id in enumerate(voters):
            value = 1 if number < up else -1
            self.session.add(
                Vote(comment_id=comment.id, person_id=person_id, value=value, created_at=comment.created_at)
            )
        comment.up, comment.down = up, down
        rank(comment)

    def _fate(self, line: _Line, comment: Comment) -> None:
        author, manager = self.people[line.who], self.people["cam"]
        later = min(comment.created_at + 20 * _MINUTE_US, self.now)
        if reported := line.tagged("reported") or line.tagged("rejected"):
            reporters = [self.people[who] for who in ("bo", "ada", "mara") if who != line.who]
            for reporter in reporters[: int(reported[1]) if len(reported) > 1 else 1]:
                reporting.report(
                    self.session, comment_id=comment.id, revision=1, reason=ReportReason(reported[0]), detail="",
                    by=reporter, now=later,
                )  # fmt: skip
        if rejected := line.tagged("rejected"):
            guideline = Guideline(rejected[0])
            self._decide(
                comment, Status.REJECTED, Action.REJECT, by=manager, guideline=guideline,
                message=seeding_words.REJECTIONS[guideline], now=later,
            )  # fmt: skip
        if line.tagged("withdrawn") is not None:
            posting.withdraw(self.session, comment_id=comment.id, by=author, now=later)
        for name, action in (("pinned", Action.PIN), ("featured", Action.FEATURE)):
            if line.tagged(name) is not None:
                self._decide(comment, Status.PUBLISHED, action, by=manager, now=later)

    def _decide(self, comment: Comment, status: Status, action: Action, **how: Any) -> None:
        case = cases.find_latest_case(self.session, comment.id)
        seen = case.version if case else None
        decisions.decide(self.session, comment, status, action=action, revision=1, seen=seen, **how)

    def _other_site(self, began: int) -> None:
        self.site = newsrooms.add_site(
            self.session, "other", name="The Lissing Courier", origins=[self.pages], now=began
        )
        self._person("dee", "Dee Marsh", "dee@demo.example", Role.MANAGER, self.hash, at=began)
        article = Article(
            site_id=self.site.id, key="weather", url=f"{self.pages}/other/weather", title="Fog until Friday",
            created_at=began,
        )  # fmt: skip
        self.session.add(article)
        self.session.flush()
        for body, tags in (
            ("We have had fog in Lissing since 1848.", ()),
            ("What clowns write this?", ("held:courtesy",)),
        ):
            self._post(article, _Line(None, "bo", tags, body), None, at=began + _HOUR_US)


def _outline(text: str) -> Iterator[_Line]:
    above: list[int] = []
    for number, line in enumerate(line for line in text.splitlines() if line.strip()):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"This isn't a line of an outline: {line}")
        depth = len(match["indent"]) // 2
        above[depth:] = [number]
        parent = above[depth - 1] if depth else None
        yield _Line(parent, match["who"], tuple((match["tags"] or "").split()), match["body"])
