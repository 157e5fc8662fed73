"""What does a site know of one person: record, sanctions, notes, reports, nudges, all they have written there?"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.enums import Guideline, ReportReason, Status
from commentsvc.errors import NotFound
from commentsvc.queries import people
from commentsvc.queries.people import Face, Record
from commentsvc.queries.sites import find_membership
from commentsvc.store.models import (
    Article,
    Case,
    Clearing,
    Comment,
    Decision,
    Membership,
    Nudge,
    PersonNote,
    Report,
    Sanction,
)
from commentsvc.store.paging import Cursor, after, cut, decode_cursor

_MOST_SANCTIONS = 50
_MOST_NOTES = 50
_MOST_REPORTS = 20
_SORT = "person.newest"


@dataclass(frozen=True, slots=True)
class Imposed:
    """A sanction, who imposed it and who lifted it."""

    sanction: Sanction
    by: Face | None
    lifted_by: Face | None
    in_force: bool


@dataclass(frozen=True, slots=True)
class Note:
    """What a manager wrote about a person."""

    note: PersonNote
    by: Face


@dataclass(frozen=True, slots=True)
class Made:
    """A report that the person made, and the comment that it was about."""

    report: Report
    comment: Comment
    author: Face


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that a manager may know of a person on one site, but for the comments themselves."""

    membership: Membership
    record: Record
    sanctions: Sequence[Imposed]
    notes: Sequence[Note]
    statuses: Mapping[Status, int]
    reports_made: Sequence[Made]
    reports_open: int
    reports_received: Mapping[ReportReason, int]
    nudges: Mapping[str, int]
    """How the person answered nudges, by outcome; "abandoned" for none."""
    clearing: Clearing | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of a person's comments someone asks for."""

    status: Status | None = None
    guideline: Guideline | None = None
    q: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """One of the person's comments, its article, its latest decision and its latest case."""

    comment: Comment
    article: Article
    decision: Decision | None
    case: Case | None


@dataclass(frozen=True, slots=True)
class Page:
    """Some of a person's comments, newest first, and where the next ones begin."""

    written: Sequence[Written]
    next: str | None


def get_dossier(session: Session, site_id: int, person_id: int | None, *, now: int) -> Dossier:
    """Return what a site knows of a person, or raise NotFound: who has never been there isn't there."""
    membership = find_membership(session, person_id, site_id) if person_id else None
    if membership is None:
        raise NotFound("There is no such person on this site.")
    who = membership.person_id
    sanctions = _sanctions(session, site_id, who)
    notes = _notes(session, site_id, who)
    reports = _reports_made(session, site_id, who)
    faces = people.faces(
        session,
        site_id,
        {note.by_person_id for note in notes}
        | {comment.person_id for _, comment in reports}
        | {id for one in sanctions for id in (one.by_person_id, one.lifted_by_person_id) if id},
    )
    record = people.records(session, site_id, [who], now=now)[who]
    in_force = {one.id for one in record.sanctions}
    return Dossier(
        membership=membership,
        record=record,
        sanctions=[
            Imposed(one, faces.get(one.by_person_id or 0), faces.get(one.lifted_by_person_id or 0), one.id in in_force)
            for one in sanctions
        ],
        notes=[Note(note, faces[note.by_person_id]) for note in notes],
        statuses=_statuses(session, site_id, who),
        reports_made=[Made(report, comment, faces[comment.person_id]) for report, comment in reports],
        reports_open=_count_open_reports(session, site_id, who),
        reports_received=_reports_received(session, site_id, who),
        nudges=_nudges(session, site_id, who),
        clearing=find_clearing(session, site_id, who),
    )


def find_clearing(session: Session, site_id: int, person_id: int) -> Clearing | None:
    """Find the latest clearing of what a person posted."""
    query = select(Clearing).where(Clearing.person_id == person_id, Clearing.site_id == site_id)
    return session.scalar(query.order_by(Clearing.id.desc()).limit(1))


def page(session: Session, site_id: int, person_id: int, wanted: Wanted, *, cursor: str | None, limit: int) -> Page:
    """Read one page of what a person has written on a site, newest first, in three queries."""
    query = (
        select(Comment, Article)
        .join(Article, Article.id == Comment.article_id)
        .where(Comment.person_id == person_id, Comment.site_id == site_id)
    )
    if wanted.status is not None:
        query = query.where(Comment.status == wanted.status)
    if wanted.guideline is not None:
        named = select(Decision.id).where(Decision.comment_id == Comment.id, Decision.guideline == wanted.guideline)
        query = query.where(named.exists())
    if wanted.q:
        query = query.where(Comment.body.icontains(wanted.q, autoescape=True))
    query = after(query, decode_cursor(cursor, sort=_SORT), Comment.id, Comment.id, descending=True)
    rows, more = cut(session.execute(query.limit(limit + 1)).all(), limit)
    ids = [comment.id for comment, _ in rows]
    decisions = _latest_decisions(session, ids)
    cases = _latest_cases(session, ids)
    written = [Written(comment, article, decisions.get(comment.id), cases.get(comment.id)) for comment, article in rows]
    return Page(written, Cursor(_SORT, ids[-1], ids[-1]).encode() if more else None)


def _sanctions(session: Session, site_id: int, person_id: int) -> Sequence[Sanction]:
    query = select(Sanction).where(Sanction.person_id == person_id, Sanction.site_id == site_id)
    return session.scalars(query.order_by(Sanction.id.desc()).limit(_MOST_SANCTIONS)).all()


def _notes(session: Session, site_id: int, person_id: int) -> Sequence[PersonNote]:
    query = select(PersonNote).where(PersonNote.person_id == person_id, PersonNote.site_id == site_id)
    return session.scalars(query.order_by(PersonNote.id.desc()).limit(_MOST_NOTES)).all()


def _reports_made(session: Session, site_id: int, person_id: int) -> list[tuple[Report, Comment]]:
    rows = session.execute(
        select(Report, Comment)
        .join(Comment, Comment.id == Report.comment_id)
        .where(Report.person_id == person_id, Comment.site_id == site_id)
        .order_by(Report.id.desc())
        .limit(_MOST_REPORTS)
    )
    return [(report, comment) for report, comment in rows]


def _count_open_reports(session: Session, site_id: int, person_id: int) -> int:
    query = (
        select(func.count())
        .select_from(Report)
        .join(Comment, Comment.id == Report.comment_id)
        .where(Report.person_id == person_id, Report.outcome.is_(None), Comment.site_id == site_id)
    )
    return session.scalar(query) or 0


def _statuses(session: Session, site_id: int, person_id: int) -> Mapping[Status, int]:
    query = (
        select(Comment.status, func.count())
        .where(Comment.person_id == person_id, Comment.site_id == site_id)
        .group_by(Comment.status)
    )
    return Counter({Status(status): number for status, number in session.execute(query)})


def _reports_received(session: Session, site_id: int, person_id: int) -> Mapping[ReportReason, int]:
    query = (
        select(Report.reason, func.count())
        .join(Comment, Comment.id == Report.comment_id)
        .where(Comment.person_id == person_id, Comment.site_id == site_id)
        .group_by(Report.reason)
        .order_by(func.count().desc(), Report.reason)
    )
    return {ReportReason(reason): number for reason, number in session.execute(query)}


def _nudges(session: Session, site_id: int, person_id: int) -> Mapping[str, int]:
    query = (
        select(Nudge.outcome, func.count())
        .where(Nudge.person_id == person_id, Nudge.site_id == site_id)
        .group_by(Nudge.outcome)
    )
    return {outcome or "abandoned": number for outcome, number in session.execute(query)}


def _latest_decisions(session: Session, ids: Sequence[int]) -> dict[int, Decision]:
    newest = select(func.max(Decision.id)).where(Decision.comment_id.in_(ids)).group_by(Decision.comment_id)
    return {one.comment_id: one for one in session.scalars(select(Decision).where(Decision.id.in_(newest)))}


def _latest_cases(session: Session, ids: Sequence[int]) -> dict[int, Case]:
    newest = select(func.max(Case.id)).where(Case.comment_id.in_(ids)).group_by(Case.comment_id)
    return {one.comment_id: one for one in session.scalars(select(Case).where(Case.id.in_(newest)))}
