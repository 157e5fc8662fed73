"""Which appeals are there, may somebody still appeal, and who else could decide?"""

import calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from commentsvc.enums import AppealKind, Role, SanctionKind
from commentsvc.queries.sites import is_in_force
from commentsvc.store.models import OPEN, Appeal, Decision, LawSettings, Membership, Sanction
from commentsvc.store.paging import Cursor, after, cut, decode_cursor

MONTHS = 6
_SORT = "appeals"


@dataclass(frozen=True, slots=True)
class Page:
    """Some appeals, newest first, and where the next ones begin."""

    appeals: Sequence[Appeal]
    next: str | None


def deadline(decided_at: int) -> int:
    """Return until when one may appeal: six months later by the calendar, on a shorter month's last day if need be."""
    then = datetime.fromtimestamp(decided_at // 1_000_000, UTC)
    month = then.month - 1 + MONTHS
    year, month = then.year + month // 12, month % 12 + 1
    day = min(then.day, calendar.monthrange(year, month)[1])
    return int(then.replace(year=year, month=month, day=day).timestamp()) * 1_000_000 + decided_at % 1_000_000


def against(session: Session, decision_ids: Collection[int]) -> Mapping[int, Appeal]:
    """Find the author's appeal that is against, or was answered by, each of these decisions, in one query."""
    if not decision_ids:
        return {}
    found: dict[int, Appeal] = {}
    query = select(Appeal).where(
        Appeal.kind == AppealKind.AUTHOR,
        or_(Appeal.decision_id.in_(decision_ids), Appeal.answer_id.in_(decision_ids)),
    )
    for appeal in session.scalars(query.order_by(Appeal.id)):
        for decision_id in (appeal.decision_id, appeal.answer_id):
            if decision_id is not None:
                found[decision_id] = appeal
    return found


def against_sanctions(session: Session, sanction_ids: Collection[int]) -> Mapping[int, Appeal]:
    """Find the appeal against each of these sanctions, in one query."""
    if not sanction_ids:
        return {}
    found = session.scalars(select(Appeal).where(Appeal.sanction_id.in_(sanction_ids)))
    return {appeal.sanction_id: appeal for appeal in found if appeal.sanction_id is not None}


def of_notice(session: Session, notice_ids: Collection[int]) -> Mapping[int, Appeal]:
    """Find the notifier's complaint about each of these notices, in one query."""
    found = session.scalars(select(Appeal).where(Appeal.legal_notice_id.in_(notice_ids)))
    return {appeal.legal_notice_id: appeal for appeal in found if appeal.legal_notice_id is not None}


def first_decider(session: Session, appeal: Appeal) -> int | None:
    """Say who made the decision that an appeal is against; None for a rule."""
    if appeal.sanction_id is not None:
        return session.get_one(Sanction, appeal.sanction_id).by_person_id
    return session.get_one(Decision, appeal.decision_id).by_person_id


def other_managers(session: Session, site_id: int, *, without: Collection[int], now: int) -> bool:
    """Say whether the site has a manager besides these who may decide."""
    barred = exists().where(
        Sanction.person_id == Membership.person_id,
        is_in_force(site_id, now=now),
        Sanction.kind.in_((SanctionKind.BAN, SanctionKind.SUSPEND)),
    )
    query = select(Membership.person_id).where(
        Membership.site_id == site_id,
        Membership.role.in_((Role.MANAGER, Role.ADMIN)),
        Membership.person_id.not_in(without),
        ~barred,
    )
    return session.scalar(query.limit(1)) is not None


def page(session: Session, site_id: int, *, is_open: bool, cursor: str | None, limit: int) -> Page:
    """Read a site's appeals, newest first: those that wait, or all."""
    query = select(Appeal).where(Appeal.site_id == site_id)
    if is_open:
        query = query.where(Appeal.state == OPEN)
    query = after(query, decode_cursor(cursor, sort=_SORT), Appeal.id, Appeal.id, descending=True)
    rows, more = cut(session.scalars(query.limit(limit + 1)).all(), limit)
    return Page(rows, Cursor(_SORT, rows[-1].id, rows[-1].id).encode() if more else None)


def settings_of(session: Session, site_id: int) -> LawSettings:
    """Return which duties a site has taken on; unsaved defaults where it never said."""
    return session.get(LawSettings, site_id) or LawSettings(
        site_id=site_id, complaints=False, misuse=False, transparency=False, misuse_from=3, out_of_court="",
        changed_by_person_id=None, changed_at=0,
    )  # fmt: skip
