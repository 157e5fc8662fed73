"""What changes when a site takes on a duty of platforms, or acts on somebody's repeated misuse?"""

from sqlalchemy.orm import Session

from commentsvc import text
from commentsvc.actions import notifiers
from commentsvc.enums import MeasureKind
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.permissions import may_administer, may_moderate
from commentsvc.queries import appeals, misuse
from commentsvc.store.models import LawSettings, Membership, NotifierMeasure

MAX_TEXT = 2000
MAX_DAYS = 365
_DAY = 86_400_000_000


def save_settings(
    session: Session,
    *,
    membership: Membership,
    complaints: bool,
    misuse: bool,
    transparency: bool,
    misuse_from: int,
    out_of_court: str,
    now: int,
) -> LawSettings:
    """Keep which duties a site has taken on; Forbidden for who doesn't administer it."""
    if not may_administer(membership):
        raise Forbidden("Only administrators of the site may change its duties.")
    if not 2 <= misuse_from <= 100:
        raise Invalid("Give a number from 2 to 100.", field="misuse_from")
    kept = appeals.settings_of(session, membership.site_id)
    kept.complaints, kept.misuse, kept.transparency, kept.misuse_from = complaints, misuse, transparency, misuse_from
    kept.out_of_court = text.clean(
        out_of_court, field="out_of_court", max_length=MAX_TEXT, min_length=0, multiline=True
    )
    kept.changed_by_person_id, kept.changed_at = membership.person_id, now
    session.add(kept)
    session.flush()
    return kept


def take_measure(
    session: Session, email: str, *, kind: MeasureKind, reason: str, days: int, membership: Membership, now: int
) -> NotifierMeasure:
    """Warn somebody who often gives unfounded notices, or suspend handling them: a person decides, after a warning.

    Raises Forbidden, NotFound for somebody who isn't among those who often do, Conflict without a warning before.
    """
    if not may_moderate(membership):
        raise Forbidden("Only managers of the site may do this.")
    site_id, settings = membership.site_id, appeals.settings_of(session, membership.site_id)
    if not settings.misuse:
        raise Conflict("This site hasn’t switched on measures against misuse.")
    known = misuse.notifiers(session, site_id, least=settings.misuse_from, now=now)
    if email not in {one.email for one in known}:
        raise NotFound("There is nobody with this address who often gave unfounded notices.")
    reason = text.clean(reason, field="reason", max_length=MAX_TEXT, min_length=10, multiline=True)
    if kind == MeasureKind.SUSPEND:
        if not 1 <= days <= MAX_DAYS:
            raise Invalid(f"Give 1 to {MAX_DAYS} days.", field="days")
        if not misuse.was_warned(session, site_id, email, now=now):
            raise Conflict("They must be warned first.")
        if misuse.find_suspension(session, site_id, email, now=now) is not None:
            raise Conflict("Their notices aren’t handled already.")
    made = NotifierMeasure(
        site_id=site_id, email=email, kind=kind, reason=reason, by_person_id=membership.person_id, created_at=now,
        until=now + days * _DAY if kind == MeasureKind.SUSPEND else None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    notifiers.tell_measure(session, made, now=now)
    return made


def lift_measure(session: Session, measure_id: int, *, membership: Membership, now: int) -> NotifierMeasure:
    """End a warning or a suspension; it stays in the record."""
    if not may_moderate(membership):
        raise Forbidden("Only managers of the site may do this.")
    found = session.get(NotifierMeasure, measure_id, with_for_update=True, populate_existing=True)
    if found is None or found.site_id != membership.site_id:
        raise NotFound("There is no such measure on this site.")
    if found.lifted_at is not None:
        raise Conflict("It was ended already.")
    found.lifted_at, found.lifted_by_person_id = now, membership.person_id
    session.flush()
    return found
