"""Which mails are to be sent, and what becomes of each? A row written beside what it tells of, and a job that sends it.

A crash loses none; one that was sent as the process died may come twice, with the same Message-ID.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from commentsvc.actions import bounces, links, notice_words
from commentsvc.enums import MailKind, MessageState
from commentsvc.errors import Unanswered
from commentsvc.infra import jobs, letters, mail
from commentsvc.infra.mail import AddressRefused, Mail
from commentsvc.queries import statements
from commentsvc.queries.callers import derived_key
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from commentsvc.store.models import OutgoingMail, Person, Site

JOB = "mail"
_FIRST_PAUSE_US, _LONGEST_PAUSE_US = 30 * jobs.SECOND, 1800 * jobs.SECOND
_GIVE_UP_US = 24 * 3600 * jobs.SECOND
_TOO_LATE = "Its link was used, or expired, before it could be sent."
_NOTHING_LEFT = "What it told of was gone, or not wanted any more, before it could be sent."


def post(
    session: Session,
    kind: MailKind,
    *,
    to: str,
    facts: Mapping[str, Any],
    now: int,
    person: Person | None = None,
    site: Site | None = None,
    link: str | None = None,
) -> OutgoingMail:
    """Have a mail sent once the transaction has committed; `link` is the nonce of a one-time link in it."""
    outgoing = OutgoingMail(
        kind=kind,
        to_address=to,
        person_id=person.id if person else None,
        site_id=site.id if site else None,
        facts=dict(facts),
        link_nonce=link,
        state=MessageState.WAITING,
        created_at=now,
    )
    session.add(outgoing)
    session.flush()
    jobs.enqueue(session, JOB, {"mail": outgoing.id}, key=f"{JOB}:{outgoing.id}", now=now)
    return outgoing


def render(session: Session, outgoing: OutgoingMail, settings: Settings, *, now: int) -> Mail | None:
    """Write a mail as it is sent, or return None when the link in it leads nowhere any more.

    What it tells of comments is looked up now: its row may have waited for hours.
    """
    person = session.get(Person, outgoing.person_id) if outgoing.person_id else None
    site = session.get(Site, outgoing.site_id) if outgoing.site_id else None
    link_url = None
    if outgoing.link_nonce:
        link_url = links.url(
            session, outgoing.link_nonce, base_url=settings.base_url, secret=settings.secret_key, now=now
        )
        if link_url is None:
            return None
    known = {
        "site": {"name": site.name, "key": site.key} if site else None,
        "person": {"name": person.name} if person else None,
        "base_url": settings.base_url,
        "link_url": link_url,
    }
    # A receipt's address is derived here, as a link's token is: who reads the outbox can't follow it.
    nonce = str(outgoing.facts.get("receipt") or "")
    known["receipt_url"] = statements.receipt_url(nonce, base_url=settings.base_url, secret=settings.secret_key)
    facts: Mapping[str, Any] = outgoing.facts
    headers: Mapping[str, str] = {}
    if outgoing.kind == MailKind.NOTICES:
        words = notice_words.write(session, outgoing, person=person, site=site, settings=settings)
        if words is None:
            return None
        facts, headers = words
    subject, text, html = letters.write(outgoing.kind, {**facts, **known})
    return Mail(
        outgoing.to_address, subject, text, key_of(outgoing.id, settings.secret_key), html=html, headers=headers
    )


def key_of(mail_id: int, secret: str) -> str:
    """Name a mail for its Message-ID; who reports that it bounced must have seen it, for nobody can guess this."""
    return f"mail-{mail_id}.{hmac.digest(derived_key(secret, 'mail'), str(mail_id).encode(), 'sha256').hex()[:20]}"


def deliver(db: Database, settings: Settings, mail_id: int, *, clock: Callable[[], int]) -> int | None:
    """Send one mail; return None when that is done or given up, else in how many microseconds to try again."""
    with db.reading() as session:
        outgoing = session.get(OutgoingMail, mail_id)
        if outgoing is None or outgoing.state != MessageState.WAITING:
            return None
        written = render(session, outgoing, settings, now=clock())
    problem, is_refused = _problem(settings, outgoing, written)
    now, attempts = clock(), outgoing.attempts + 1
    is_hopeless = written is None or is_refused or now - outgoing.created_at > _GIVE_UP_US
    state = MessageState.SENT if not problem else MessageState.FAILED if is_hopeless else MessageState.WAITING
    with db.writing() as session:
        session.execute(
            update(OutgoingMail)
            .where(OutgoingMail.id == mail_id)
            .values(state=state, attempts=attempts, error=problem, sent_at=None if problem else now)
        )
        if is_refused:
            bounces.mark(session, outgoing.to_address, detail=problem, now=now)
    if state != MessageState.WAITING:
        return None
    pause: int = _FIRST_PAUSE_US << min(attempts - 1, 10)
    return min(pause, _LONGEST_PAUSE_US)


def _problem(settings: Settings, outgoing: OutgoingMail, written: Mail | None) -> tuple[str, bool]:
    """Send it, and say what went wrong, nothing when it was taken; and whether there is no such address."""
    if written is None:
        return _NOTHING_LEFT if outgoing.kind == MailKind.NOTICES else _TOO_LATE, False
    try:
        mail.send(settings.mail_url, written, sender=settings.sender)
    except Unanswered as refusal:
        return refusal.message, isinstance(refusal, AddressRefused)
    return "", False
