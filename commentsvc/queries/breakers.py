"""What have circuit breakers done, and what is there for one to judge by?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select, text
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import Action, Measure, ReportOutcome, Role, Status
from commentsvc.queries.people import misuses_reports
from commentsvc.store.models import Article, BreakerTrip, Comment, Decision, Membership, Report, SignalRow

_HISTORY = 20
# Written as the partial indexes are, or SQLite wouldn't use them.
_IS_OPEN = text("breaker_trips.ended_at IS NULL")


@dataclass(frozen=True, slots=True)
class Tripped:
    """An article whose breaker has tripped and not ended yet."""

    trip: BreakerTrip
    article: Article


def find_open_trip(session: Session, article_id: int) -> BreakerTrip | None:
    """Find the trip of an article that hasn't ended."""
    return session.scalar(select(BreakerTrip).where(BreakerTrip.article_id == article_id, _IS_OPEN))


def list_open_trips(session: Session, site_id: int) -> list[Tripped]:
    """List a site's articles whose breakers have tripped, the first first."""
    rows = session.execute(
        select(BreakerTrip, Article)
        .join(Article, Article.id == BreakerTrip.article_id)
        .where(BreakerTrip.site_id == site_id, _IS_OPEN)
        .order_by(BreakerTrip.id)
    )
    return [Tripped(trip, article) for trip, article in rows]


def list_trips(session: Session, article_id: int) -> Sequence[BreakerTrip]:
    """List an article's latest trips, newest first."""
    query = select(BreakerTrip).where(BreakerTrip.article_id == article_id)
    return session.scalars(query.order_by(BreakerTrip.id.desc()).limit(_HISTORY)).all()


def find_last_end(session: Session, article_id: int) -> int | None:
    """Find when a trip of an article last ended."""
    return session.scalar(select(func.max(BreakerTrip.ended_at)).where(BreakerTrip.article_id == article_id))


def count(
    session: Session, article_id: int, *, since: int, measures: Sequence[Measure], relevance: float | None
) -> tuple[int, int]:
    """Count the readers' comments since a time, and those that are trouble by one of the measures.

    What a manager dismissed or approved is no trouble, nor what only people who misuse reports reported; below
    `relevance` a comment counts as off topic.
    """
    trouble = or_(*(_is_trouble(measure, relevance) for measure in measures))
    counted, troubled = session.execute(
        select(func.count(), func.coalesce(func.sum(case((trouble, 1), else_=0)), 0))
        .select_from(Comment)
        .join(Membership, and_(Membership.person_id == Comment.person_id, Membership.site_id == Comment.site_id))
        .where(
            Comment.article_id == article_id,
            Comment.created_at > since,
            Comment.status != Status.WITHDRAWN,
            Membership.role == Role.READER,
        )
    ).one()
    return counted, int(troubled)


def _is_trouble(measure: Measure, relevance: float | None) -> ColumnElement[bool]:
    if measure is Measure.REJECTED:
        return Comment.status == Status.REJECTED
    if measure is Measure.REPORTED:
        standing = or_(Report.outcome.is_(None), Report.outcome == ReportOutcome.UPHELD)
        return exists().where(Report.comment_id == Comment.id, standing, ~_is_misuse())
    off = exists().where(
        SignalRow.comment_id == Comment.id,
        SignalRow.revision == Comment.revision,
        SignalRow.check == "relevance",
        SignalRow.score < (0.0 if relevance is None else relevance),
    )
    approved = exists().where(Decision.comment_id == Comment.id, Decision.action == Action.APPROVE)
    return and_(off, ~approved)


def _is_misuse() -> ColumnElement[bool]:
    reporter = aliased(Membership)
    return (
        exists()
        .where(
            reporter.person_id == Report.person_id, reporter.site_id == Comment.site_id, misuses_reports(reporter)
        )
        .correlate(Report, Comment)
    )  # fmt: skip
