"""Which cases wait for a manager, and what does one need to see to decide them?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, func, literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.enums import CaseSort, CaseState, Reason
from commentsvc.errors import Invalid
from commentsvc.queries import blind, filtering, legal_notices, people
from commentsvc.queries.people import Face, Record
from commentsvc.store.models import (
    OPEN,
    Appeal,
    Article,
    Case,
    Comment,
    Decision,
    LegalNotice,
    Report,
    SignalRow,
)
from commentsvc.store.paging import Cursor, after, cut, decode_cursor

_ANCESTORS = 3
_REPORTS = 20
_KEYS: dict[tuple[CaseState, CaseSort], tuple[InstrumentedAttribute[Any], bool]] = {
    (CaseState.OPEN, CaseSort.PRIORITY): (Case.rank, True),
    (CaseState.OPEN, CaseSort.OLDEST): (Case.opened_at, False),
    (CaseState.OPEN, CaseSort.NEWEST): (Case.opened_at, True),
    (CaseState.CLOSED, CaseSort.OLDEST): (Case.closed_at, False),
    (CaseState.CLOSED, CaseSort.NEWEST): (Case.closed_at, True),
}


Wanted = filtering.Wanted
"""Which cases someone asks for, and in which order."""


@dataclass(frozen=True, slots=True)
class Ancestor:
    """A comment further up the thread."""

    comment: Comment
    author: Face


@dataclass(frozen=True, slots=True)
class Complaint:
    """One reader's report and who made it."""

    report: Report
    by: Face


@dataclass(frozen=True, slots=True)
class Card:
    """One case with everything around it. Ancestors come outermost first; signals are each check's latest.

    Of one that is judged blind it holds nothing that would tell what the checks said; see queries.blind.
    """

    case: Case
    comment: Comment
    article: Article
    author: Record
    ancestors: Sequence[Ancestor] = ()
    signals: Sequence[SignalRow] = ()
    reports: Sequence[Complaint] = ()
    report_count: int = 0
    notices: Sequence[LegalNotice] = ()
    latest: Decision | None = None
    latest_by: Face | None = None
    leased_to: Face | None = None
    appeal: Appeal | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some cases in order, and where the next ones begin."""

    cards: Sequence[Card]
    next: str | None


def page(session: Session, site_id: int, wanted: Wanted, *, cursor: str | None, limit: int, now: int) -> Page:
    """Read one page of a site's cases; raises Invalid for a sort or cursor that doesn't fit.

    The number of queries is the same for one case and for a hundred.
    """
    sort = wanted.sort or (CaseSort.PRIORITY if wanted.state == CaseState.OPEN else CaseSort.NEWEST)
    if (wanted.state, sort) not in _KEYS:
        raise Invalid("Closed cases have no priority; sort them by newest or oldest.", field="sort")
    key, descending = _KEYS[wanted.state, sort]
    name = f"{wanted.state}.{sort}"
    query = _joined().where(*filtering.conditions(session, site_id, wanted, now=now))
    query = after(query, decode_cursor(cursor, sort=name), key, Case.id, descending=descending)
    rows, more = cut(session.execute(query.limit(limit + 1)).all(), limit)
    end = Cursor(name, getattr(rows[-1][0], key.key), rows[-1][0].id).encode() if more else None
    return Page(_cards(session, site_id, rows, now=now), end)


def find_card(session: Session, site_id: int, case_id: int, *, now: int) -> Card | None:
    """Find one case of a site with everything around it."""
    query = _joined().where(Case.id == case_id, Case.site_id == site_id)
    rows = session.execute(query.execution_options(populate_existing=True)).all()
    return next(iter(_cards(session, site_id, rows, now=now)), None)


def list_cards(session: Session, site_id: int, ids: Sequence[int], *, now: int) -> Sequence[Card]:
    """Read cases of a site with everything around them, the most urgent first."""
    query = _joined().where(Case.id.in_(ids), Case.site_id == site_id).order_by(Case.rank.desc(), Case.id.desc())
    rows = session.execute(query.execution_options(populate_existing=True)).all()
    return _cards(session, site_id, rows, now=now)


def count_each(session: Session, site_id: int, wanted: Mapping[int, Wanted], *, most: int, now: int) -> dict[int, int]:
    """Count what several filters find, each up to `most`, in one query."""
    counts = [
        select(literal(key).label("key"), func.count().label("found")).select_from(
            select(Case.id).where(*filtering.conditions(session, site_id, each, now=now)).limit(most).subquery()
        )
        for key, each in wanted.items()
    ]
    return {row.key: row.found for row in session.execute(union_all(*counts))} if counts else {}


def find_version(session: Session, comment_id: int) -> int | None:
    """Find the version of a comment's latest case: what the next decision must have seen."""
    return session.scalar(select(Case.version).where(Case.comment_id == comment_id).order_by(Case.id.desc()).limit(1))


def find_open_case_id(session: Session, comment_id: int) -> int | None:
    """Find the open case about a comment."""
    return session.scalar(select(Case.id).where(Case.comment_id == comment_id, Case.state == OPEN))


def find_latest_case_id(session: Session, comment_id: int) -> int | None:
    """Find the newest case about a comment, open or closed."""
    return session.scalar(select(Case.id).where(Case.comment_id == comment_id).order_by(Case.id.desc()).limit(1))


def is_open(session: Session, site_id: int, case_id: int) -> bool:
    """Say whether a site's case still waits."""
    query = select(Case.id).where(Case.id == case_id, Case.site_id == site_id, Case.state == OPEN)
    return session.scalar(query) is not None


def _joined() -> Select[Case, Comment, Article]:
    return (
        select(Case, Comment, Article)
        .join(Comment, Comment.id == Case.comment_id)
        .join(Article, Article.id == Case.article_id)
    )


def _cards(session: Session, site_id: int, rows: Sequence[Row[Case, Comment, Article]], *, now: int) -> Sequence[Card]:
    ids = [comment.id for _, comment, _ in rows]
    if not ids:
        return ()
    unseen = {comment.id for case, comment, _ in rows if blind.is_hidden(case)}
    chains = _ancestors(session, ids)
    signals = _signals(session, set(ids) - unseen)
    reports, counts = _reports(session, ids)
    latest = _latest_decisions(session, set(ids) - unseen)
    legal = legal_notices.by_comment(session, set(ids) - unseen)
    appeals = _appeals(session, [comment.id for case, comment, _ in rows if case.reasons & Reason.APPEAL])
    records = people.records(session, site_id, {comment.person_id for _, comment, _ in rows}, now=now)
    faces = people.faces(
        session,
        site_id,
        {c.person_id for chain in chains.values() for c in chain}
        | {r.person_id for some in reports.values() for r in some}
        | {d.by_person_id for d in latest.values() if d.by_person_id is not None}
        | {holder for case, _, _ in rows if (holder := _holder(case, now)) is not None},
    )
    return [
        Card(
            case=case,
            comment=comment,
            article=article,
            author=records[comment.person_id],
            ancestors=[Ancestor(c, faces[c.person_id]) for c in chains.get(comment.id, ())],
            signals=signals.get(comment.id, ()),
            reports=[Complaint(r, faces[r.person_id]) for r in reports.get(comment.id, ())],
            report_count=counts.get(comment.id, 0),
            notices=legal.get(comment.id, ()),
            latest=(decision := latest.get(comment.id)),
            latest_by=faces[decision.by_person_id] if decision and decision.by_person_id else None,
            leased_to=faces[holder] if (holder := _holder(case, now)) else None,
            appeal=appeals.get(comment.id),
        )
        for found, written, article in rows
        for case, comment in [blind.shown(found, written)]
    ]


def _holder(case: Case, now: int) -> int | None:
    return case.lease_person_id if case.lease_until is not None and case.lease_until > now else None


def _appeals(session: Session, ids: Iterable[int]) -> dict[int, Appeal]:
    """Find the latest appeal about each comment."""
    appeals = session.scalars(select(Appeal).where(Appeal.comment_id.in_(ids)).order_by(Appeal.id))
    return {appeal.comment_id: appeal for appeal in appeals if appeal.comment_id is not None}


def _ancestors(session: Session, ids: Iterable[int]) -> dict[int, list[Comment]]:
    """Find each comment's nearest ancestors, outermost first; the walk is bounded, threads may be 10,000 deep."""
    chain = (
        select(Comment.id.label("leaf"), Comment.parent_id.label("above"), literal(1).label("step"))
        .where(Comment.id.in_(ids), Comment.parent_id.is_not(None))
        .cte("chain", recursive=True)
    )
    chain = chain.union_all(
        select(chain.c.leaf, Comment.parent_id, chain.c.step + 1)
        .join(Comment, Comment.id == chain.c.above)
        .where(chain.c.step < _ANCESTORS, Comment.parent_id.is_not(None))
    )
    rows = session.execute(
        select(chain.c.leaf, Comment)
        .join(Comment, Comment.id == chain.c.above)
        .order_by(chain.c.leaf, chain.c.step.desc())
    )
    chains: dict[int, list[Comment]] = defaultdict(list)
    for leaf, comment in rows:
        chains[leaf].append(comment)
    return chains


def _signals(session: Session, ids: Iterable[int]) -> dict[int, list[SignalRow]]:
    """Read what the checks said of the newest revision; a check asked again counts once, with its last answer."""
    rows = session.scalars(
        select(SignalRow)
        .join(Comment, (Comment.id == SignalRow.comment_id) & (Comment.revision == SignalRow.revision))
        .where(SignalRow.comment_id.in_(ids))
        .order_by(SignalRow.id)
    )
    latest = {(row.comment_id, row.check): row for row in rows}
    signals: dict[int, list[SignalRow]] = defaultdict(list)
    for row in latest.values():
        signals[row.comment_id].append(row)
    return signals


def _reports(session: Session, ids: Iterable[int]) -> tuple[dict[int, list[Report]], dict[int, int]]:
    """Read each comment's latest reports, and how many there are in all."""
    place = func.row_number().over(partition_by=Report.comment_id, order_by=Report.id.desc())
    total = func.count().over(partition_by=Report.comment_id)
    ranked = select(Report.id, place.label("place"), total.label("total")).where(Report.comment_id.in_(ids)).subquery()
    rows = session.execute(
        select(Report, ranked.c.total)
        .join(ranked, ranked.c.id == Report.id)
        .where(ranked.c.place <= _REPORTS)
        .order_by(Report.id.desc())
    )
    reports: dict[int, list[Report]] = defaultdict(list)
    counts: dict[int, int] = {}
    for report, count in rows:
        reports[report.comment_id].append(report)
        counts[report.comment_id] = count
    return reports, counts


def _latest_decisions(session: Session, ids: Iterable[int]) -> dict[int, Decision]:
    newest = select(func.max(Decision.id)).where(Decision.comment_id.in_(ids)).group_by(Decision.comment_id)
    rows = session.scalars(select(Decision).where(Decision.id.in_(newest)))
    return {decision.comment_id: decision for decision in rows}
