"""Which comments are nearly the same, how many, and from how many people?"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import CompoundSelect, Row, Select, and_, func, literal, select
from sqlalchemy.orm import Session, aliased

from commentsvc.enums import Status
from commentsvc.store.models import Article, Band, Comment

ALIKE_FROM = 3
"""In so many of their bands two texts must agree to count as nearly the same; how likely: moderation.waves."""
_LOOKED_AT = 3
"""In so many bands the beginnings of waves are searched; a wave of any size meets in one of them."""
_GROUPS = 100
_SMALLEST = 3


@dataclass(frozen=True, slots=True)
class Alike:
    """How many comments are nearly like one, itself included, and from how many people."""

    count: int
    people: int


@dataclass(frozen=True, slots=True)
class Wave:
    """Comments that are nearly the same as an example: how many, by how many people, where, from when to when."""

    example: Comment
    article: Article
    count: int
    people: int
    articles: int
    held: int
    public: int
    first_at: int
    last_at: int


def alike(session: Session, site_id: int, comment_ids: Collection[int]) -> dict[int, Alike]:
    """Count, for each of some comments, those nearly like it; in one query. Who stands alone is left out."""
    pairs = _pairs(site_id, comment_ids).subquery()
    rows = session.execute(
        select(pairs.c.one, func.count(), func.count(Comment.person_id.distinct()))
        .join(Comment, Comment.id == pairs.c.other)
        .where(Comment.status != Status.WITHDRAWN)
        .group_by(pairs.c.one)
        .having(func.count() > 1)
    )
    return {one: Alike(count, people) for one, count, people in rows}


def members(site_id: int, comment_id: int) -> CompoundSelect[int]:
    """Select the ids of the comments of a site that are nearly like one, and of that one."""
    pairs = _pairs(site_id, [comment_id]).subquery()
    itself = select(Comment.id).where(Comment.id == comment_id, Comment.site_id == site_id)
    return select(pairs.c.other).union(itself)


def largest(session: Session, site_id: int, *, since: int, limit: int) -> Sequence[Wave]:
    """List the waves with most people, then most comments, among what was posted since a time.

    One of which everything is rejected is over and left out.
    """
    seeds = _seeds(session, site_id, since)
    if not seeds:
        return ()
    groups: dict[int, list[Row[int, int, int, int, int, str]]] = defaultdict(list)
    pairs = _pairs(site_id, seeds).subquery()
    for row in session.execute(
        select(pairs.c.one, Comment.id, Comment.person_id, Comment.article_id, Comment.created_at, Comment.status)
        .join(Comment, Comment.id == pairs.c.other)
        .where(Comment.status != Status.WITHDRAWN, Comment.created_at > since)
    ):
        groups[row[0]].append(row)
    chosen: list[list[Row[int, int, int, int, int, str]]] = []
    taken: set[int] = set()
    for rows in sorted(groups.values(), key=lambda rows: (-_people(rows), -len(rows), rows[0][0])):
        # Each wave is met by several seeds: one that another wave holds already begins none of its own.
        if rows[0][0] in taken or len(rows) < _SMALLEST:
            continue
        taken |= {row[1] for row in rows}
        if any(row[5] != Status.REJECTED for row in rows):
            chosen.append(rows)
    return _waves(session, chosen[:limit])


_one, _other = aliased(Band), aliased(Band)


def _pairs(site_id: int, comment_ids: Collection[int]) -> Select[int, int]:
    """Pair some comments with those that each shares enough bands with, itself among them."""
    same = and_(_other.site_id == _one.site_id, _other.band == _one.band, _other.value == _one.value)
    return (
        select(_one.comment_id.label("one"), _other.comment_id.label("other"))
        .join(_other, same)
        # A sum that no index serves: SQLite would else walk all bands of the site instead of these comments' own.
        .where(_one.comment_id.in_(comment_ids), _one.site_id + 0 == site_id)
        .group_by(_one.comment_id, _other.comment_id)
        .having(func.count() >= ALIKE_FROM)
    )


def _seeds(session: Session, site_id: int, since: int) -> Collection[int]:
    size = func.count()
    rows = session.execute(
        select(func.min(Band.comment_id), size)
        .where(Band.site_id == site_id, Band.created_at > since, Band.band < literal(_LOOKED_AT))
        .group_by(Band.band, Band.value)
        .having(size >= _SMALLEST)
        .order_by(size.desc(), func.min(Band.comment_id))
        .limit(_GROUPS)
    )
    return {seed for seed, _ in rows}


def _waves(session: Session, chosen: Sequence[Sequence[Row[int, int, int, int, int, str]]]) -> Sequence[Wave]:
    seeds = [rows[0][0] for rows in chosen]
    shown = {
        comment.id: (comment, article)
        for comment, article in session.execute(
            select(Comment, Article).join(Article, Article.id == Comment.article_id).where(Comment.id.in_(seeds))
        )
    }
    return [
        Wave(
            *shown[seed],
            count=len(rows),
            people=_people(rows),
            articles=len({row[3] for row in rows}),
            held=sum(row[5] == Status.HELD for row in rows),
            public=sum(row[5] == Status.PUBLISHED for row in rows),
            first_at=min(row[4] for row in rows),
            last_at=max(row[4] for row in rows),
        )
        for seed, rows in zip(seeds, chosen, strict=True)
    ]


def _people(rows: Sequence[Row[int, int, int, int, int, str]]) -> int:
    return len({row[2] for row in rows})
