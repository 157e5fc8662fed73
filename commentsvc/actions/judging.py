"""What changes when a text is judged: the signals are kept, and judged again later when a check had failed?"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import delete
from sqlalchemy.orm import Session

from commentsvc.actions import cases, decisions
from commentsvc.actions.drafts import draft_of, policy_of
from commentsvc.enums import Action, Guideline, Outcome, Reason, SignalState, Status, When
from commentsvc.infra import jobs, measures
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.policy import SLOW, slow_checks
from commentsvc.moderation.terms import Draft, Judgement, Policy, Signal, Verdict
from commentsvc.queries import signals as stored
from commentsvc.queries.history import has_decision_by_person
from commentsvc.queries.rescoring import has_failed_check
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Comment, ShadowVerdict, SignalRow, Site

_RETRY_US = 30_000_000
ASK = "ask"
"""The job that asks one slow check about one revision."""
AT_ONCE = 10
"""How many comments one transaction settles: few enough that somebody who posts meanwhile hardly waits."""

_INSERT_SIGNAL = SignalRow.__table__.insert()  # type: ignore[attr-defined]  # Tables' own: half the work of the mapper's.

T = TypeVar("T")


def record_signals(session: Session, comment: Comment, signals: Sequence[Signal], *, now: int) -> None:
    """Keep what checks observed about the comment's newest revision."""
    rows = [_signal_row(signal, comment, now=now) for signal in signals]
    if rows:
        session.connection().execute(_INSERT_SIGNAL, rows)


def count(judgement: Judgement) -> None:
    """Count what each check said of a comment, and which one led to the verdict."""
    for signal in judgement.signals:
        measures.checks.labels(signal.check, signal.state).inc()
    verdict = judgement.verdict
    measures.decided.labels(verdict.breaches[0].check if verdict.breaches else "clean", verdict.outcome).inc()


def record_shadow(session: Session, comment: Comment, judgement: Judgement, *, now: int) -> None:
    """Keep what shadow mode would have made of the comment's newest revision, in place of what it made before."""
    session.execute(
        delete(ShadowVerdict).where(ShadowVerdict.comment_id == comment.id, ShadowVerdict.revision == comment.revision)
    )
    if judgement.shadow is None:
        return
    led = judgement.shadow.breaches or judgement.verdict.breaches
    session.add(
        ShadowVerdict(
            site_id=comment.site_id,
            comment_id=comment.id,
            revision=comment.revision,
            outcome=judgement.shadow.outcome,
            acted=judgement.verdict.outcome,
            checks=sorted({breach.check for breach in led}),
            created_at=now,
        )
    )


def enqueue_rescore(session: Session, comment_id: int, revision: int, *, now: int) -> None:
    """Have a comment judged again, in this transaction's own commit."""
    jobs.enqueue(
        session, "rescore", {"comment": comment_id, "revision": revision}, key=f"rescore:{comment_id}:{revision}",
        run_at=now + _RETRY_US, now=now,
    )  # fmt: skip


def rescore(db: Database, judge: Judge, wanted: Sequence[tuple[int, int]], *, now: int) -> list[bool | None]:
    """Judge held comments again, as (comment, revision), and let a clean verdict publish one.

    Answers for each: True when it is settled now, None when there was nothing to do (it was edited, decided or
    reported meanwhile: a person's judgement stands), False when a check has failed once more or can't be asked.
    """
    if judge.is_out:
        return [False] * len(wanted)
    answers: list[bool | None] = [None] * len(wanted)
    found: list[tuple[int, int]] = []
    drafts: list[tuple[Draft, Policy]] = []
    with db.reading() as session:
        for at, (comment_id, revision) in enumerate(wanted):
            comment = session.get(Comment, comment_id)
            if comment is not None and _is_waiting(session, comment, revision):
                found.append((comment.article_id, at))
                drafts.append(draft_again(session, comment, now=now))
    # In the order of articles, as everyone locks them who changes several threads at once.
    judged = sorted(zip(found, judge.judge_many(drafts), strict=True), key=lambda pair: pair[0])
    for some in chunks(judged, AT_ONCE):
        with db.writing() as session:
            for (_, at), judgement in some:
                answers[at] = _settle(session, *wanted[at], judgement, now=now)
    return answers


def draft_again(session: Session, comment: Comment, *, now: int) -> tuple[Draft, Policy]:
    """Collect what judging a comment that is there already needs."""
    site = session.get_one(Site, comment.site_id)
    article = session.get_one(Article, comment.article_id)
    parent = session.get(Comment, comment.parent_id) if comment.parent_id else None
    draft = draft_of(
        session, site, article, title=article.title, parent=parent, person_id=comment.person_id,
        body=comment.body, except_id=comment.id, lot=random.random(), now=now,  # noqa: S311
    )  # fmt: skip
    asked = tuple(signal_of(row) for row in stored.latest_of(session, comment) if row.check in SLOW)
    return replace(draft, asked=asked), policy_of(site, article)


def settle_held(session: Session, comment: Comment, verdict: Verdict, *, now: int) -> None:
    """Publish or reject a comment that only a machine held, when that is what the machine says now."""
    if verdict.outcome == Outcome.PUBLISH and not is_being_asked(session, comment):
        decisions.decide(
            session, comment, Status.PUBLISHED, action=Action.PUBLISH, rule="rescored", revision=comment.revision,
            now=now,
        )  # fmt: skip
        _open_case(session, comment, verdict, verdict.reasons, now=now)
        if verdict.blind:
            cases.make_blind(session, comment)
    elif verdict.outcome == Outcome.REJECT:
        decisions.decide(
            session, comment, Status.REJECTED, action=Action.REJECT, rule=verdict.breaches[0].check,
            guideline=verdict.guideline, message=verdict.breaches[0].message, revision=comment.revision, now=now,
        )  # fmt: skip


def is_held_by_machine(session: Session, comment: Comment) -> bool:
    """Whether no person has held, decided, reported or appealed a held comment."""
    case = cases.find_open_case(session, comment.id)
    by_machine = comment.status == Status.HELD and case is not None and decisions.is_only_held(case)
    return by_machine and not has_decision_by_person(session, comment.id)


def is_being_asked(session: Session, comment: Comment) -> bool:
    """Whether a slow check that is to answer before has not yet answered about the newest revision, nor failed."""
    policy = policy_of(session.get_one(Site, comment.site_id))
    first = {check for check, when in slow_checks(policy).items() if when is When.BEFORE} - set(policy.shadow.checks)
    missing = first - {row.check for row in stored.latest_of(session, comment)} if first else first
    return any(jobs.is_asked_for(session, ASK, ask_key(check, comment)) for check in missing)


def ask_key(check: str, comment: Comment) -> str:
    """Name the job that asks a slow check about a comment's newest revision."""
    return f"{check}:{comment.id}:{comment.revision}"


def signal_of(row: SignalRow) -> Signal:
    """Read a stored signal as the check gave it."""
    evidence = row.evidence
    return Signal(
        row.check, Guideline(row.guideline) if row.guideline else None, SignalState(row.state), row.score,
        message=evidence.get("message", ""), spans=tuple((start, end) for start, end in evidence.get("spans", ())),
        labels=evidence.get("labels", {}), engine=row.engine, version=row.version,
    )  # fmt: skip


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Cut items into lists of at most `size`."""
    walk = iter(items)
    while some := list(islice(walk, size)):
        yield some


def _settle(session: Session, comment_id: int, revision: int, judgement: Judgement, *, now: int) -> bool | None:
    comment = session.get_one(Comment, comment_id)
    decisions.lock_thread(session, comment)
    if not _is_waiting(session, comment, revision):
        return None
    verdict = judgement.verdict
    if set(verdict.failed) - set(SLOW):
        return False
    count(judgement)
    record_signals(session, comment, judgement.signals, now=now)
    record_shadow(session, comment, judgement, now=now)
    settle_held(session, comment, verdict, now=now)
    if comment.status == Status.HELD:
        _open_case(session, comment, verdict, Reason.HELD | Reason.RESCORED, now=now)
    return True


def _is_waiting(session: Session, comment: Comment, revision: int) -> bool:
    waits = comment.revision == revision and is_held_by_machine(session, comment)
    return waits and has_failed_check(session, comment)


def _open_case(session: Session, comment: Comment, verdict: Verdict, reasons: int, *, now: int) -> None:
    if reasons:
        cases.open_case(
            session, comment, reasons=reasons, guideline=verdict.guideline, likelihood=verdict.likelihood, now=now
        )


def _signal_row(signal: Signal, comment: Comment, *, now: int) -> dict[str, Any]:
    return {
        "comment_id": comment.id,
        "revision": comment.revision,
        "check_name": signal.check,
        "guideline": signal.guideline,
        "state": signal.state,
        "score": signal.score,
        "evidence": {
            "message": signal.message,
            "spans": [list(span) for span in signal.spans],
            "labels": dict(signal.labels),
            **({"closeness": dict(signal.closeness)} if signal.closeness else {}),
        },
        "engine": signal.engine,
        "version": signal.version,
        "created_at": now,
    }
