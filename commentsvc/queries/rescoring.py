"""Whose scores are not the loaded engine's, and how far has bringing them up to date come?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, Row, Select, and_, exists, func, or_, select, type_coerce
from sqlalchemy.orm import Session

from commentsvc.enums import JobState, Phase, SignalState
from commentsvc.store.models import OPEN, PUBLISHED, Case, Comment, Job, Rescoring, SignalRow

_MADE_UP = "seed"
"""The engine that synthetic data name; what was never really scored needs no newer score."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far rescoring has come; `total` is None until it is counted."""

    engine: str
    version: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What the service has to score once more: rescorings under way, and held comments whose check had failed."""

    done: int
    total: int
    sites: int
    unscored: int


def find_open(session: Session, site_id: int) -> Progress | None:
    """Find how far a site's rescoring has come, when one is under way."""
    found = session.scalar(select(Rescoring).where(Rescoring.site_id == site_id, Rescoring.state == OPEN))
    return Progress(found.engine, found.version, found.done, found.total) if found else None


def upkeep(session: Session) -> Upkeep:
    """Sum up what is to be scored once more on all sites."""
    row = session.execute(
        select(
            func.coalesce(func.sum(Rescoring.done), 0), func.coalesce(func.sum(Rescoring.total), 0), func.count()
        ).where(Rescoring.state == OPEN)
    ).one()
    unscored = select(func.count()).where(Job.name == "rescore", Job.state.in_((JobState.WAITING, JobState.RUNNING)))
    return Upkeep(int(row[0] or 0), int(row[1] or 0), row[2], session.scalar(unscored) or 0)


def list_latest(session: Session) -> Sequence[Rescoring]:
    """List each site's latest rescoring."""
    latest = select(func.max(Rescoring.id)).group_by(Rescoring.site_id)
    return session.scalars(select(Rescoring).where(Rescoring.id.in_(latest))).all()


def count(session: Session, rescoring: Rescoring) -> int:
    """Count the comments that a rescoring is to score; reads as many rows as its time reaches back."""
    cases, published = (
        select(func.count()).select_from(_of(rescoring, phase).subquery()) for phase in (Phase.CASES, Phase.PUBLISHED)
    )
    return (session.scalar(cases) or 0) + (session.scalar(published) or 0)


def next_batch(session: Session, rescoring: Rescoring, *, limit: int) -> Sequence[Row[int, int]]:
    """Read where the next comments of the phase lie, newest first: rows of (key, comment id)."""
    key = _key(rescoring.phase)
    query = _of(rescoring, rescoring.phase)
    if rescoring.reached is not None:
        query = query.where(
            or_(key < rescoring.reached, and_(key == rescoring.reached, Comment.id < rescoring.reached_id))
        )
    return session.execute(query.order_by(key.desc(), Comment.id.desc()).limit(limit)).all()


def is_behind(session: Session, comment: Comment, *, engine: str, version: str) -> bool:
    """Say whether a comment's newest revision was scored, but not by this engine in this version."""
    return session.scalar(select(Comment.id).where(Comment.id == comment.id, _behind(engine, version))) is not None


def has_failed_check(session: Session, comment: Comment) -> bool:
    """Say whether the last thing that some check said of a comment's newest revision is that it failed."""
    rows = session.execute(
        select(SignalRow.check, SignalRow.state)
        .where(SignalRow.comment_id == comment.id, SignalRow.revision == comment.revision)
        .order_by(SignalRow.id)
    )
    return SignalState.FAILED in {row.check: row.state for row in rows}.values()


def _of(rescoring: Rescoring, phase: str) -> Select[int, int]:
    behind = _behind(rescoring.engine, rescoring.version)
    query = select(_key(phase), Comment.id).where(Comment.site_id == rescoring.site_id, behind)
    if phase == Phase.CASES:
        return query.join(Case, Case.comment_id == Comment.id).where(
            Case.state == OPEN, Case.site_id == rescoring.site_id
        )
    waits = exists().where(Case.comment_id == Comment.id, Case.state == OPEN)
    return query.where(Comment.status == PUBLISHED, Comment.published_at >= rescoring.since, ~waits)


def _key(phase: str) -> ColumnElement[int]:
    # As the indexes of open cases and of feeds are.
    return type_coerce(Case.comment_id if phase == Phase.CASES else Comment.published_at, BigInteger)


def _behind(engine: str, version: str) -> ColumnElement[bool]:
    of_newest = and_(
        SignalRow.comment_id == Comment.id, SignalRow.revision == Comment.revision, SignalRow.check == "toxicity"
    )
    by_this = and_(SignalRow.engine == engine, SignalRow.version == version, SignalRow.state != SignalState.FAILED)
    return and_(exists().where(of_newest, SignalRow.engine != _MADE_UP), ~exists().where(of_newest, by_this))
