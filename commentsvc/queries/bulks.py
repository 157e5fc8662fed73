"""Which comments would a bulk decision be about, what would it do, and how far has it come?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Float, Select, Subquery, and_, case, func, or_, select, type_coerce
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import TOXICITY_LABELS, Action, BulkKind, BulkScope, BulkState, SignalState, Status
from commentsvc.queries import people, waves
from commentsvc.queries.people import Face
from commentsvc.store.models import OPEN, Article, Bulk, BulkItem, Case, Comment, Decision, SignalRow

SCORES = (*TOXICITY_LABELS, "relevance")
"""By what a band may be chosen: the general toxicity, one of its labels, or relevance."""
_EXAMPLES = 10
_ARTICLES = 5


@dataclass(frozen=True, slots=True)
class Example:
    """One of the comments, with its author, and the case where a manager can look at it."""

    comment: Comment
    article: Article
    author: Face
    case_id: int | None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a set of comments is like: how many, in which statuses, by how many people, where; and a few of them."""

    total: int = 0
    people: int = 0
    open_cases: int = 0
    by_status: Mapping[Status, int] = field(default_factory=dict)
    by_article: Sequence[tuple[Article, int]] = ()
    articles: int = 0
    examples: Sequence[Example] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """A comment that a bulk decision, or its taking back, left alone, and why."""

    comment: Comment
    article: Article
    author: Face
    case_id: int | None
    problem: str
    is_decided: bool
    """Decided, but not taken back with the rest; else not decided at all."""


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far decisions that were made together are; `kept` stayed as they are when the rest was taken back."""

    batch: str
    state: BulkState
    total: int
    done: int
    conflicts: int
    undone: int
    kept: int


def matching(site_id: int, kind: BulkKind, selection: Mapping[str, Any]) -> Select[int, int, int, int]:
    """Select (comment, article, revision, seen) of what an author, a wave or a score band stands for.

    What its author has withdrawn, and what is rejected and waits for nobody, is never among it.
    """
    latest = select(func.max(Case.id)).where(Case.comment_id == Comment.id).correlate(Comment).scalar_subquery()
    query = (
        select(Comment.id, Comment.article_id, Comment.revision, func.coalesce(Case.version, 0).label("seen"))
        .join(Case, Case.id == latest, isouter=True)
        .where(Comment.site_id == site_id, Comment.status != Status.WITHDRAWN)
    )
    is_open = and_(Case.state == OPEN, Case.id.is_not(None))
    is_wide = selection.get("scope") == BulkScope.PUBLIC and kind != BulkKind.SCORE
    query = query.where(or_(is_open, Comment.status == Status.PUBLISHED) if is_wide else is_open)
    if kind == BulkKind.AUTHOR:
        return query.where(Comment.person_id == selection["person"])
    if kind == BulkKind.WAVE:
        return query.where(Comment.id.in_(waves.members(site_id, selection["comment"])))
    return _scored(site_id, selection)


def outlook(session: Session, site_id: int, chosen: Select[Any], *, score: str | None = None) -> Outlook:
    """Look at a set of comments, given by their ids; the number of queries doesn't depend on how many they are."""
    ids = chosen.subquery()
    joined = _statuses(ids)
    by_status: dict[Status, int] = {}
    open_cases = 0
    for status, count, waiting in session.execute(joined):
        by_status[Status(status)] = count
        open_cases += waiting
    total = sum(by_status.values())
    if not total:
        return Outlook()
    counted = (
        select(Comment.article_id, func.count().label("count"))
        .join(ids, ids.c[0] == Comment.id)
        .group_by(Comment.article_id)
        .subquery()
    )
    articles = session.execute(
        select(Article, counted.c.count, func.count().over())
        .join(counted, counted.c.article_id == Article.id)
        .order_by(counted.c.count.desc(), Article.id)
        .limit(_ARTICLES)
    ).all()
    persons = select(func.count(Comment.person_id.distinct())).join(ids, ids.c[0] == Comment.id)
    return Outlook(
        total=total,
        people=session.scalar(persons) or 0,
        open_cases=open_cases,
        by_status=by_status,
        by_article=[(article, count) for article, count, _ in articles],
        articles=articles[0][2],
        examples=_examples(session, site_id, ids, total, score=score),
    )


def items_of(bulk_id: int) -> Select[int]:
    """Select the comments that a prepared bulk decision is fixed to."""
    return select(BulkItem.comment_id).where(BulkItem.bulk_id == bulk_id)


def find(session: Session, site_id: int, bulk_id: int) -> Bulk | None:
    """Find one of a site's bulk decisions."""
    return session.scalar(select(Bulk).where(Bulk.id == bulk_id, Bulk.site_id == site_id))


def find_by_batch(session: Session, site_id: int, batch: str) -> Bulk | None:
    """Find the bulk decision whose decisions have this batch."""
    return session.scalar(select(Bulk).where(Bulk.batch == batch, Bulk.site_id == site_id))


def find_progress(session: Session, site_id: int, batch: str) -> BatchProgress | None:
    """Find how far a batch of a site is, whether it is a bulk decision's or came in one request."""
    bulk = find_by_batch(session, site_id, batch)
    if bulk is not None:
        figures = (bulk.total, bulk.done, bulk.conflicts, bulk.undone, bulk.kept)
        return BatchProgress(batch, BulkState(bulk.state), *figures)
    undoing = aliased(Decision)
    row = session.execute(
        select(func.count(), func.count(undoing.id))
        .select_from(Decision)
        .join(undoing, undoing.undoes_id == Decision.id, isouter=True)
        .where(Decision.batch == batch, Decision.site_id == site_id, Decision.by_person_id.is_not(None))
        .where(Decision.action.not_in((Action.UNDO, Action.WITHDRAW)))
    ).one()
    made, undone = row
    if not made:
        return None
    state = BulkState.UNDONE if undone else BulkState.DONE
    return BatchProgress(batch, state, made, made, 0, undone, made - undone if undone else 0)


def recent(session: Session, site_id: int, *, before: int | None, limit: int) -> Sequence[Bulk]:
    """List a site's bulk decisions that were confirmed, the latest first; one more than `limit` when there are more."""
    query = select(Bulk).where(Bulk.site_id == site_id, Bulk.started_at.is_not(None))
    if before is not None:
        query = query.where(Bulk.id < before)
    return session.scalars(query.order_by(Bulk.id.desc()).limit(limit + 1)).all()


def left(session: Session, bulk: Bulk, *, after: int, limit: int) -> Sequence[tuple[int, Left]]:
    """List what was left alone, as (place, what and why), from behind a place on."""
    latest = select(func.max(Case.id)).where(Case.comment_id == Comment.id).correlate(Comment).scalar_subquery()
    rows = session.execute(
        select(BulkItem, Comment, Article, latest)
        .join(Comment, Comment.id == BulkItem.comment_id)
        .join(Article, Article.id == Comment.article_id)
        .where(BulkItem.bulk_id == bulk.id, BulkItem.problem.is_not(None), BulkItem.place > after)
        .order_by(BulkItem.place)
        .limit(limit)
    ).all()
    faces = people.faces(session, bulk.site_id, {comment.person_id for _, comment, _, _ in rows})
    return [
        (
            item.place,
            Left(comment, article, faces[comment.person_id], case_id, item.problem or "", item.decision_id is not None),
        )
        for item, comment, article, case_id in rows
    ]


def _scored(site_id: int, selection: Mapping[str, Any]) -> Select[int, int, int, int]:
    value, checked = _score(selection["score"])
    return (
        select(Comment.id, Comment.article_id, Comment.revision, Case.version.label("seen"))
        .join(Case, and_(Case.comment_id == Comment.id, Case.state == OPEN))
        .join(SignalRow, checked)
        .where(Case.site_id == site_id, Comment.status != Status.WITHDRAWN)
        .where(value >= selection["low"], value <= selection["high"])
    )


def _score(name: str) -> tuple[ColumnElement[Any], ColumnElement[bool]]:
    """Return a score's value and how its row is found: the check's latest word on the newest revision."""
    check = "relevance" if name == "relevance" else "toxicity"
    newer = aliased(SignalRow)
    is_latest = (
        ~select(newer.id)
        .where(newer.comment_id == SignalRow.comment_id, newer.revision == SignalRow.revision)
        .where(newer.check == check, newer.id > SignalRow.id)
        .exists()
    )
    checked = and_(
        SignalRow.comment_id == Comment.id, SignalRow.revision == Comment.revision, SignalRow.check == check,
        SignalRow.state == SignalState.OBSERVED, is_latest,
    )  # fmt: skip
    whole = name in {"toxicity", "relevance"}
    value: ColumnElement[Any] = type_coerce(SignalRow.score, Float)
    return (value if whole else SignalRow.evidence[("labels", name)].as_float()), checked


def _statuses(ids: Subquery) -> Select[str, int, int]:
    waiting = func.sum(case((Case.id.is_not(None), 1), else_=0))
    return (
        select(Comment.status, func.count(), waiting)
        .join(ids, ids.c[0] == Comment.id)
        .join(Case, and_(Case.comment_id == Comment.id, Case.state == OPEN), isouter=True)
        .group_by(Comment.status)
    )


def _examples(session: Session, site_id: int, ids: Subquery, total: int, *, score: str | None) -> Sequence[Example]:
    """Pick a few comments spread evenly over articles, and over time within each, so that they speak for all."""
    in_order = func.row_number().over(order_by=(Comment.article_id, Comment.id)).label("place")
    place = select(Comment.id.label("id"), in_order).join(ids, ids.c[0] == Comment.id).subquery()
    latest = select(func.max(Case.id)).where(Case.comment_id == Comment.id).correlate(Comment).scalar_subquery()
    rows = session.execute(
        select(Comment, Article, latest)
        .join(place, place.c.id == Comment.id)
        .join(Article, Article.id == Comment.article_id)
        .where((place.c.place - 1) % max(1, -(-total // _EXAMPLES)) == 0)
        .order_by(Comment.id.desc())
        .limit(_EXAMPLES)
    ).all()
    scores: dict[int, float] = {}
    if score is not None:
        value, checked = _score(score)
        shown = [comment.id for comment, _, _ in rows]
        found = select(Comment.id, value).join(SignalRow, checked).where(Comment.id.in_(shown))
        scores = {one: given for one, given in session.execute(found) if given is not None}
    faces = people.faces(session, site_id, {comment.person_id for comment, _, _ in rows})
    return [
        Example(comment, article, faces[comment.person_id], case_id, scores.get(comment.id))
        for comment, article, case_id in rows
    ]
