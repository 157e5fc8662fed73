"""What changes when a reader reports a comment?"""

import math

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import accounts, breaker, cases, decisions
from commentsvc.actions.decisions import lock_thread
from commentsvc.actions.drafts import policy_of
from commentsvc.actions.sanctions import refuse_sanctioned
from commentsvc.enums import Action, Guideline, Reason, ReportReason, Role, Status
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.queries.people import weight_of
from commentsvc.queries.sites import find_membership
from commentsvc.store.models import Comment, LegalNotice, Membership, Person, Report, Site

_MAX_DETAIL = 1000
_BELIEF = 0.8
"""How far a report by somebody who is always right is believed; less by each one's own weight."""
_ROUNDING = 1e-9
RULE = "reports"
_HELD = "Readers reported this comment; it waits until a community manager has read it."


def report(
    session: Session,
    *,
    comment_id: int | None,
    revision: int,
    reason: ReportReason,
    detail: str,
    by: Person,
    now: int,
) -> Report:
    """Store a report of one revision and put the comment into the queue, or back into it; once per person and revision.

    When the open reports weigh as much as the site says, the comment is held.
    """
    comment = session.get(Comment, comment_id) if comment_id else None
    if comment is None:
        raise NotFound("There is no such comment.")
    lock_thread(session, comment)
    if comment.status != Status.PUBLISHED:
        raise NotFound("There is no such comment.")
    if comment.person_id == by.id:
        raise Forbidden("This comment is your own; you can withdraw it.")
    refuse_sanctioned(session, by.id, comment.site_id, now=now)
    if not 1 <= revision <= comment.revision:
        raise Invalid("There is no such revision of this comment.", field="revision")
    detail = text.clean(detail, field="detail", max_length=_MAX_DETAIL, min_length=0, multiline=True)
    if _has_reported(session, comment, revision, by):
        raise Conflict("You have reported this comment already. Thank you.")
    accounts.join(session, by, session.get_one(Site, comment.site_id), now=now)
    made = Report(
        comment_id=comment.id, revision=revision, person_id=by.id, reason=reason, detail=detail, created_at=now
    )
    session.add(made)
    session.flush()
    cases.open_case(
        session, comment, reasons=Reason.REPORTED, guideline=_guideline(reason),
        likelihood=likelihood_of(session, comment), now=now,
    )  # fmt: skip
    _hold_if_enough(session, comment, _guideline(reason), now=now)
    breaker.watch(session, session.get_one(Site, comment.site_id), comment.article_id, now=now)
    return made


def _has_reported(session: Session, comment: Comment, revision: int, by: Person) -> bool:
    query = select(Report.id).where(
        Report.comment_id == comment.id, Report.revision == revision, Report.person_id == by.id
    )
    return session.scalar(query) is not None


def likelihood_of(session: Session, comment: Comment) -> float:
    """Return how likely it is, by its open reports and notices alone, that a comment breaks a guideline."""
    weights = [*_open_weights(session, comment), *[weight_of(0, 0)] * _open_notices(session, comment)]
    return 1 - math.prod(1 - _BELIEF * weight for weight in weights)


def _open_weights(session: Session, comment: Comment) -> list[float]:
    """Weigh the reports that no decision has answered: an approval answers all before it, so only later ones count."""
    rows = session.execute(
        select(Membership.reports_upheld, Membership.reports_dismissed)
        .select_from(Report)
        .outerjoin(Membership, (Membership.person_id == Report.person_id) & (Membership.site_id == comment.site_id))
        .where(Report.comment_id == comment.id, Report.outcome.is_(None))
    )
    return [weight_of(row.reports_upheld or 0, row.reports_dismissed or 0) for row in rows]


def _open_notices(session: Session, comment: Comment) -> int:
    query = select(func.count()).where(LegalNotice.comment_id == comment.id, LegalNotice.outcome.is_(None))
    return session.scalar(query) or 0


def _hold_if_enough(session: Session, comment: Comment, guideline: Guideline | None, *, now: int) -> None:
    """Hold a comment whose open reports weigh as much as the site says; the team's own are left to people."""
    line = policy_of(session.get_one(Site, comment.site_id)).report_hold
    if line is None or sum(_open_weights(session, comment)) < line - _ROUNDING:
        return
    author = find_membership(session, comment.person_id, comment.site_id)
    if author is not None and author.role != Role.READER:
        return
    decisions.decide(
        session, comment, Status.HELD, action=Action.WITHHOLD, rule=RULE, revision=comment.revision,
        guideline=guideline, likelihood=likelihood_of(session, comment), message=_HELD, now=now,
    )  # fmt: skip


def _guideline(reason: ReportReason) -> Guideline | None:
    return None if reason == ReportReason.OTHER else Guideline(reason.value)
