"""What are people told by mail who gave notice of illegal content, with or without an account?"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from commentsvc.actions import mailing
from commentsvc.enums import AppealOutcome, MailKind, MeasureKind, ReportOutcome
from commentsvc.store.models import Appeal, Article, Comment, Decision, LegalNotice, NotifierMeasure, Site


def tell_received(session: Session, notice: LegalNotice, *, count: int, now: int) -> None:
    """Send the receipt of a notice, with its address."""
    if notice.email:
        facts = {"number": notice.id, "count": count, "is_handled": notice.outcome is None, "receipt": notice.nonce}
        _post(session, MailKind.NOTICE_RECEIPT, notice.email, notice.site_id, facts, now=now)


def tell_decided(session: Session, decision: Decision, *, now: int) -> None:
    """Send what was decided to those whose notices this decision answered, once nothing in a notice is open."""
    same = aliased(LegalNotice)
    still_open = exists().where(same.receipt_hash == LegalNotice.receipt_hash, same.outcome.is_(None))
    answered = session.scalars(
        select(LegalNotice).where(LegalNotice.decision_id == decision.id, LegalNotice.email != "", ~still_open)
    )
    for notice in answered.all():
        facts = {"items": _items(session, notice), "receipt": notice.nonce}
        _post(session, MailKind.NOTICE_DECIDED, notice.email, notice.site_id, facts, now=now)


def tell_complaint(session: Session, appeal: Appeal, *, now: int) -> None:
    """Send what became of a notifier's complaint."""
    notice = session.get_one(LegalNotice, appeal.legal_notice_id)
    if notice.email:
        facts = {
            "number": notice.id,
            "is_removed": appeal.outcome == AppealOutcome.OVERTURNED,
            "answer": appeal.answer,
            "receipt": notice.nonce,
        }
        _post(session, MailKind.COMPLAINT_DECIDED, notice.email, notice.site_id, facts, now=now)


def tell_measure(session: Session, measure: NotifierMeasure, *, now: int) -> None:
    """Send a warning, or that notices aren't handled for now, with the reason."""
    until = f"{datetime.fromtimestamp(measure.until // 1_000_000, UTC):%Y-%m-%d}" if measure.until else ""
    facts = {"is_warning": measure.kind == MeasureKind.WARN, "reason": measure.reason, "until": until}
    _post(session, MailKind.NOTIFIER_MEASURE, measure.email, measure.site_id, facts, now=now)


def _items(session: Session, notice: LegalNotice) -> list[dict[str, Any]]:
    rows = session.execute(
        select(LegalNotice.comment_id, LegalNotice.outcome, Article.title)
        .join(Comment, Comment.id == LegalNotice.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .where(LegalNotice.receipt_hash == notice.receipt_hash)
        .order_by(LegalNotice.id)
    )
    return [
        {"comment": row.comment_id, "article": row.title, "is_removed": row.outcome == ReportOutcome.UPHELD}
        for row in rows
    ]


def _post(session: Session, kind: MailKind, to: str, site_id: int, facts: dict[str, Any], *, now: int) -> None:
    mailing.post(session, kind, to=to, site=session.get_one(Site, site_id), facts=facts, now=now)
