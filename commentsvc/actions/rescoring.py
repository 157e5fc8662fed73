"""What changes when an engine's version does: newer scores beside the old ones, and what follows from them?

A rescoring is a pass over one site: first the comments with an open case, then what was published lately, newest first.
It is done in small batches by a job. Where it has come to is kept with what it did, in one transaction, and a comment
that has this version's score is never scored again: it may be killed at any point, and goes on from there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commentsvc.actions import cases, decisions, judging
from commentsvc.enums import Outcome, Phase, Reason, RescoringState, SignalState, Status
from commentsvc.infra import jobs
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Draft, Judgement, Policy, Signal
from commentsvc.queries import rescoring as scores
from commentsvc.queries.history import has_decision_by_person
from commentsvc.store.db import Database
from commentsvc.store.models import OPEN, Comment, Rescoring, SignalRow, Site

JOB = "rescore_site"
DAYS = 30
"""How far back published comments get newer scores: later, hardly anybody reads or reports them."""
WAIT_US = 30 * jobs.SECOND
"""How long a rescoring rests while its engine is out."""
_BATCH = 32
_DAY_US = 24 * 3600 * jobs.SECOND
_ENGINES = {"toxicity", "relevance"}


@dataclass(frozen=True, slots=True)
class _Item:
    """One comment of a batch, as it was read."""

    key: int
    article_id: int
    comment_id: int
    revision: int
    draft: Draft
    policy: Policy


def begin(session: Session, *, engine: str, version: str, now: int) -> int:
    """Begin a rescoring of every site whose latest one was for another engine or version; return how many.

    Safe when several processes start at once: a site has one open rescoring, which goes on if it is for this version.
    """
    latest = {one.site_id: one for one in scores.list_latest(session)}
    behind = [
        site_id
        for site_id in session.scalars(select(Site.id).order_by(Site.id))
        if site_id not in latest or not _is_for(latest[site_id], engine, version)
    ]
    for site_id in behind:
        begin_site(session, site_id, engine=engine, version=version, days=DAYS, now=now)
    for one in latest.values():
        if one.state == RescoringState.OPEN and _is_for(one, engine, version):
            _enqueue(session, one.id, now=now)
    return len(behind)


def begin_site(session: Session, site_id: int, *, engine: str, version: str, days: int, now: int) -> int:
    """Return the id of the site's open rescoring for this version that reaches back so far, begun if need be."""
    session.execute(
        update(Rescoring)
        .where(Rescoring.site_id == site_id, Rescoring.state == OPEN)
        .where((Rescoring.engine != engine) | (Rescoring.version != version))
        .values(state=RescoringState.REPLACED, finished_at=now)
    )
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "site_id": site_id, "engine": engine, "version": version, "state": RescoringState.OPEN,
        "since": now - days * _DAY_US, "phase": Phase.CASES, "done": 0, "freed": 0, "flagged": 0, "created_at": now,
    }  # fmt: skip
    session.execute(insert(Rescoring).values(row).on_conflict_do_nothing())
    opened = session.scalars(select(Rescoring).where(Rescoring.site_id == site_id, Rescoring.state == OPEN)).one()
    if now - days * _DAY_US < opened.since - _DAY_US:
        _reach_back(opened, now - days * _DAY_US)
    _enqueue(session, opened.id, now=now)
    return opened.id


def advance(db: Database, judge: Judge, rescoring_id: int, *, now: int) -> int | None:
    """Rescore the next few comments; return None when the rescoring is over, else in how many microseconds to go on.

    The engine is asked with no transaction open, and what it says is written by a few comments at a time.
    """
    with db.reading() as session:
        rescoring = session.get(Rescoring, rescoring_id)
        if rescoring is None or rescoring.state != RescoringState.OPEN:
            return None
        if judge.is_out or not _is_for(rescoring, judge.toxicity.name, judge.toxicity.version):
            return WAIT_US
        total = scores.count(session, rescoring) if rescoring.total is None else rescoring.total
        items = list(_items(session, rescoring, now=now))
    if not items or rescoring.total is None:
        with db.writing() as session:
            return _turn(session, rescoring_id, total, is_empty=not items, now=now)
    judgements = judge.judge_many([(item.draft, item.policy) for item in items])
    if not any(_is_scored(judgement) for judgement in judgements) and not judge.can_score():
        return WAIT_US
    for some in judging.chunks(zip(items, judgements, strict=True), judging.AT_ONCE):
        with db.writing() as session:
            _write(session, rescoring_id, some, now=now)
    return 0


def _enqueue(session: Session, rescoring_id: int, *, now: int) -> None:
    key = f"{JOB}:{rescoring_id}"
    if not jobs.is_asked_for(session, JOB, key):
        jobs.enqueue(session, JOB, {"rescoring": rescoring_id}, key=key, now=now)


def _is_for(rescoring: Rescoring, engine: str, version: str) -> bool:
    return (rescoring.engine, rescoring.version) == (engine, version)


def _reach_back(rescoring: Rescoring, since: int) -> None:
    """Begin again, further back: what has its score already is passed over."""
    rescoring.since = since
    rescoring.phase, rescoring.reached, rescoring.reached_id = Phase.CASES, None, None
    rescoring.total, rescoring.done = None, 0


def _items(session: Session, rescoring: Rescoring, *, now: int) -> Iterator[_Item]:
    for key, comment_id in scores.next_batch(session, rescoring, limit=_BATCH):
        comment = session.get_one(Comment, comment_id)
        yield _Item(
            key, comment.article_id, comment_id, comment.revision, *judging.draft_again(session, comment, now=now)
        )


def _turn(session: Session, rescoring_id: int, total: int, *, is_empty: bool, now: int) -> int | None:
    """Note how many there are, and go from one phase to the next when this one is empty, or end."""
    rescoring = session.get_one(Rescoring, rescoring_id, with_for_update=True)
    if rescoring.state != RescoringState.OPEN:
        return None
    rescoring.total = total
    if not is_empty:
        return 0
    if rescoring.phase == Phase.CASES:
        rescoring.phase, rescoring.reached, rescoring.reached_id = Phase.PUBLISHED, None, None
        return 0
    rescoring.state, rescoring.finished_at = RescoringState.DONE, now
    return None


def _write(session: Session, rescoring_id: int, some: Sequence[tuple[_Item, Judgement]], *, now: int) -> None:
    # In the order of articles, as everyone locks them who changes several threads at once.
    rescoring = session.get_one(Rescoring, rescoring_id)
    freed = flagged = 0
    for item, judgement in sorted(some, key=lambda pair: (pair[0].article_id, pair[0].comment_id)):
        freed_one, flagged_one = _settle(session, rescoring, item, judgement, now=now)
        freed, flagged = freed + freed_one, flagged + flagged_one
    last = some[-1][0]
    session.execute(
        update(Rescoring)
        .where(Rescoring.id == rescoring_id)
        .values(
            reached=last.key, reached_id=last.comment_id, done=Rescoring.done + len(some),
            freed=Rescoring.freed + freed, flagged=Rescoring.flagged + flagged,
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _settle(
    session: Session, rescoring: Rescoring, item: _Item, judgement: Judgement, *, now: int
) -> tuple[bool, bool]:
    """Keep a comment's newer scores and let them take effect; return whether it was published, or flagged.

    What a person has decided stays, and nothing public is hidden: of that a person decides.
    """
    comment = session.get_one(Comment, item.comment_id)
    decisions.lock_thread(session, comment)
    is_behind = scores.is_behind(session, comment, engine=rescoring.engine, version=rescoring.version)
    if comment.revision != item.revision or not is_behind or not _is_scored(judgement):
        return False, False
    judging.record_signals(session, comment, _new_signals(session, comment, judgement), now=now)
    was = comment.status
    if not judgement.verdict.failed and judging.is_held_by_machine(session, comment):
        judging.settle_held(session, comment, judgement.verdict, now=now)
    flagged = comment.status == was == Status.PUBLISHED and _is_breach(session, comment, judgement)
    if flagged:
        cases.open_case(
            session, comment, reasons=Reason.RESCORED, guideline=judgement.verdict.guideline,
            likelihood=judgement.verdict.likelihood, now=now,
        )  # fmt: skip
    case = cases.find_open_case(session, comment.id)
    if case is not None:
        cases.reweigh(session, case, comment, likelihood=judgement.verdict.likelihood)
    return was == Status.HELD and comment.status == Status.PUBLISHED, flagged


def _is_scored(judgement: Judgement) -> bool:
    return any(signal.check == "toxicity" and signal.state is not SignalState.FAILED for signal in judgement.signals)


def _is_breach(session: Session, comment: Comment, judgement: Judgement) -> bool:
    """Whether a published comment, of which no person has judged yet, is one that the engines would hold now.

    A site's mode, its new rules for new authors and the like say nothing about what they let pass before.
    """
    verdict = judgement.verdict
    breach = verdict.outcome == Outcome.REJECT or any(breach.check in _ENGINES for breach in verdict.breaches)
    return breach and not has_decision_by_person(session, comment.id)


def _new_signals(session: Session, comment: Comment, judgement: Judgement) -> list[Signal]:
    """Return the engines' signals that aren't there yet in this version; rules have none."""
    known = session.execute(
        select(SignalRow.check, SignalRow.engine, SignalRow.version).where(
            SignalRow.comment_id == comment.id,
            SignalRow.revision == comment.revision,
            SignalRow.state != SignalState.FAILED,
        )
    ).all()
    there = {tuple(row) for row in known}
    return [
        signal
        for signal in judgement.signals
        if signal.check in _ENGINES and (signal.check, signal.engine, signal.version) not in there
    ]
