"""What changes in the queue: a case opens, gains reasons, closes, opens again?"""

import math

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commentsvc.enums import CaseState, Guideline, Reason, Status
from commentsvc.moderation.labels import worst_label
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.store.models import OPEN, Article, Case, Comment, SignalRow, Site

DAY_US = 24 * 3600 * 1_000_000
"""A case that has waited this long is twice as urgent as it was."""
_LEAST_LIKELIHOOD = 0.01
_BLIND_LIKELIHOOD = 0.5
_ASKED_FOR = Reason.REPORTED | Reason.APPEAL


def open_case(
    session: Session,
    comment: Comment,
    *,
    reasons: int,
    guideline: Guideline | None,
    likelihood: float,
    now: int,
) -> Case:
    """Open the comment's case, or add to the open one; either way its version moves.

    What a machine finds of a blind one doesn't show in it.
    """
    case = find_open_case(session, comment.id)
    article = session.get_one(Article, comment.article_id)
    if case is None:
        case = Case(
            site_id=comment.site_id,
            article_id=comment.article_id,
            comment_id=comment.id,
            state=CaseState.OPEN,
            version=_next_version(session, comment.id),
            reasons=0,
            likelihood=0.0,
            opened_at=now,
        )
        _count_open(session, article.id, 1)
    else:
        case.version += 1
    case.reasons |= reasons
    if not case.blind or reasons & _ASKED_FOR:
        case.guideline = case.guideline or guideline
        case.label = _label(session, comment)
        case.likelihood = max(case.likelihood, likelihood)
        case.reach = reach_of(article.comment_count, is_public=comment.status == Status.PUBLISHED)
        case.rank = rank_of(case.likelihood, case.reach, case.opened_at)
    session.add(case)
    session.flush()
    return case


def make_blind(session: Session, comment: Comment) -> None:
    """Let a comment's open case be judged without what the checks said.

    Held or published, all blind cases look and rank alike, as held ones without a finding do: nothing about one tells
    which it is. A case that somebody asked for, or that rules have no part in, is left as it is.
    """
    case = find_open_case(session, comment.id)
    if case is None or case.reasons & ~(Reason.HELD | Reason.SAMPLE):
        return
    case.blind = True
    case.reasons = Reason.HELD | Reason.SAMPLE
    case.guideline = case.label = None
    article = session.get_one(Article, comment.article_id)
    case.likelihood = _BLIND_LIKELIHOOD
    case.reach = reach_of(article.comment_count, is_public=False)
    case.rank = rank_of(case.likelihood, case.reach, case.opened_at)
    session.flush()


def reweigh(session: Session, case: Case, comment: Comment, *, likelihood: float) -> None:
    """Let an open case's rank follow a new score. Its version stays: nothing has changed that a manager decides on.

    A case that readers, the author or a colleague asked for never becomes less urgent by what a machine thinks; a
    blind one's rank would tell what that was.
    """
    if case.blind:
        return
    asked_for = case.reasons & (_ASKED_FOR | Reason.ESCALATED)
    article = session.get_one(Article, comment.article_id)
    case.label = _label(session, comment)
    case.likelihood = max(case.likelihood, likelihood) if asked_for else likelihood
    case.reach = reach_of(article.comment_count, is_public=comment.status == Status.PUBLISHED)
    case.rank = rank_of(case.likelihood, case.reach, case.opened_at)
    session.flush()


def drop_reason(session: Session, case: Case, reason: Reason, *, now: int) -> None:
    """Take a reason off an open case; one that was open for nothing else is closed."""
    case.reasons &= ~reason
    if case.reasons:
        case.version += 1
        session.flush()
    else:
        case.reasons = int(reason)  # A closed case still says why it was open.
        close_case(session, case, now=now)


def close_case(session: Session, case: Case, *, now: int) -> None:
    """Close an open case."""
    case.state = CaseState.CLOSED
    case.closed_at = now
    case.version += 1
    case.lease_person_id = case.lease_until = None
    _count_open(session, case.article_id, -1)
    session.flush()


def reopen_case(session: Session, case: Case) -> None:
    """Take a closing back; the case keeps its age. Nothing happens when the comment has another open case."""
    if case.state == CaseState.OPEN or find_open_case(session, case.comment_id) is not None:
        return
    case.state = CaseState.OPEN
    case.closed_at = None
    case.version += 1
    _count_open(session, case.article_id, 1)
    session.flush()


def find_open_case(session: Session, comment_id: int) -> Case | None:
    """Find the one open case of a comment."""
    return session.scalar(
        select(Case).where(Case.comment_id == comment_id, Case.state == OPEN).execution_options(populate_existing=True)
    )


def find_latest_case(session: Session, comment_id: int) -> Case | None:
    """Find the newest case of a comment, open or closed."""
    return session.scalar(
        select(Case)
        .where(Case.comment_id == comment_id)
        .order_by(Case.id.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )


def reach_of(comment_count: int, *, is_public: bool) -> float:
    """Estimate how many see a comment: grows with its article's thread, and doubles while it is public."""
    return (1.0 + math.log2(1 + max(comment_count, 0))) * (2.0 if is_public else 1.0)


def rank_of(likelihood: float, reach: float, opened_at: int) -> float:
    """Return the queue's sort key: log2 of likelihood x reach, less the opening time in days.

    All cases grow more urgent at one pace, so their order never changes by waiting alone and can be an index.
    """
    return math.log2(max(likelihood, _LEAST_LIKELIHOOD) * reach) - opened_at / DAY_US


def priority_of(rank: float, now: int) -> float:
    """Return log2(likelihood in percent x reach) + days waited: in points, each of which means twice as urgent."""
    return rank + now / DAY_US - math.log2(_LEAST_LIKELIHOOD)


def _label(session: Session, comment: Comment) -> str | None:
    """Find the label that speaks most against the newest text, by what was last said of its toxicity."""
    evidence = session.scalar(
        select(SignalRow.evidence)
        .where(
            SignalRow.comment_id == comment.id, SignalRow.revision == comment.revision, SignalRow.check == "toxicity"
        )
        .order_by(SignalRow.id.desc())
        .limit(1)
    )
    labels = evidence.get("labels") if evidence else None
    if not labels:
        return None
    # Read as they are stored: the whole policy would be checked anew for each case.
    policy = session.get_one(Site, comment.site_id).policy
    return worst_label(labels, policy.get("thresholds", DEFAULT_POLICY.thresholds))


def _next_version(session: Session, comment_id: int) -> int:
    # Versions go on across a comment's cases, so that one seen in a closed case never fits the next.
    latest = find_latest_case(session, comment_id)
    return 1 if latest is None else latest.version + 1


def _count_open(session: Session, article_id: int, step: int) -> None:
    session.execute(update(Article).where(Article.id == article_id).values(open_cases=Article.open_cases + step))
