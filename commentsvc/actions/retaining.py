"""What changes when a site says how long it keeps things, and what goes when that time is over?"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from commentsvc.actions import exporting
from commentsvc.enums import DeletionState, MailKind, MessageState
from commentsvc.errors import Forbidden, Invalid
from commentsvc.permissions import may_administer
from commentsvc.queries.retention import BOUNDS, Kept, retention_of
from commentsvc.store.models import (
    Access,
    AccountDeletion,
    Appeal,
    CommentNetwork,
    Decision,
    Export,
    LegalNotice,
    Membership,
    NetworkKey,
    OutgoingMail,
    PolicyChange,
    Retention,
    Site,
    Table,
)

_DAY_US = 24 * 3600 * 1_000_000


def change(session: Session, wanted: Mapping[str, int], *, membership: Membership | None, now: int) -> Kept:
    """Set how many days a site keeps things, in the name of an administrator; Invalid names the member."""
    if membership is None or not may_administer(membership):
        raise Forbidden("Only administrators of the site may say how long things are kept.")
    for name, (least, most) in BOUNDS.items():
        if not least <= wanted[name] <= most:
            raise Invalid(f"{least:,} to {most:,} days, please.", field=name)
    site = session.get_one(Site, membership.site_id, with_for_update=True)
    before, after = retention_of(session, site.id), Kept(**{name: wanted[name] for name in BOUNDS})
    if before == after:
        return after
    row = session.get(Retention, site.id) or Retention(site_id=site.id)
    for name in BOUNDS:
        setattr(row, name, wanted[name])
    row.updated_at, row.updated_by_id = now, membership.person_id
    session.add(row)
    _log(session, site, before, after, by_id=membership.person_id, now=now)
    return after


def purge(session: Session, *, now: int) -> int:
    """Delete or empty whatever sites keep no longer, and what was for once; return how many rows."""
    gone = 0
    for site_id in session.scalars(select(Site.id).order_by(Site.id)).all():
        gone += _purge_site(session, site_id, retention_of(session, site_id), now=now)
    # No site has its hashes longer than the longest may, so the day's key is of no use either.
    gone += _delete(session, NetworkKey, NetworkKey.day < now // _DAY_US - BOUNDS["network_days"][1])
    gone += _delete(
        session,
        OutgoingMail,
        OutgoingMail.site_id.is_(None),
        OutgoingMail.created_at < now - Kept().mail_days * _DAY_US,
    )
    # The last mail to somebody who is gone goes as soon as it has been sent.
    gone += _delete(
        session, OutgoingMail, OutgoingMail.kind == MailKind.DELETION_DONE, OutgoingMail.state != MessageState.WAITING
    )
    over = session.scalars(select(Export.id).where(Export.expires_at < now)).all()
    taken_back = (AccountDeletion.state == DeletionState.TAKEN_BACK, AccountDeletion.due_at < now - 30 * _DAY_US)
    return gone + exporting.discard(session, over) + _delete(session, AccountDeletion, *taken_back)


def _purge_site(session: Session, site_id: int, kept: Kept, *, now: int) -> int:
    def end(days: int) -> int:
        return now - days * _DAY_US

    gone = 0
    for table, days in (
        (CommentNetwork, kept.network_days),
        (OutgoingMail, kept.mail_days),
        (Access, kept.access_days),
    ):
        gone += _delete(session, table, table.site_id == site_id, table.created_at < end(days))
    return gone + _empty_legal(session, site_id, end(kept.legal_days))


def _empty_legal(session: Session, site_id: int, before: int) -> int:
    """Take the words and the senders out of legal cases that were closed long ago; that they were stays counted."""
    answered = select(Decision.id).where(Decision.id == LegalNotice.decision_id, Decision.created_at < before)
    has_words = (LegalNotice.name != "") | (LegalNotice.email != "") | (LegalNotice.explanation != "")
    notices = (
        update(LegalNotice)
        .where(LegalNotice.site_id == site_id, LegalNotice.created_at < before, has_words, answered.exists())
        .values(name="", email="", explanation="")
        .returning(LegalNotice.id)
    )
    appeals = (
        update(Appeal)
        .where(Appeal.site_id == site_id, Appeal.decided_at < before, (Appeal.message != "") | (Appeal.answer != ""))
        .values(message="", answer="")
        .returning(Appeal.id)
    )
    changed = [session.scalars(one.execution_options(synchronize_session=False)).all() for one in (notices, appeals)]
    return sum(map(len, changed))


def _delete(session: Session, table: type[Table], *which: ColumnElement[bool]) -> int:
    key = table.__mapper__.primary_key[0]
    rows = delete(table).where(*which).returning(key).execution_options(synchronize_session=False)
    return len(session.execute(rows).all())


def _log(session: Session, site: Site, before: Kept, after: Kept, *, by_id: int, now: int) -> None:
    changed = [name for name in BOUNDS if getattr(before, name) != getattr(after, name)]
    session.add(
        PolicyChange(
            site_id=site.id,
            what="retention",
            before={name: getattr(before, name) for name in changed},
            after={name: getattr(after, name) for name in changed},
            by_person_id=by_id,
            created_at=now,
        )
    )
