"""Who works on which case? Leases of a few minutes, so that no two managers think about the same one.

A lease is a courtesy between colleagues, not a lock: whoever decides a case that somebody else holds may, as its card
says, and what was decided twice is a conflict all the same. Leasing therefore never moves a case's version.

Nobody waits here for anybody: rows that another transaction is changing are left alone, and are tried at the next
look. So leases can't deadlock with decisions, which lock articles first.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commentsvc.errors import Forbidden, Invalid
from commentsvc.permissions import may_moderate
from commentsvc.queries.filtering import Wanted, conditions, is_free, is_held
from commentsvc.store.models import OPEN, Case, Membership, Presence

SECOND = 1_000_000
LEASE_US = 240 * SECOND
"""How long a case stays with somebody who does nothing."""
MAX_CLAIM = 20
_PARTING_US = 20 * SECOND
"""How long leases outlive a page that was left: it may only have been reloaded."""


def claim_cases(
    session: Session, *, count: int, membership: Membership | None, now: int, wanted: Wanted | None = None
) -> Sequence[int]:
    """Lease the `count` most urgent cases that nobody holds (of those `wanted`), and return their ids in that order.

    Safe when several ask at once: a case is theirs only if our UPDATE was the one that changed it. What they hold
    already isn't handed out again; it is renewed.
    """
    by = _manager(membership)
    if not 1 <= count <= MAX_CLAIM:
        raise Invalid(f"Claim 1 to {MAX_CLAIM} cases at once.", field="n")
    renew(session, by, now=now)
    asked = conditions(session, by.site_id, wanted or Wanted(), now=now)
    urgent = select(Case.id).where(*asked, is_free(now)).order_by(Case.rank.desc(), Case.id.desc()).limit(count)
    chosen = _without_waiting(session, urgent)
    won = set(_lease(session, chosen, is_free(now), by=by, until=now + LEASE_US))
    # The case that they are at is theirs like the others now, also when they look at those.
    session.execute(
        update(Presence)
        .where(Presence.site_id == by.site_id, Presence.person_id == by.person_id, Presence.leased)
        .values(leased=False)
    )
    return [case_id for case_id in chosen if case_id in won]


def look_at(session: Session, case_id: int | None, *, membership: Membership | None, active: bool, now: int) -> None:
    """Note that a manager is at the desk, and what they look at.

    When they are `active`, what they hold is renewed, and a case that nobody holds is leased by looking at it, until
    they look at another.
    """
    by = _manager(membership)
    before = session.get(Presence, (by.site_id, by.person_id))
    moved = before is not None and before.case_id != case_id
    if before is not None and moved and before.leased:
        _let_go(session, Case.id == before.case_id, by=by)
    leased = before is not None and not moved and before.leased
    case_id = case_id if _is_open(session, by.site_id, case_id) else None
    if active:
        renew(session, by, now=now)
        if case_id is not None:
            unheld = select(Case.id).where(Case.id == case_id, Case.state == OPEN, is_free(now))
            won = _lease(session, _without_waiting(session, unheld), is_free(now), by=by, until=now + LEASE_US)
            leased = leased or bool(won)
    _keep_presence(session, by, case_id=case_id, leased=leased, now=now)


def release_cases(session: Session, case_ids: Sequence[int] | None, *, membership: Membership | None) -> None:
    """Let go of these cases, or of all that the manager holds; what isn't theirs stays as it is."""
    by = _manager(membership)
    _let_go(session, Case.id.in_(case_ids) if case_ids is not None else Case.lease_until.is_not(None), by=by)


def leave(session: Session, *, membership: Membership | None, now: int) -> None:
    """Note that a manager has left the desk: what they hold is free in a moment, unless they come back.

    What they only looked at is free at once.
    """
    by = _manager(membership)
    seen = session.get(Presence, (by.site_id, by.person_id))
    if seen is not None and seen.leased:
        _let_go(session, Case.id == seen.case_id, by=by)
    ids = _without_waiting(session, _held(by, now))
    session.execute(
        update(Case)
        .where(Case.id.in_(ids), is_held(now, by=by.person_id), Case.lease_until > now + _PARTING_US)
        .values(lease_until=now + _PARTING_US)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(Presence)
        .where(Presence.site_id == by.site_id, Presence.person_id == by.person_id)
        .execution_options(synchronize_session=False)
    )


def renew(session: Session, by: Membership, *, now: int) -> None:
    """Lengthen every lease that a manager has on a site: they are at work."""
    ids = _without_waiting(session, _held(by, now))
    _lease(session, ids, is_held(now, by=by.person_id), by=by, until=now + LEASE_US)


def _manager(membership: Membership | None) -> Membership:
    if membership is None or not may_moderate(membership):
        raise Forbidden("Only managers of the site may claim its cases.")
    return membership


def _held(by: Membership, now: int) -> Select[int]:
    held = select(Case.id).where(Case.site_id == by.site_id, Case.state == OPEN, is_held(now, by=by.person_id))
    return held.order_by(Case.id)


def _without_waiting(session: Session, query: Select[int]) -> Sequence[int]:
    """Read the ids of cases, and lock those rows; SQLite has locked everything already."""
    return session.scalars(query.with_for_update(skip_locked=True, of=Case)).all()


def _lease(
    session: Session, ids: Sequence[int], still: ColumnElement[bool], *, by: Membership, until: int
) -> Sequence[int]:
    if not ids:
        return ()
    rows = session.scalars(
        update(Case)
        .where(Case.id.in_(ids), Case.state == OPEN, still)
        .values(lease_person_id=by.person_id, lease_until=until)
        .returning(Case.id)
        .execution_options(synchronize_session=False)
    )
    return rows.all()


def _let_go(session: Session, which: ColumnElement[bool], *, by: Membership) -> None:
    mine = select(Case.id).where(
        which, Case.site_id == by.site_id, Case.state == OPEN, Case.lease_until.is_not(None),
        Case.lease_person_id == by.person_id,
    )  # fmt: skip
    session.execute(
        update(Case)
        .where(Case.id.in_(_without_waiting(session, mine)), Case.lease_person_id == by.person_id)
        .values(lease_person_id=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )


def _is_open(session: Session, site_id: int, case_id: int | None) -> bool:
    query = select(Case.id).where(Case.id == case_id, Case.site_id == site_id, Case.state == OPEN)
    return case_id is not None and session.scalar(query) is not None


def _keep_presence(session: Session, by: Membership, *, case_id: int | None, leased: bool, now: int) -> None:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    seen = {"case_id": case_id, "leased": leased, "seen_at": now}
    row = {"site_id": by.site_id, "person_id": by.person_id, **seen}
    session.execute(
        insert(Presence)
        .values(row)
        .on_conflict_do_update(index_elements=["site_id", "person_id"], set_=seen)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
