"""Who may decide an appeal, and what becomes of it when its comment is decided, withdrawn, or a decision taken back?

No rule ever answers one: only a person's decision does.
"""

from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commentsvc.actions import cases, notices, notifiers
from commentsvc.enums import Action, AppealKind, AppealOutcome, AppealState, NoticeKind, Reason, ReportOutcome, Status
from commentsvc.errors import Conflict
from commentsvc.queries.appeals import first_decider, other_managers
from commentsvc.store.models import Appeal, Case, Decision, LegalNotice, Person

_ANSWERING = {Action.APPROVE, Action.REJECT, Action.WITHHOLD}
_FIRST = (
    "You made the decision that this appeal is against, so another manager of the site decides about it. "
    "Leave it in the queue for them."
)
_OWN = "This is your own appeal, so another manager of the site decides about it."


def refuse_first(session: Session, case: Case | None, *, by: Person | None, action: Action, now: int) -> None:
    """Raise Conflict when somebody else must answer the open appeals of a case."""
    if by is None or case is None or not case.reasons & Reason.APPEAL or action not in _ANSWERING:
        return
    for appeal in _open_about(session, case.comment_id):
        refuse_involved(session, appeal, by=by, now=now)


def refuse_involved(session: Session, appeal: Appeal, *, by: Person, now: int) -> None:
    """Raise Conflict when this person made the decision, or the appeal, and the site has somebody else to decide.

    Where nobody else is left they may: a site with one manager must answer appeals too, and the outcome says so.
    """
    first = first_decider(session, appeal)
    if by.id == appeal.person_id and other_managers(session, appeal.site_id, without={by.id}, now=now):
        raise Conflict(_OWN)
    if by.id == first:
        involved = {by.id, appeal.person_id} if appeal.person_id else {by.id}
        if other_managers(session, appeal.site_id, without=involved, now=now):
            raise Conflict(_FIRST)


def answer(session: Session, closed: Case, decision: Decision, *, now: int) -> bool:
    """Settle the open appeals of a case that was closed; return whether the comment's author was told thereby."""
    if not closed.reasons & Reason.APPEAL:
        return False
    told = False
    for appeal in _open_about(session, decision.comment_id):
        if decision.action == Action.WITHDRAW:
            appeal.state, appeal.decided_at = AppealState.DROPPED, now
        else:
            settle(session, appeal, _outcome(appeal, decision), decision=decision, now=now)
            told = told or appeal.kind == AppealKind.AUTHOR
    session.flush()
    return told


def take_up(session: Session, decision: Decision, *, by: Person, now: int) -> Sequence[Appeal]:
    """Find the open appeals against a decision that is about to be taken back, and take them off the queue."""
    open_ = _open_about(session, decision.comment_id)
    against = [appeal for appeal in open_ if appeal.decision_id == decision.id]
    for appeal in against:
        refuse_involved(session, appeal, by=by, now=now)
    case = cases.find_open_case(session, decision.comment_id)
    if against and len(against) == len(open_) and case is not None and case.reasons & Reason.APPEAL:
        cases.drop_reason(session, case, Reason.APPEAL, now=now)
    return against


def overturn(session: Session, appeals: Sequence[Appeal], undone: Decision, *, now: int) -> None:
    """Settle appeals whose decision was taken back."""
    for appeal in appeals:
        settle(session, appeal, AppealOutcome.OVERTURNED, decision=undone, now=now)
    session.flush()


def open_again(session: Session, decision: Decision) -> None:
    """Let the appeals wait again that a decision answered which is taken back."""
    complained = select(Appeal.legal_notice_id).where(
        Appeal.answer_id == decision.id, Appeal.legal_notice_id.is_not(None)
    )
    session.execute(update(LegalNotice).where(LegalNotice.id.in_(complained)).values(outcome=ReportOutcome.DISMISSED))
    session.execute(
        update(Appeal)
        .where(Appeal.answer_id == decision.id)
        .values(
            state=AppealState.OPEN, outcome=None, answer_id=None, answer="", decided_by_person_id=None, decided_at=None
        )
    )


def settle(
    session: Session,
    appeal: Appeal,
    outcome: AppealOutcome,
    *,
    now: int,
    decision: Decision | None = None,
    by_person_id: int | None = None,
    words: str = "",
) -> None:
    """Keep an appeal's outcome and tell who made it."""
    appeal.state, appeal.outcome, appeal.decided_at = AppealState.DECIDED, outcome, now
    appeal.answer_id = decision.id if decision else None
    appeal.decided_by_person_id = decision.by_person_id if decision else by_person_id
    appeal.answer = decision.message if decision else words
    session.flush()
    if appeal.kind == AppealKind.NOTIFIER:
        if outcome == AppealOutcome.OVERTURNED:
            # It had its ground after all: it must not count against who gave it.
            session.execute(
                update(LegalNotice).where(LegalNotice.id == appeal.legal_notice_id).values(outcome=ReportOutcome.UPHELD)
            )
        notifiers.tell_complaint(session, appeal, now=now)
    elif appeal.person_id is not None:
        facts = {
            "appeal": str(appeal.id),
            "outcome": outcome,
            "answer": appeal.answer,
            "sanction": str(appeal.sanction_id) if appeal.sanction_id else None,
            "same_person": first_decider(session, appeal) == appeal.decided_by_person_id,
        }
        notices.notify(
            session, NoticeKind.APPEAL, person_id=appeal.person_id, site_id=appeal.site_id,
            comment_id=appeal.comment_id, decision_id=appeal.answer_id, facts=facts, now=now,
        )  # fmt: skip


def _outcome(appeal: Appeal, decision: Decision) -> AppealOutcome:
    wished = Status.REJECTED if appeal.kind == AppealKind.NOTIFIER else Status.PUBLISHED
    return AppealOutcome.OVERTURNED if decision.to_status == wished else AppealOutcome.CONFIRMED


def _open_about(session: Session, comment_id: int) -> Sequence[Appeal]:
    query = select(Appeal).where(Appeal.comment_id == comment_id, Appeal.state == AppealState.OPEN)
    return session.scalars(query.order_by(Appeal.id)).all()
