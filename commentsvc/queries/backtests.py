"""What is there to replay a policy over, and what did replays find?"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from commentsvc.enums import Action, Role
from commentsvc.queries import signals
from commentsvc.store.models import Article, Backtest, Case, Comment, Decision, Membership, SignalRow

_DECIDING = (Action.APPROVE, Action.REJECT)


@dataclass(frozen=True, slots=True)
class Row:
    """One comment as it was judged: `then` is what a rule made of its newest revision, `person` what somebody did.

    Without signals there is nothing to replay, and neither is read.
    """

    comment_id: int
    created_at: int
    body: str
    mode: str | None
    section: str | None
    is_staff: bool
    signals: Sequence[SignalRow]
    then: str | None
    person: str | None


@dataclass(frozen=True, slots=True)
class Listed:
    """A comment that a replay decides otherwise than a person did."""

    comment: Comment
    article: Article
    case_id: int | None
    is_open: bool


def count(session: Session, backtest: Backtest) -> int:
    """Count the comments that a back-test is to replay."""
    query = select(func.count()).select_from(Comment)
    in_time = Comment.created_at.between(backtest.since, backtest.created_at)
    return session.scalar(query.where(Comment.site_id == backtest.site_id, in_time)) or 0


def next_chunk(session: Session, backtest: Backtest, *, limit: int) -> Sequence[Row]:
    """Read the comments that come next, newest first, in three queries.

    Columns alone, and decisions of those alone that have something to replay: a replay goes over all of a site.
    """
    query = (
        select(
            Comment.id, Comment.created_at, Comment.revision, Comment.body, Article.mode, Article.section,
            Membership.role,
        )
        .join(Article, Article.id == Comment.article_id)
        .outerjoin(Membership, and_(Membership.person_id == Comment.person_id, Membership.site_id == Comment.site_id))
        .where(Comment.site_id == backtest.site_id)
        # A bound of the index's own: by the condition below alone, each chunk would walk over all that came before.
        .where(Comment.created_at.between(backtest.since, backtest.reached or backtest.created_at))
    )  # fmt: skip
    if backtest.reached is not None:
        earlier = and_(Comment.created_at == backtest.reached, Comment.id < backtest.reached_id)
        query = query.where(or_(Comment.created_at < backtest.reached, earlier))
    found = session.execute(query.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(limit)).all()
    observed = signals.latest(session, [row.id for row in found])
    then, persons = _decided(session, observed)
    return [
        Row(
            row.id, row.created_at, row.body, row.mode, row.section, row.role not in {None, Role.READER},
            observed.get(row.id, []), then.get((row.id, row.revision)), persons.get((row.id, row.revision)),
        )
        for row in found
    ]  # fmt: skip


def find(session: Session, site_id: int, backtest_id: int | None) -> Backtest | None:
    """Find a site's back-test."""
    found = session.get(Backtest, backtest_id) if backtest_id else None
    return found if found is not None and found.site_id == site_id else None


def list_latest(session: Session, site_id: int, *, limit: int = 10) -> Sequence[Backtest]:
    """List a site's latest back-tests, newest first."""
    query = select(Backtest).where(Backtest.site_id == site_id).order_by(Backtest.id.desc()).limit(limit)
    return session.scalars(query).all()


def find_latest_done(session: Session, site_id: int) -> Backtest | None:
    """Find the latest back-test that came to its end."""
    query = select(Backtest).where(Backtest.site_id == site_id, Backtest.finished_at.is_not(None))
    return session.scalar(query.order_by(Backtest.id.desc()).limit(1))


def listed(session: Session, site_id: int, comment_ids: Sequence[int]) -> Sequence[Listed]:
    """Read comments that a back-test lists, with their latest cases, in its order."""
    rows = session.execute(
        select(Comment, Article)
        .join(Article, Article.id == Comment.article_id)
        .where(Comment.id.in_(comment_ids), Comment.site_id == site_id)
    ).all()
    latest = _latest_cases(session, comment_ids)
    found = {comment.id: (comment, article) for comment, article in rows}
    return [Listed(*found[one], *latest.get(one, (None, False))) for one in comment_ids if one in found]


def _latest_cases(session: Session, comment_ids: Collection[int]) -> dict[int, tuple[int, bool]]:
    newest = select(func.max(Case.id)).where(Case.comment_id.in_(comment_ids)).group_by(Case.comment_id)
    rows = session.execute(select(Case.comment_id, Case.id, Case.state).where(Case.id.in_(newest)))
    return {row.comment_id: (row.id, row.state == "open") for row in rows}


def _decided(
    session: Session, ids: Collection[int]
) -> tuple[dict[tuple[int, int], str], dict[tuple[int, int], str]]:  # fmt: skip
    """Read what rules made of each revision until a person came, and what persons decided last, but for the undone."""
    query = select(
        Decision.id, Decision.comment_id, Decision.revision, Decision.by_person_id, Decision.action, Decision.to_status,
        Decision.undoes_id,
    )  # fmt: skip
    decisions = session.execute(query.where(Decision.comment_id.in_(ids)).order_by(Decision.id)).all()
    undone = {decision.undoes_id for decision in decisions}
    then: dict[tuple[int, int], str] = {}
    persons: dict[tuple[int, int], str] = {}
    for decision in decisions:
        of = (decision.comment_id, decision.revision)
        if decision.by_person_id is None and of not in persons:
            then[of] = decision.to_status
        elif decision.action in _DECIDING and decision.id not in undone:
            persons[of] = decision.action
    return then, persons
