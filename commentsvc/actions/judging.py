"""What changes when a text is judged: the signals are kept, and judged again later when a check had failed?"""

import random
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from commentsvc.actions import cases, decisions
from commentsvc.actions.drafts import draft_of, policy_of
from commentsvc.enums import Action, Outcome, Reason, Status
from commentsvc.infra import jobs
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Judgement, Signal
from commentsvc.queries.history import has_decision_by_person
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Comment, SignalRow, Site

_RETRY_US = 30_000_000


def record_signals(session: Session, comment: Comment, judgement: Judgement, *, now: int) -> None:
    """Keep what every check observed about the comment's newest revision."""
    rows = [_signal_row(signal, comment, now=now) for signal in judgement.signals]
    if rows:
        session.execute(insert(SignalRow), rows)


def enqueue_rescore(session: Session, comment_id: int, revision: int, *, now: int) -> None:
    """Have a comment judged again, in this transaction's own commit."""
    jobs.enqueue(
        session, "rescore", {"comment": comment_id, "revision": revision}, key=f"rescore:{comment_id}:{revision}",
        run_at=now + _RETRY_US, now=now,
    )  # fmt: skip


def rescore(db: Database, judge: Judge, comment_id: int, revision: int, *, now: int) -> bool:
    """Judge a held comment again and let a clean verdict publish it; False when a check has failed once more.

    Nothing happens to a comment that was edited, decided or reported meanwhile: a person's judgement stands.
    """
    with db.reading() as session:
        comment = session.get(Comment, comment_id)
        if comment is None or not _is_waiting(session, comment, revision):
            return True
        site = session.get_one(Site, comment.site_id)
        article = session.get_one(Article, comment.article_id)
        parent = session.get(Comment, comment.parent_id) if comment.parent_id else None
        draft = draft_of(
            session, site, article, title=article.title, parent=parent, person_id=comment.person_id,
            body=comment.body, except_id=comment.id, lot=random.random(), now=now,  # noqa: S311
        )  # fmt: skip
        policy = policy_of(site)
    judgement = judge.judge(draft, policy)
    with db.writing() as session:
        return _settle(session, comment_id, revision, judgement, now=now)


def _settle(session: Session, comment_id: int, revision: int, judgement: Judgement, *, now: int) -> bool:
    comment = session.get_one(Comment, comment_id)
    decisions.lock_thread(session, comment)
    if not _is_waiting(session, comment, revision):
        return True
    verdict = judgement.verdict
    if verdict.failed:
        return False
    record_signals(session, comment, judgement, now=now)
    if verdict.outcome == Outcome.PUBLISH:
        decisions.decide(
            session, comment, Status.PUBLISHED, action=Action.PUBLISH, rule="rescored", revision=revision, now=now
        )
        reasons = verdict.reasons
    elif verdict.outcome == Outcome.REJECT:
        decisions.decide(
            session, comment, Status.REJECTED, action=Action.REJECT, rule=verdict.breaches[0].check,
            guideline=verdict.guideline, message=verdict.breaches[0].message, revision=revision, now=now,
        )  # fmt: skip
        reasons = 0
    else:
        reasons = Reason.HELD | Reason.RESCORED
    if reasons:
        cases.open_case(
            session, comment, reasons=reasons, guideline=verdict.guideline, likelihood=verdict.likelihood, now=now
        )
    return True


def _is_waiting(session: Session, comment: Comment, revision: int) -> bool:
    case = cases.find_open_case(session, comment.id)
    return (
        comment.status == Status.HELD
        and comment.revision == revision
        and case is not None
        and case.reasons == Reason.HELD
        and not has_decision_by_person(session, comment.id)
    )


def _signal_row(signal: Signal, comment: Comment, *, now: int) -> dict[str, Any]:
    return {
        "comment_id": comment.id,
        "revision": comment.revision,
        "check": signal.check,
        "guideline": signal.guideline,
        "state": signal.state,
        "score": signal.score,
        "evidence": {
            "message": signal.message,
            "spans": [list(span) for span in signal.spans],
            "labels": dict(signal.labels),
        },
        "engine": signal.engine,
        "version": signal.version,
        "created_at": now,
    }
