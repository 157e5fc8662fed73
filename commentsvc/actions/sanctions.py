"""What changes when a site restricts a person: warned, premoderated, suspended, banned, and let off again?

A sanction's terms never change: who changes one lifts it and puts another in its place, so that all of it stays known.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import notices
from commentsvc.enums import NoticeKind, SanctionKind
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound, Sanctioned
from commentsvc.permissions import may_moderate, may_sanction
from commentsvc.queries.sites import find_membership, is_in_force, list_sanctions
from commentsvc.store.models import Membership, Person, PersonNote, Sanction, Site

MAX_REASON = 1000
MAX_NOTE = 4000
_CHANGED = "Replaced by other terms."
_SECOND = 1_000_000


def refuse_sanctioned(
    session: Session, person_id: int, site_id: int, *, now: int, writing: bool = False
) -> list[Sanction]:
    """Raise Sanctioned when the person is banned or suspended on the site, or writes with a warning unconfirmed;
    return the sanctions in force that don't forbid it."""
    found = list_sanctions(session, person_id, site_id, now=now)
    for sanction in found:
        if sanction.kind == SanctionKind.BAN:
            message = "You can no longer take part in these comments."
        elif sanction.kind == SanctionKind.SUSPEND:
            message = "You can't take part in these comments for now."
        elif sanction.kind == SanctionKind.WARN and writing:
            message = "Please confirm first that you have read what the community managers told you."
        else:
            continue
        raise Sanctioned(
            message,
            details={
                "kind": sanction.kind,
                "sanction": str(sanction.id),
                "reason": sanction.reason,
                "until_us": sanction.until,
            },
        )
    return found


def sanction(
    session: Session,
    person_id: int,
    *,
    kind: SanctionKind,
    reason: str,
    membership: Membership | None,
    now: int,
    until: int | None = None,
) -> Sanction:
    """Restrict a person in the name of a manager of the site; Forbidden when that isn't theirs to do.

    One kind is in force once: a second one is a change, and Conflict says so.
    """
    site, by = require_power(session, person_id, membership)
    in_force = is_in_force(site.id, now=now)
    same = select(Sanction.id).where(Sanction.person_id == person_id, Sanction.kind == kind, in_force)
    if kind != SanctionKind.WARN and session.scalar(same.limit(1)) is not None:
        raise Conflict("That is in force already; change its terms instead.")
    return impose(
        session, site=site, person=session.get_one(Person, person_id), kind=kind, reason=reason, by=by, until=until,
        now=now,
    )  # fmt: skip


def impose(
    session: Session,
    *,
    site: Site,
    person: Person,
    kind: SanctionKind,
    reason: str,
    by: Person | None,
    now: int,
    until: int | None = None,
    replaces: Sanction | None = None,
) -> Sanction:
    """Restrict a person on one site, in force from the next request on; only a ban or premoderation may be endless."""
    if kind == SanctionKind.SUSPEND and until is None:
        raise Invalid("A suspension needs an end.", field="until")
    if until is not None and until <= now:
        raise Invalid("The end must lie in the future.", field="until")
    made = Sanction(
        person_id=person.id,
        site_id=site.id,
        kind=kind,
        reason=text.clean(reason, field="reason", max_length=MAX_REASON, multiline=True),
        by_person_id=by.id if by else None,
        created_at=now,
        until=None if kind == SanctionKind.WARN else until,
        replaces_id=replaces.id if replaces else None,
    )
    session.add(made)
    session.flush()
    facts = {"sanction": str(made.id), "kind": made.kind, "reason": made.reason, "until": made.until}
    notices.notify(session, NoticeKind.SANCTION, person_id=person.id, site_id=site.id, facts=facts, now=now)
    return made


def change(
    session: Session,
    sanction_id: int,
    *,
    person_id: int,
    reason: str,
    until: int | None,
    membership: Membership | None,
    now: int,
) -> Sanction:
    """Give a sanction another end and reason: the old one is lifted, and a new one takes its place."""
    site, by = require_power(session, person_id, membership)
    old = _in_force(session, sanction_id, person_id=person_id, site_id=site.id, now=now)
    _end(session, old, by=by, reason=_CHANGED, now=now)
    return impose(
        session, site=site, person=session.get_one(Person, old.person_id), kind=SanctionKind(old.kind), reason=reason,
        by=by, until=until, replaces=old, now=now,
    )  # fmt: skip


def lift(
    session: Session, sanction_id: int, *, person_id: int, reason: str, membership: Membership | None, now: int
) -> Sanction:
    """End a sanction now, in the name of a manager; it stays in the history."""
    site, by = require_power(session, person_id, membership)
    ended = _in_force(session, sanction_id, person_id=person_id, site_id=site.id, now=now)
    reason = text.clean(reason, field="reason", max_length=MAX_REASON, multiline=True)
    _end(session, ended, by=by, reason=reason, now=now)
    return ended


def acknowledge(session: Session, sanction_id: int, *, by: Person, site_id: int, now: int) -> Sanction:
    """Keep that somebody has read the warning that they were given; a second time changes nothing."""
    warning = session.get(Sanction, sanction_id)
    mine = warning is not None and (warning.person_id, warning.site_id) == (by.id, site_id)
    if warning is None or not mine or warning.kind != SanctionKind.WARN:
        raise NotFound("There is no such warning.")
    if warning.acknowledged_at is None and warning.lifted_at is None:
        warning.acknowledged_at = now
    session.flush()
    return warning


def add_note(session: Session, person_id: int, *, body: str, membership: Membership | None, now: int) -> PersonNote:
    """Keep a note about a person for the site's managers; the person never sees it."""
    if membership is None or not may_moderate(membership):
        raise Forbidden("Only managers of the site may write notes.")
    if find_membership(session, person_id, membership.site_id) is None:
        raise NotFound("There is no such person on this site.")
    note = PersonNote(
        person_id=person_id,
        site_id=membership.site_id,
        body=text.clean(body, field="note", max_length=MAX_NOTE, multiline=True),
        by_person_id=membership.person_id,
        created_at=now,
    )
    session.add(note)
    session.flush()
    return note


def require_power(session: Session, person_id: int, membership: Membership | None) -> tuple[Site, Person]:
    """Return the manager's site and person, or raise Forbidden or NotFound when this person isn't theirs."""
    if membership is None or not may_moderate(membership):
        raise Forbidden("Only managers of the site may restrict people.")
    whom = find_membership(session, person_id, membership.site_id)
    if whom is None:
        raise NotFound("There is no such person on this site.")
    if not may_sanction(membership, whom):
        raise Forbidden(
            "Managers can't restrict themselves, each other or administrators; an administrator can restrict a manager."
        )
    # Two managers at once: the second waits, and sees what the first did.
    session.execute(
        select(Membership.person_id)
        .where(Membership.person_id == person_id, Membership.site_id == membership.site_id)
        .with_for_update()
    )
    return session.get_one(Site, membership.site_id), session.get_one(Person, membership.person_id)


def _in_force(session: Session, sanction_id: int, *, person_id: int, site_id: int, now: int) -> Sanction:
    found = session.get(Sanction, sanction_id, populate_existing=True)
    if found is None or (found.person_id, found.site_id) != (person_id, site_id):
        raise NotFound("There is no such sanction on this site.")
    if found.lifted_at is not None or found.acknowledged_at is not None:
        raise Conflict("This sanction is over already.")
    if found.until is not None and found.until <= now:
        raise Conflict("This sanction is over already.")
    return found


def _end(session: Session, ended: Sanction, *, by: Person, reason: str, now: int) -> None:
    session.execute(
        update(Sanction)
        .where(Sanction.id == ended.id)
        .values(lifted_at=now, lifted_by_person_id=by.id, lift_reason=reason)
    )
    session.refresh(ended)
