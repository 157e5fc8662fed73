"""Who often posts what is illegal, or gives notices without ground, and what was done about it (DSA, article 23)?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import String, case, func, literal_column, select
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import MeasureKind
from commentsvc.store.models import Comment, Decision, LegalNotice, Membership, NotifierMeasure

YEAR_US = 365 * 86_400_000_000
_MOST = 50
_LEGAL, _REJECT = literal_column("'legal'", String), literal_column("'reject'", String)
_DISMISSED = literal_column("'dismissed'", String)


@dataclass(frozen=True, slots=True)
class Poster:
    """Somebody whose comments were found illegal, so often within a year."""

    membership: Membership
    count: int


@dataclass(frozen=True, slots=True)
class Notifier:
    """An address whose notices were found unfounded, so often within a year, and what was done about it."""

    email: str
    count: int
    total: int
    measures: Sequence[NotifierMeasure]


def posters(session: Session, site_id: int, *, least: int, now: int) -> Sequence[Poster]:
    """List readers whose comments people rejected as illegal at least so often within a year, and left rejected."""
    undoing = aliased(Decision)
    counted = (
        select(Comment.person_id, func.count(func.distinct(Comment.id)).label("number"))
        .join(Decision, Decision.comment_id == Comment.id)
        .outerjoin(undoing, undoing.undoes_id == Decision.id)
        .where(
            Decision.site_id == site_id, Decision.created_at > now - YEAR_US, Decision.guideline == _LEGAL,
            Decision.action == _REJECT, Decision.by_person_id.is_not(None), undoing.id.is_(None),
            Comment.status == "rejected",
        )
        .group_by(Comment.person_id)
        .having(func.count(func.distinct(Comment.id)) >= least)
        .order_by(func.count(func.distinct(Comment.id)).desc(), Comment.person_id)
        .limit(_MOST)
        .subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Membership, counted.c.number)
        .join(counted, counted.c.person_id == Membership.person_id)
        .where(Membership.site_id == site_id)
        .order_by(counted.c.number.desc(), Membership.person_id)
    )
    return [Poster(membership, number) for membership, number in rows]


def notifiers(session: Session, site_id: int, *, least: int, now: int) -> Sequence[Notifier]:
    """List addresses whose notices were dismissed at least so often within a year, or against which a measure holds."""
    recent = now - YEAR_US
    rows = session.execute(
        select(LegalNotice.email, func.count().label("number"))
        .where(
            LegalNotice.site_id == site_id, LegalNotice.email != "", LegalNotice.created_at > recent,
            LegalNotice.outcome == _DISMISSED,
        )
        .group_by(LegalNotice.email)
        .having(func.count() >= least)
        .order_by(func.count().desc(), LegalNotice.email)
        .limit(_MOST)
    ).all()  # fmt: skip
    dismissed = {row.email: row.number for row in rows}
    measures = session.scalars(
        select(NotifierMeasure)
        .where(NotifierMeasure.site_id == site_id, NotifierMeasure.created_at > recent)
        .order_by(NotifierMeasure.id.desc())
        .limit(4 * _MOST)
    ).all()
    emails = list(dict.fromkeys([*dismissed, *(measure.email for measure in measures)]))
    totals = _totals(session, site_id, emails, since=recent)
    return [
        Notifier(
            email, dismissed.get(email, totals.get(email, (0, 0))[1]), totals.get(email, (0, 0))[0],
            [measure for measure in measures if measure.email == email],
        )
        for email in emails
    ]  # fmt: skip


def find_suspension(session: Session, site_id: int, email: str, *, now: int) -> NotifierMeasure | None:
    """Find what keeps an address's notices from being handled now."""
    return session.scalar(
        select(NotifierMeasure)
        .where(
            NotifierMeasure.site_id == site_id, NotifierMeasure.email == email.lower(),
            NotifierMeasure.kind == MeasureKind.SUSPEND, NotifierMeasure.lifted_at.is_(None),
            NotifierMeasure.until > now,
        )
        .order_by(NotifierMeasure.id.desc())
        .limit(1)
    )  # fmt: skip


def was_warned(session: Session, site_id: int, email: str, *, now: int) -> bool:
    """Say whether an address was warned within a year."""
    query = select(NotifierMeasure.id).where(
        NotifierMeasure.site_id == site_id,
        NotifierMeasure.email == email,
        NotifierMeasure.kind == MeasureKind.WARN,
        NotifierMeasure.lifted_at.is_(None),
        NotifierMeasure.created_at > now - YEAR_US,
    )
    return session.scalar(query.limit(1)) is not None


def _totals(session: Session, site_id: int, emails: Sequence[str], *, since: int) -> dict[str, tuple[int, int]]:
    """Count an address's notices, and those of them that were dismissed: a year's notices are few."""
    dismissed = func.sum(case((LegalNotice.outcome == "dismissed", 1), else_=0))
    rows = session.execute(
        select(LegalNotice.email, func.count(), dismissed)
        .where(LegalNotice.site_id == site_id, LegalNotice.created_at > since, LegalNotice.email.in_(emails))
        .group_by(LegalNotice.email)
    )
    return {email: (count, int(bad or 0)) for email, count, bad in rows}
