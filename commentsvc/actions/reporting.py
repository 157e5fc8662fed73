"""What changes when a reader reports a comment?"""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import breaker, cases
from commentsvc.actions.decisions import lock_thread
from commentsvc.actions.posting import refuse_sanctioned
from commentsvc.enums import Guideline, Reason, ReportReason, Status
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.store.models import Comment, Person, Report, Site

_MAX_DETAIL = 1000
_DOUBT = 0.6
"""Each report leaves this share of the doubt that the comment breaks a guideline."""


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
    """Store a report of one revision and put the comment into the queue; once per person and revision."""
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
    made = Report(
        comment_id=comment.id, revision=revision, person_id=by.id, reason=reason, detail=detail, created_at=now
    )
    session.add(made)
    session.flush()
    cases.open_case(
        session, comment, reasons=Reason.REPORTED, guideline=_guideline(reason),
        likelihood=1 - _DOUBT ** _open_reports(session, comment), now=now,
    )  # fmt: skip
    breaker.watch(session, session.get_one(Site, comment.site_id), comment.article_id, now=now)
    return made


def _has_reported(session: Session, comment: Comment, revision: int, by: Person) -> bool:
    query = select(Report.id).where(
        Report.comment_id == comment.id, Report.revision == revision, Report.person_id == by.id
    )
    return session.scalar(query) is not None


def _open_reports(session: Session, comment: Comment) -> int:
    query = select(func.count()).where(Report.comment_id == comment.id, Report.outcome.is_(None))
    return session.scalar(query) or 0


def _guideline(reason: ReportReason) -> Guideline | None:
    return None if reason == ReportReason.OTHER else Guideline(reason.value)
