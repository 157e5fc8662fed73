"""What changes when an author, or somebody else whom a decision concerns, asks to look again?"""

from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import appeal_outcomes, cases, sanctions
from commentsvc.actions.decisions import lock_thread
from commentsvc.enums import AppealKind, AppealOutcome, AppealState, Guideline, Reason, ReportOutcome, Status
from commentsvc.errors import Conflict, Forbidden, NotFound
from commentsvc.permissions import may_moderate
from commentsvc.queries import appeals
from commentsvc.queries.readers import find_appealable
from commentsvc.store.models import Appeal, Comment, Decision, LegalNotice, Membership, Person, Sanction

MAX_MESSAGE = 2000
_TOO_LATE = "Six months have passed since this was decided, so it can no longer be appealed against."


def appeal(session: Session, *, comment_id: int | None, message: str, by: Person, now: int) -> Appeal:
    """Store an appeal against the decision in force and put the comment into the queue; one per decision."""
    comment = session.get(Comment, comment_id) if comment_id else None
    if comment is None or comment.person_id != by.id:
        raise NotFound("There is no such comment of yours.")
    lock_thread(session, comment)
    message = text.clean(message, field="message", max_length=MAX_MESSAGE, multiline=True)
    decision = find_appealable(session, comment)
    if decision is None:
        raise Conflict("There is no decision on this comment to appeal against.")
    earlier = appeals.against(session, [decision.id]).get(decision.id)
    if earlier is not None and earlier.answer_id == decision.id:
        raise Conflict("This decision answered your appeal; there is no second one.")
    if earlier is not None:
        raise Conflict("You have appealed against this decision already.")
    _refuse_late(decision.created_at, now)
    made = Appeal(
        site_id=comment.site_id, kind=AppealKind.AUTHOR, decision_id=decision.id, comment_id=comment.id,
        person_id=by.id, message=message, created_at=now,
    )  # fmt: skip
    return _open(session, made, comment, decision, now=now)


def complain(session: Session, notice: LegalNotice, *, message: str, now: int) -> Appeal:
    """Store a notifier's complaint that a comment was left public, and put it into the queue; one per notice.

    Raises Forbidden when the site handles no such complaints, Conflict when there is nothing to complain about.
    """
    if not appeals.settings_of(session, notice.site_id).complaints:
        raise Forbidden("This site handles no complaints about notices.")
    comment = session.get_one(Comment, notice.comment_id)
    lock_thread(session, comment)
    session.refresh(notice)
    message = text.clean(message, field="message", max_length=MAX_MESSAGE, multiline=True)
    if notice.decision_id is None or notice.outcome != ReportOutcome.DISMISSED:
        raise Conflict("There is no decision against your notice to complain about.")
    if comment.status != Status.PUBLISHED:
        raise Conflict("The comment isn't public any more.")
    if appeals.of_notice(session, [notice.id]):
        raise Conflict("You have complained about this decision already.")
    decision = session.get_one(Decision, notice.decision_id)
    _refuse_late(decision.created_at, now)
    made = Appeal(
        site_id=comment.site_id, kind=AppealKind.NOTIFIER, decision_id=decision.id, legal_notice_id=notice.id,
        comment_id=comment.id, message=message, created_at=now,
    )  # fmt: skip
    return _open(session, made, comment, decision, now=now)


def appeal_sanction(session: Session, sanction_id: int, *, message: str, by_id: int, site_id: int, now: int) -> Appeal:
    """Store an appeal against a sanction by the person that it restricts; one per sanction."""
    # Locked, so that of two at once the second waits and finds the first.
    found = session.get(Sanction, sanction_id, with_for_update=True, populate_existing=True)
    if found is None or (found.person_id, found.site_id) != (by_id, site_id):
        raise NotFound("There is no such restriction of yours.")
    message = text.clean(message, field="message", max_length=MAX_MESSAGE, multiline=True)
    if found.lifted_at is not None:
        raise Conflict("This restriction has been lifted already.")
    if appeals.against_sanctions(session, [found.id]):
        raise Conflict("You have appealed against this restriction already.")
    _refuse_late(found.created_at, now)
    made = Appeal(
        site_id=found.site_id, kind=AppealKind.SANCTION, sanction_id=found.id, person_id=by_id, message=message,
        created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    return made


def decide_about_sanction(
    session: Session, appeal_id: int, *, outcome: AppealOutcome, answer: str, membership: Membership | None, now: int
) -> Appeal:
    """Answer an appeal against a sanction in the name of a manager: lift it, or let it stand.

    Raises Forbidden, NotFound, or Conflict when it was answered already or somebody else must answer.
    """
    if membership is None or not may_moderate(membership):
        raise Forbidden("Only managers of the site may decide about appeals.")
    found = session.get(Appeal, appeal_id, with_for_update=True, populate_existing=True)
    if found is None or found.site_id != membership.site_id or found.sanction_id is None:
        raise NotFound("There is no such appeal on this site.")
    if found.state != AppealState.OPEN:
        raise Conflict("This appeal has been decided already.")
    by = session.get_one(Person, membership.person_id)
    appeal_outcomes.refuse_involved(session, found, by=by, now=now)
    answer = text.clean(answer, field="answer", max_length=MAX_MESSAGE, multiline=True)
    restriction = session.get_one(Sanction, found.sanction_id)
    ended = restriction.lifted_at or restriction.acknowledged_at or (restriction.until and restriction.until <= now)
    if outcome == AppealOutcome.OVERTURNED and not ended:
        sanctions.lift(
            session, restriction.id, person_id=restriction.person_id, reason=answer[: sanctions.MAX_REASON],
            membership=membership, now=now,
        )  # fmt: skip
    appeal_outcomes.settle(session, found, outcome, by_person_id=by.id, words=answer, now=now)
    return found


def _open(session: Session, made: Appeal, comment: Comment, decision: Decision, *, now: int) -> Appeal:
    session.add(made)
    session.flush()
    cases.open_case(
        session, comment, reasons=Reason.APPEAL,
        guideline=Guideline(decision.guideline) if decision.guideline else None, likelihood=0.5, now=now,
    )  # fmt: skip
    return made


def _refuse_late(decided_at: int, now: int) -> None:
    if now > appeals.deadline(decided_at):
        raise Conflict(_TOO_LATE)
