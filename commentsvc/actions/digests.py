"""Which notices go into which mail? Each into exactly one, however often the job dies or runs."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from commentsvc.actions import mailing
from commentsvc.enums import MailKind, MailPace, NoticeKind
from commentsvc.queries.notices import OF_OTHERS, list_for_mail, may_be_mailed, preferences_of
from commentsvc.store.db import Database
from commentsvc.store.models import Notice, Person, Site

_MOST = 500
"""How many notices are taken up at once; who has more gets a second mail."""


def advance(db: Database, *, now: int) -> int | None:
    """Write one person's mail of what is due; 0 when there may be more to do, None when there isn't.

    The mail's row and the mark on its notices are one transaction: both are there, or neither.
    """
    with db.writing() as session:
        due = select(Notice.person_id, Notice.site_id).where(text("mail_at IS NOT NULL"), Notice.mail_at <= now)
        first = session.execute(due.order_by(Notice.mail_at).limit(1)).first()
        if first is None:
            return None
        _gather(session, first.person_id, first.site_id, now=now)
    return 0


def _gather(session: Session, person_id: int, site_id: int, *, now: int) -> None:
    # Locked: a second worker that found the same person waits here, and then finds nothing.
    notices = session.scalars(
        select(Notice)
        .where(Notice.person_id == person_id, Notice.site_id == site_id, Notice.mail_at <= now)
        .order_by(Notice.id)
        .limit(_MOST)
        .with_for_update()
    ).all()
    for notice in notices:
        notice.mail_at = None
    person, site = session.get_one(Person, person_id), session.get_one(Site, site_id)
    if person.email is None or not may_be_mailed(session, person):
        return
    ids = _worth_it(session, notices, person_id, site_id)
    if ids:
        mailing.post(
            session, MailKind.NOTICES, to=person.email, facts={"notices": ids}, person=person, site=site, now=now
        )


def _worth_it(session: Session, notices: Sequence[Notice], person_id: int, site_id: int) -> list[int]:
    """Leave out what the person has read on the page meanwhile, has no wish to get any more, or may not see now."""
    wanted = preferences_of(session, person_id, site_id)
    ids = [
        notice.id
        for notice in notices
        if wanted[NoticeKind(notice.kind)].mail != MailPace.NEVER
        and not (notice.read_at is not None and notice.kind in OF_OTHERS)
    ]
    return [told.notice.id for told in list_for_mail(session, person_id, site_id, ids)] if ids else []
