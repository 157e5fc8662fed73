"""What goes away by itself: answers, codes, tokens, links and messages that nobody can use any more?"""

from sqlalchemy import delete, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from commentsvc.actions import retaining, waves
from commentsvc.enums import BulkState, SiteChangeKind
from commentsvc.infra import jobs
from commentsvc.store.models import (
    AlertMessage,
    AuthorizationCode,
    Band,
    Bulk,
    BulkItem,
    IdempotencyKey,
    Invitation,
    OneTimeLink,
    RefreshToken,
    RefusedSignOn,
    Sighting,
    SignInFailure,
    SiteChange,
    UsedAssertion,
)

_DAY_US = 24 * 3600 * 1_000_000
_KEEP_MESSAGES_US = 90 * _DAY_US
_KEEP_REFUSALS_US = 30 * _DAY_US
_KEEP_SIGHTINGS_US = 90 * _DAY_US


def purge(session: Session, *, now: int) -> int:
    """Delete whatever has run out and return how many rows went."""
    ends: list[tuple[InstrumentedAttribute[int], int]] = [
        (AuthorizationCode.expires_at, now),
        (RefreshToken.expires_at, now),
        (OneTimeLink.expires_at, now),
        (UsedAssertion.expires_at, now),
        (RefusedSignOn.created_at, now - _KEEP_REFUSALS_US),
        (Invitation.expires_at, now),
        (Sighting.seen_at, now - _KEEP_SIGHTINGS_US),
        (IdempotencyKey.created_at, now - _DAY_US),
        (SignInFailure.created_at, now - _DAY_US),
        (AlertMessage.created_at, now - _KEEP_MESSAGES_US),
        (Band.created_at, now - waves.KEEP_US),
    ]
    gone = jobs.purge(session, now=now) + _purge_unconfirmed(session, now=now)
    gone += _purge_invited(session, now=now) + retaining.purge(session, now=now)
    for column, end in ends:
        rows = session.execute(
            delete(column.class_).where(column < end).returning(column).execution_options(synchronize_session=False)
        )
        gone += len(rows.all())
    return gone


def _purge_invited(session: Session, *, now: int) -> int:
    """Forget who was invited a while ago: the log has their addresses, and perhaps they never made an account."""
    old = delete(SiteChange).where(
        SiteChange.kind.in_((SiteChangeKind.INVITED, SiteChangeKind.UNINVITED)),
        SiteChange.created_at < now - _KEEP_MESSAGES_US,
    )
    rows = session.execute(old.returning(SiteChange.id).execution_options(synchronize_session=False))
    return len(rows.all())


def _purge_unconfirmed(session: Session, *, now: int) -> int:
    """Delete the bulk decisions that were prepared a day ago and never confirmed."""
    # Written as the index is, or SQLite wouldn't use it.
    waiting = text(f"state = '{BulkState.PREPARED}'")
    old = session.scalars(select(Bulk.id).where(Bulk.created_at < now - _DAY_US, waiting).with_for_update()).all()
    for rows in (delete(BulkItem).where(BulkItem.bulk_id.in_(old)), delete(Bulk).where(Bulk.id.in_(old))):
        session.execute(rows.execution_options(synchronize_session=False))
    return len(old)
