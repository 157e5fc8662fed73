"""What changes when a backlog grows past a site's line, and when it is over? An alert, and messages about it.

An alert is one episode: told once when it begins and once when it is over. Each message is a row, written with the
alert and sent by a job, so that a crash loses none; one sent as the process died may come twice, with the same id.
"""

import json
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from commentsvc.actions.accounts import check_email
from commentsvc.enums import AlertEvent, AlertKind, Channel, MessageState
from commentsvc.errors import Forbidden, Invalid, Unanswered
from commentsvc.infra import http, jobs, mail
from commentsvc.infra.mail import Mail
from commentsvc.permissions import may_administer
from commentsvc.queries import alerts
from commentsvc.queries.alerts import MINUTE, Change
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from commentsvc.store.models import Alert, AlertMessage, AlertSettings, Article, Membership, Site

JOB = "alert"
MAX_ADDRESSES = 10
MAX_LIMIT = 1_000_000
_FIRST_PAUSE_US, _LONGEST_PAUSE_US = 30 * jobs.SECOND, 1800 * jobs.SECOND
_GIVE_UP_US = 24 * 3600 * jobs.SECOND
_TITLE = 120
_LINES = ("oldest_minutes", "depth", "article_cases", "out_minutes")


@dataclass(frozen=True, slots=True)
class Lines:
    """When a site wants to be told; None: never."""

    oldest_minutes: int | None = None
    depth: int | None = None
    article_cases: int | None = None
    out_minutes: int | None = None


def save_settings(
    session: Session,
    *,
    membership: Membership | None,
    mail_to: Sequence[str],
    webhook_url: str,
    lines: Lines,
    new_secret: bool,
    now: int,
) -> AlertSettings:
    """Keep when and how a site wants to be told; raises Forbidden, or Invalid naming the field."""
    if membership is None or not may_administer(membership):
        raise Forbidden("Only administrators of the site may change its alerts.")
    for name in _LINES:
        value = getattr(lines, name)
        if value is not None and not 1 <= value <= MAX_LIMIT:
            raise Invalid(f"May be 1 to {MAX_LIMIT:,}, or empty.", field=name)
    addresses = list(dict.fromkeys(_address(address) for address in mail_to))
    if len(addresses) > MAX_ADDRESSES:
        raise Invalid(f"Name {MAX_ADDRESSES} addresses at most.", field="mail_to")
    if webhook_url:
        try:
            http.check_url(webhook_url)
        except Unanswered as problem:
            raise Invalid(problem.message, field="webhook_url") from None
    kept = session.get(AlertSettings, membership.site_id)
    if kept is None:
        kept = AlertSettings(site_id=membership.site_id, secret=secrets.token_urlsafe(32))
        session.add(kept)
    elif new_secret:
        kept.secret = secrets.token_urlsafe(32)
    kept.mail_to, kept.webhook_url, kept.updated_at = addresses, webhook_url, now
    for name in _LINES:
        setattr(kept, name, getattr(lines, name))
    session.flush()
    return kept


def send_test(session: Session, *, membership: Membership | None, base_url: str, now: int) -> int:
    """Send a test to every address of a site, and return how many there are."""
    if membership is None or not may_administer(membership):
        raise Forbidden("Only administrators of the site may send a test.")
    settings = session.get(AlertSettings, membership.site_id)
    site = session.get_one(Site, membership.site_id)
    if settings is None or not (settings.mail_to or settings.webhook_url):
        raise Invalid("Save an address for mail or a webhook first.", field="mail_to")
    text = f"{_plain(site.name)}: this is a test of the desk’s alerts. Nothing is wrong."
    return _tell(session, settings, site, AlertEvent.TEST, text, alert_id=None, fields={}, base_url=base_url, now=now)


def watch(db: Database, *, base_url: str, out_since: int | None, now: int) -> int:
    """Raise the alerts whose line is crossed and end those that are over, on all sites; return how many changed.

    Safe when several processes watch at once: only one of them opens an episode, and only one ends it.
    """
    with db.reading() as session:
        found = alerts.changes(session, out_since=out_since, now=now)
    changed = 0
    for change in found:
        with db.writing() as session:
            act = _raise if change.alert_id is None else _end
            changed += act(session, change, base_url, now)
    return changed


def deliver(db: Database, settings: Settings, message_id: int, *, clock: Callable[[], int]) -> int | None:
    """Send one message; return None when that is done or given up, else in how many microseconds to try again."""
    with db.reading() as session:
        message = session.get(AlertMessage, message_id)
        if message is None or message.state != MessageState.WAITING:
            return None
        wanted = session.get(AlertSettings, message.site_id)
    problem = _problem(settings, message, wanted.secret if wanted else "", now=clock())
    now, attempts = clock(), message.attempts + 1
    is_late = now - message.created_at > _GIVE_UP_US
    state = MessageState.SENT if not problem else MessageState.FAILED if is_late else MessageState.WAITING
    with db.writing() as session:
        session.execute(
            update(AlertMessage)
            .where(AlertMessage.id == message_id)
            .values(state=state, attempts=attempts, error=problem, sent_at=None if problem else now)
        )
    if state != MessageState.WAITING:
        return None
    pause: int = _FIRST_PAUSE_US << min(attempts - 1, 10)
    return min(pause, _LONGEST_PAUSE_US)


def _problem(settings: Settings, message: AlertMessage, secret: str, *, now: int) -> str:
    """Send it, and say what went wrong; nothing when it was taken."""
    try:
        if message.channel == Channel.MAIL:
            written = Mail(message.target, message.subject, message.text, f"alert-message-{message.id}")
            mail.send(settings.mail_url, written, sender=settings.sender)
            return ""
        body = json.dumps({**message.payload, "id": str(message.id)}, ensure_ascii=False).encode()
        headers = {
            "Content-Type": "application/json",
            "X-Comments-Signature": http.signature(body, secret=secret, at=now // jobs.SECOND),
        }
        is_ours = http.is_private_host(message.target, settings.private_host_names)
        answer = http.send(message.target, body=body, headers=headers, timeout=10, allow_private=is_ours)
    except Unanswered as refusal:
        return refusal.message
    return "" if answer.is_success else f"It answered {answer.status}."


def _raise(session: Session, change: Change, base_url: str, now: int) -> bool:
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    row = {
        "site_id": change.site_id, "kind": change.kind, "subject": change.subject, "value": change.value,
        "threshold": change.threshold or 0, "began_at": now,
    }  # fmt: skip
    made = session.scalar(insert(Alert).values(row).on_conflict_do_nothing().returning(Alert.id))
    settings = session.get(AlertSettings, change.site_id)
    if made is None or settings is None:
        return False
    site = session.get_one(Site, change.site_id)
    text = f"{_plain(site.name)}: {_said(session, change)}"
    fields = _fields(session, made, change)
    _tell(session, settings, site, AlertEvent.RAISED, text, alert_id=made, fields=fields, base_url=base_url, now=now)
    return True


def _end(session: Session, change: Change, base_url: str, now: int) -> bool:
    began = session.scalar(
        update(Alert).where(Alert.id == change.alert_id, Alert.ended_at.is_(None)).values(ended_at=now)
        .returning(Alert.began_at).execution_options(synchronize_session=False)
    )  # fmt: skip
    settings = session.get(AlertSettings, change.site_id)
    # A line that somebody took away isn't told as if all were well.
    if began is None or settings is None or change.threshold is None or change.alert_id is None:
        return False
    site = session.get_one(Site, change.site_id)
    text = f"{_plain(site.name)}: resolved after {_span((now - began) / MINUTE)}. {_said_now(session, change)}"
    fields = _fields(session, change.alert_id, change)
    _tell(
        session, settings, site, AlertEvent.RESOLVED, text, alert_id=change.alert_id, fields=fields, base_url=base_url,
        now=now,
    )  # fmt: skip
    return True


def _tell(
    session: Session,
    settings: AlertSettings,
    site: Site,
    event: AlertEvent,
    text: str,
    *,
    alert_id: int | None,
    fields: dict[str, Any],
    base_url: str,
    now: int,
) -> int:
    url = f"{base_url}/console/{site.key}"
    targets = [(Channel.MAIL, address) for address in settings.mail_to]
    if settings.webhook_url:
        targets.append((Channel.WEBHOOK, settings.webhook_url))
    for channel, target in targets:
        message = AlertMessage(
            site_id=site.id, alert_id=alert_id, event=event, channel=channel, target=target, subject=text[:150],
            text=f"{text}\n\n{url}\n", created_at=now,
            payload={"text": f"{_for_chat(text)} {url}", "site": site.key, "event": event, "url": url, **fields},
        )  # fmt: skip
        session.add(message)
        session.flush()
        jobs.enqueue(session, JOB, {"message": message.id}, key=f"{JOB}:{message.id}", now=now)
    return len(targets)


def _fields(session: Session, alert_id: int, change: Change) -> dict[str, Any]:
    article = session.get(Article, change.subject) if change.kind == AlertKind.ARTICLE else None
    about = {"article": {"key": article.key, "title": article.title, "url": article.url}} if article else {}
    return {
        "alert": {
            "id": str(alert_id), "kind": change.kind, "value": round(change.value, 1), "limit": change.threshold,
            **about,
        }
    }  # fmt: skip


def _said(session: Session, change: Change) -> str:
    limit = change.threshold or 0
    if change.kind == AlertKind.OLDEST:
        return f"the oldest case has waited for {_span(change.value)} (your line: {_span(limit)})."
    if change.kind == AlertKind.CLASSIFIER:
        return (
            f"the classifier hasn’t answered for {_span(change.value)} (your line: {_span(limit)}). New comments wait."
        )
    if change.kind == AlertKind.DEPTH:
        return f"{_cases(change.value)} in the queue (your line: {limit:,.0f})."
    title = _plain(session.get_one(Article, change.subject).title)
    return f"“{title}” has {change.value:,.0f} open cases (your line: {limit:,.0f})."


def _said_now(session: Session, change: Change) -> str:
    if change.kind == AlertKind.OLDEST:
        return f"The oldest case has waited for {_span(change.value)}." if change.value else "No case waits."
    if change.kind == AlertKind.CLASSIFIER:
        return "The classifier answers again."
    if change.kind == AlertKind.DEPTH:
        return f"Now {_cases(change.value)} in the queue."
    title = _plain(session.get_one(Article, change.subject).title)
    return f"“{title}” has {change.value:,.0f} open cases now."


def _cases(value: float) -> str:
    return "1 case waits" if value == 1 else f"{value:,.0f} cases wait"


def _span(minutes: float) -> str:
    whole = round(minutes)
    if whole >= 48 * 60:
        return f"{whole / 1440:.1f} d"
    return f"{whole // 60} h {whole % 60} min" if whole >= 60 else f"{whole} min"


def _plain(text: str) -> str:
    """Make one short line of a text from outside, which calls nobody: @all and the like mean something in chats."""
    line = re.sub(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+", " ", text).strip()
    line = line if len(line) <= _TITLE else f"{line[: _TITLE - 1]}…"
    return line.replace("@", "@\u200b")


def _for_chat(text: str) -> str:
    """Escape what Slack and Mattermost would read as a link or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _address(address: str) -> str:
    try:
        return check_email(address)
    except Invalid as problem:
        raise Invalid(f"{address[:80]}: {problem.message}", field="mail_to") from None
