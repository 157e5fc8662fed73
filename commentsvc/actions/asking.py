"""What changes when a slow check answers: the publisher's own judge, or Akismet?

They are asked by the worker with no transaction open. What was published first may be held by their answer, what waits
for it is published or stays held; what a person has decided stays as it is.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from commentsvc.actions import cases, decisions, judging
from commentsvc.actions.drafts import policy_of
from commentsvc.actions.judging import ASK
from commentsvc.enums import Action, Guideline, Outcome, SignalState, Status
from commentsvc.errors import Unanswered
from commentsvc.infra import akismet, external, http, jobs
from commentsvc.moderation.policy import decide, slow_checks
from commentsvc.moderation.terms import Draft, Policy, Signal, Verdict
from commentsvc.queries import signals as stored
from commentsvc.queries.history import has_decision_by_person
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Comment, Origin, Site, SiteSecret

PATIENCE_US = 120 * jobs.SECOND
"""How long a check may be silent before that counts as its failure."""
GIVE_UP_US = 24 * 3600 * jobs.SECOND
"""How long a check is asked for a comment that waits for it."""
_AT_ONCE = 8
_NOBODY = "127.0.0.1"
"""What Akismet gets for an address: it wants one, and readers' own aren't kept."""
_GUIDELINE = {"external": None, "akismet": Guideline.SPAM}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """One comment that one check is to be asked about, since when."""

    comment_id: int
    revision: int
    check: str
    since: int


@dataclass(frozen=True, slots=True)
class Servers:
    """Where Akismet is, and which hosts may be in the own network."""

    akismet_url: str
    private_hosts: Collection[str] = ()


_Ask = Callable[[], Signal]


def enqueue(session: Session, comment: Comment, *, now: int) -> None:
    """Have the slow checks that the site wants asked about a comment's newest revision."""
    for check in slow_checks(policy_of(session.get_one(Site, comment.site_id))):
        jobs.enqueue(
            session, ASK, {"comment": comment.id, "revision": comment.revision, "check": check},
            key=judging.ask_key(check, comment), now=now,
        )  # fmt: skip


def ask_many(db: Database, wanted: Sequence[Wanted], *, servers: Servers, now: int) -> list[bool]:
    """Ask for several comments at once; False for those that are to be asked again later.

    When a server is silent once, the rest of the batch doesn't wait for it.
    """
    with db.reading() as session:
        calls = [_call(session, one, servers, now=now) for one in wanted]
    silent: set[tuple[str, str]] = set()
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="ask") as pool:
        answers = list(pool.map(lambda call: _try(call, silent), calls))
    done = []
    for one, call, answer in zip(wanted, calls, answers, strict=True):
        if call is None:
            done.append(True)
            continue
        signal = answer
        if signal is None and now - one.since >= PATIENCE_US:
            signal = Signal(one.check, _GUIDELINE[one.check], SignalState.FAILED, engine=one.check)
        if signal is not None:
            with db.writing() as session:
                take(session, one, signal, now=now)
        done.append(answer is not None or now - one.since >= GIVE_UP_US)
    return done


def try_out(session: Session, site: Site, policy: Policy, draft: Draft, *, servers: Servers, now: int) -> list[_Ask]:
    """Return the calls that ask a policy's slow checks about a text that nobody posted; to be made afterwards."""
    made = []
    for check in slow_checks(policy):
        secrets = _secrets(session, site)
        if check == "external" and "external" in secrets:
            question = _question(site, None, draft.body, None, author="")
            made.append(_external(policy, question, secrets["external"], servers, now=now))
        elif check == "akismet" and "akismet" in secrets:
            fields = _comment(session, site, "", draft.body, author="", role="")
            made.append(_akismet({**fields, "is_test": "1"}, secrets["akismet"], servers))
    return made


def take(session: Session, one: Wanted, signal: Signal, *, now: int) -> None:
    """Keep what a check answered (or that it failed) and let it take effect, if the comment is still what was asked."""
    comment = session.get(Comment, one.comment_id)
    if comment is None:
        return
    decisions.lock_thread(session, comment)
    rows = stored.latest_of(session, comment)
    before = next((row.state for row in rows if row.check == signal.check), None)
    if comment.revision != one.revision or before == signal.state == SignalState.FAILED:
        return
    judging.record_signals(session, comment, [signal], now=now)
    observed = [judging.signal_of(row) for row in rows if row.check != signal.check]
    draft, policy = judging.draft_again(session, comment, now=now)
    verdict = decide([*observed, signal], policy, draft)
    if not has_decision_by_person(session, comment.id):
        _settle(session, comment, signal, verdict, now=now)
    case = cases.find_open_case(session, comment.id)
    if case is not None:
        cases.reweigh(session, case, comment, likelihood=verdict.likelihood)


def _settle(session: Session, comment: Comment, signal: Signal, verdict: Verdict, *, now: int) -> None:
    led = next((breach for breach in verdict.breaches if breach.check == signal.check), None)
    if comment.status == Status.HELD and judging.is_held_by_machine(session, comment):
        judging.settle_held(session, comment, verdict, now=now)
        if comment.status == Status.HELD and verdict.guideline:
            cases.open_case(
                session, comment, reasons=0, guideline=verdict.guideline, likelihood=verdict.likelihood, now=now
            )
    elif comment.status == Status.PUBLISHED and verdict.outcome != Outcome.PUBLISH and led is not None:
        decisions.decide(
            session, comment, Status.HELD, action=Action.WITHHOLD, rule=signal.check, guideline=led.guideline,
            message=led.message, likelihood=verdict.likelihood, revision=comment.revision, now=now,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Call:
    """One call to make: to whom, and how."""

    to: tuple[str, str]
    ask: _Ask


def _try(call: _Call | None, silent: set[tuple[str, str]]) -> Signal | None:
    if call is None or call.to in silent:
        return None
    try:
        return call.ask()
    except Unanswered as error:
        silent.add(call.to)
        _log.warning("check failed", check=call.to[0], site=call.to[1], why=error.message)
        return None


def _call(session: Session, one: Wanted, servers: Servers, *, now: int) -> _Call | None:
    """Build the call, or None when there is nothing to ask any more."""
    comment = session.get(Comment, one.comment_id)
    if comment is None or comment.revision != one.revision or comment.status in {Status.WITHDRAWN, Status.REJECTED}:
        return None
    site = session.get_one(Site, comment.site_id)
    policy, secrets = policy_of(site), _secrets(session, site)
    if one.check not in slow_checks(policy):
        return None
    article = session.get_one(Article, comment.article_id)
    to = (one.check, site.key)
    secret = secrets.get(one.check)
    if secret is None:
        return _Call(to, _missing)
    if one.check == "external":
        author = pseudonym(comment.person_id, secret)
        question = _question(site, article, comment.body, session.get(Comment, comment.parent_id or 0), author=author)
        question["comment"] = {"id": str(comment.id), "revision": comment.revision, "text": comment.body}
        return _Call(to, _external(policy, question, secret, servers, now=now))
    membership = find_membership(session, comment.person_id, site.id)
    fields = _comment(
        session, site, article.url, comment.body, author=membership.name if membership else "",
        role="" if membership is None or membership.role == "reader" else "administrator",
    )  # fmt: skip
    return _Call(to, _akismet(fields, secret, servers))


def pseudonym(person_id: int, secret: str) -> str:
    """Name an author to a site's judge: always the same, and nobody else's name for them."""
    return hmac.new(secret.encode(), f"person:{person_id}".encode(), hashlib.sha256).hexdigest()[:32]


def _missing() -> Signal:
    raise Unanswered("The site has no secret or key for it.")


def _secrets(session: Session, site: Site) -> dict[str, str]:
    rows = session.execute(select(SiteSecret.name, SiteSecret.value).where(SiteSecret.site_id == site.id))
    return {row.name: row.value for row in rows}


def _question(
    site: Site, article: Article | None, text: str, parent: Comment | None, *, author: str
) -> dict[str, object]:
    about = None
    if article:
        about = {"key": article.key, "url": article.url, "title": article.title, "section": article.section}
    return {
        "site": site.key,
        "comment": {"id": None, "revision": None, "text": text},
        "article": about,
        "parent": {"id": str(parent.id), "text": parent.body} if parent else None,
        "author": author or None,
    }


def _external(policy: Policy, question: dict[str, object], secret: str, servers: Servers, *, now: int) -> _Ask:
    url, text = policy.external_url, str(question["comment"]["text"])  # type: ignore[index]

    def ask() -> Signal:
        said = external.ask(
            url, question, secret=secret, at=now // jobs.SECOND, length=len(text),
            allow_private=http.is_private_host(url, servers.private_hosts),
        )  # fmt: skip
        message = said.message or ("The site's own check wants this looked at first." if said.score >= 0.5 else "")
        return Signal(
            "external", said.guideline, score=said.score, message=message, spans=said.spans, engine="external"
        )

    return ask


def _akismet(fields: dict[str, str], key: str, servers: Servers) -> _Ask:
    url = servers.akismet_url

    def ask() -> Signal:
        score = akismet.ask(url, fields, key=key, allow_private=http.is_private_host(url, servers.private_hosts))
        message = "This looks like spam." if score else ""
        return Signal("akismet", Guideline.SPAM, score=score, message=message, engine="akismet")

    return ask


def _comment(session: Session, site: Site, permalink: str, text: str, *, author: str, role: str) -> dict[str, str]:
    origin = session.scalar(select(Origin.origin).where(Origin.site_id == site.id).order_by(Origin.origin).limit(1))
    fields = {
        "blog": origin or "", "user_ip": _NOBODY, "comment_type": "comment", "permalink": permalink,
        "comment_author": author, "comment_content": text, "user_role": role, "blog_lang": site.locale,
        "blog_charset": "UTF-8",
    }  # fmt: skip
    return {name: value for name, value in fields.items() if value}
