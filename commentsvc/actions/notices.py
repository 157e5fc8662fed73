"""What is a person told of, how do they want to be told, and what do they follow?"""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commentsvc.enums import Following, MailPace, NoticeKind, Status
from commentsvc.errors import Conflict, NotFound
from commentsvc.infra import jobs
from commentsvc.moderation.opening import local_time
from commentsvc.queries.callers import derived_key
from commentsvc.queries.notices import Preference, preferences_for, preferences_of
from commentsvc.store.models import Article, Comment, Follow, Notice, NoticePreference, Person, Site
from commentsvc.store.paging import parse_id

MAIL_JOB = "notice_mails"
MOST_FOLLOWS = 1000
_MINUTE, _HOUR = 60 * jobs.SECOND, 3600 * jobs.SECOND
_MORNING = time(8)
"""When those who want one mail a day get it, by their site's clocks."""


def notify(
    session: Session,
    kind: NoticeKind,
    *,
    person_id: int,
    site_id: int,
    now: int,
    comment_id: int | None = None,
    decision_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Notice:
    """Tell a person of something on one site, in the ways that they want."""
    how = preferences_for(session, [person_id], site_id, kind)[person_id]
    due = mail_time(how.mail, zone=session.get_one(Site, site_id).time_zone, now=now)
    notice = Notice(
        kind=kind,
        person_id=person_id,
        site_id=site_id,
        comment_id=comment_id,
        decision_id=decision_id,
        facts=dict(facts or {}),
        in_page=how.in_page,
        mail_at=due,
        created_at=now,
    )
    session.add(notice)
    if due is not None:
        enqueue_mails(session, due, now=now)
    return notice


def tell_of(
    session: Session, kind: NoticeKind, comment: Comment, person_ids: list[int], *, site: Site, now: int
) -> None:
    """Tell several people of somebody's comment; whoever was told of it before, in whichever role, isn't again."""
    rows = []
    for person_id, how in preferences_for(session, person_ids, site.id, kind).items():
        due = mail_time(how.mail, zone=site.time_zone, now=now)
        if how.in_page or due is not None:
            rows.append(
                {
                    "kind": kind, "person_id": person_id, "site_id": site.id, "comment_id": comment.id, "facts": {},
                    "in_page": how.in_page, "mail_at": due, "created_at": now,
                }
            )  # fmt: skip
    if not rows:
        return
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    added = session.scalars(insert(Notice).values(rows).on_conflict_do_nothing().returning(Notice.mail_at)).all()
    for due in {due for due in added if due is not None}:
        enqueue_mails(session, due, now=now)


def enqueue_mails(session: Session, due: int, *, now: int) -> None:
    """Have the mails written that are due at a time; one job, however many they are."""
    jobs.enqueue(session, MAIL_JOB, {}, key=f"{MAIL_JOB}:{due}", run_at=due, now=now)


def mail_time(pace: MailPace, *, zone: str, now: int) -> int | None:
    """Return when what happens now is to be mailed; None for never.

    "At once" is the end of the minute: who rejects forty comments of one person writes them one mail.
    """
    if pace == MailPace.NEVER:
        return None
    if pace == MailPace.DAILY:
        here = local_time(now, zone)
        morning = datetime.combine(here.date(), _MORNING, here.tzinfo)
        if morning <= here:
            morning = datetime.combine(here.date() + timedelta(days=1), _MORNING, here.tzinfo)
        return int(morning.astimezone(UTC).timestamp()) * jobs.SECOND
    step = _HOUR if pace == MailPace.HOURLY else _MINUTE
    return (now // step + 1) * step


def mark_read(session: Session, person_id: int, site_id: int, *, up_to: int, now: int) -> None:
    """Keep that a person has seen their notices up to and including one."""
    session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.site_id == site_id, text("read_at IS NULL"), Notice.id <= up_to)
        .values(read_at=now)
        .execution_options(synchronize_session=False)
    )


def prefer(session: Session, person_id: int, site_id: int, wanted: Mapping[NoticeKind, Preference]) -> None:
    """Set how a person is told of some kinds on a site."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    for kind, how in wanted.items():
        row = insert(NoticePreference).values(
            person_id=person_id, site_id=site_id, kind=kind, in_page=how.in_page, mail=how.mail
        )
        session.execute(
            row.on_conflict_do_update(
                index_elements=["person_id", "site_id", "kind"],
                set_={"in_page": row.excluded.in_page, "mail": row.excluded.mail},
            ).execution_options(synchronize_session=False)
        )


def stop_mails(session: Session, person_id: int, site_id: int) -> None:
    """Send a person no more notices of a site by mail, those included that wait to be sent."""
    known = preferences_of(session, person_id, site_id)
    prefer(session, person_id, site_id, {kind: Preference(how.in_page, MailPace.NEVER) for kind, how in known.items()})
    session.execute(
        update(Notice)
        .where(Notice.person_id == person_id, Notice.site_id == site_id, Notice.mail_at.is_not(None))
        .values(mail_at=None)
        .execution_options(synchronize_session=False)
    )


def follow(session: Session, article: Article, comment_id: int | None, how: Following, *, by: Person, now: int) -> None:
    """Follow or mute an article's thread, or what is below one public comment; or neither any more."""
    if comment_id is not None and how != Following.USUAL:
        comment = session.get(Comment, comment_id)
        if comment is None or comment.article_id != article.id or comment.status != Status.PUBLISHED:
            raise NotFound("There is no such comment.", field="comment")
    about = Follow.comment_id.is_(None) if comment_id is None else Follow.comment_id == comment_id
    gone = delete(Follow).where(Follow.article_id == article.id, Follow.person_id == by.id, about)
    session.execute(gone.execution_options(synchronize_session=False))
    if how == Following.USUAL:
        return
    _refuse_many(session, by)
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "person_id": by.id, "site_id": article.site_id, "article_id": article.id, "comment_id": comment_id,
        "muted": how == Following.MUTE, "created_at": now,
    }  # fmt: skip
    # Two requests at once: one of them is what holds.
    session.execute(insert(Follow).values(row).on_conflict_do_nothing())


def unfollow(session: Session, follow_id: int | None, *, by: Person) -> None:
    """Take back that a person follows or has muted something."""
    gone = delete(Follow).where(Follow.id == (follow_id or 0), Follow.person_id == by.id)
    session.execute(gone.execution_options(synchronize_session=False))


def unsubscribe_token(secret: str, person_id: int, site_id: int) -> str:
    """Make what stops a person's mails from a site, and can do nothing else; it never runs out."""
    digest = hmac.digest(derived_key(secret, "unsubscribe"), f"{person_id}.{site_id}".encode(), "sha256")
    return f"{person_id}.{site_id}.{base64.urlsafe_b64encode(digest[:18]).decode()}"


def read_unsubscribe_token(secret: str, token: str) -> tuple[int, int] | None:
    """Return the person and the site that a token is about, or None when we didn't make it."""
    parts = token.split(".")
    if len(parts) != 3 or not token.isascii():
        return None
    person_id, site_id = parse_id(parts[0]), parse_id(parts[1])
    if person_id is None or site_id is None:
        return None
    made = unsubscribe_token(secret, person_id, site_id)
    return (person_id, site_id) if hmac.compare_digest(made, token) else None


def _refuse_many(session: Session, by: Person) -> None:
    some = select(Follow.id).where(Follow.person_id == by.id).limit(MOST_FOLLOWS)
    if session.scalar(select(func.count()).select_from(some.subquery())) == MOST_FOLLOWS:
        raise Conflict(f"You can follow or mute up to {MOST_FOLLOWS:,} threads; let go of some first.")
