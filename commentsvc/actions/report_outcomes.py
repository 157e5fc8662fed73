"""What changes for those who reported a comment when it is decided, or when the decision is taken back?"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from commentsvc.actions import notifiers
from commentsvc.enums import ReportOutcome, Status
from commentsvc.store.models import Comment, Decision, LegalNotice, Membership, Report


def answer_reports(session: Session, comment: Comment, decision: Decision, *, now: int) -> None:
    """Answer the comment's open reports and legal notices, and add to the records of who made the reports."""
    outcome = ReportOutcome.UPHELD if decision.to_status == Status.REJECTED else ReportOutcome.DISMISSED
    for table in (Report, LegalNotice):
        session.execute(
            update(table)
            .where(table.comment_id == comment.id, table.outcome.is_(None))
            .values(outcome=outcome, decision_id=decision.id)
        )
    _count(session, decision, step=1)
    notifiers.tell_decided(session, decision, now=now)


def open_reports_again(session: Session, decision: Decision) -> None:
    """Take back what a decision answered, from the reports and from the records."""
    _count(session, decision, step=-1)
    for table in (Report, LegalNotice):
        session.execute(update(table).where(table.decision_id == decision.id).values(outcome=None, decision_id=None))


def lock_records(session: Session, comment: Comment) -> None:
    """Lock the records that deciding on a reported comment moves, its author's among them, in everyone's order.

    Two decisions may have each other's authors among their reporters: without one order they could wait for ever.
    """
    reporters = select(Report.person_id).where(Report.comment_id == comment.id)
    session.execute(
        select(Membership.person_id)
        .where(
            Membership.site_id == comment.site_id,
            Membership.person_id.in_(reporters) | (Membership.person_id == comment.person_id),
        )
        .order_by(Membership.person_id)
        .with_for_update()
    )


def _count(session: Session, decision: Decision, *, step: int) -> None:
    for row in _answered(session, decision):
        column = {
            ReportOutcome.UPHELD: Membership.reports_upheld,
            ReportOutcome.DISMISSED: Membership.reports_dismissed,
        }[ReportOutcome(row.outcome)]
        session.execute(
            update(Membership)
            .where(Membership.person_id == row.person_id, Membership.site_id == decision.site_id)
            .values({column: column + step * row.number})
        )


def _answered(session: Session, decision: Decision) -> Sequence[Any]:
    return session.execute(
        select(Report.person_id, Report.outcome, func.count().label("number"))
        .where(Report.decision_id == decision.id, Report.outcome.is_not(None))
        .group_by(Report.person_id, Report.outcome)
        .order_by(Report.person_id)
    ).all()
