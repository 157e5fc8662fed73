"""Which of a site's lines are crossed now, which alerts are open, and what was sent about them?"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from commentsvc.enums import AlertKind
from commentsvc.store.models import OPEN, Alert, AlertMessage, AlertSettings, Article, Case

MINUTE = 60 * 1_000_000
_SLACK = 0.8
"""An alert ends below this share of its line, not at the line, around which a figure may go to and fro."""
_MOST_ARTICLES = 20
_LISTED = 30


@dataclass(frozen=True, slots=True)
class Change:
    """An alert to raise, or to end; `alert_id` of the open one."""

    site_id: int
    kind: AlertKind
    subject: int
    value: float
    threshold: float | None
    alert_id: int | None = None


def find_settings(session: Session, site_id: int) -> AlertSettings | None:
    """Find when and how a site wants to be told."""
    return session.get(AlertSettings, site_id)


def list_messages(session: Session, site_id: int) -> Sequence[AlertMessage]:
    """List the latest messages of a site."""
    query = select(AlertMessage).where(AlertMessage.site_id == site_id).order_by(AlertMessage.id.desc())
    return session.scalars(query.limit(_LISTED)).all()


def list_open(session: Session, site_id: int) -> Sequence[Alert]:
    """List the alerts that aren't over."""
    return session.scalars(select(Alert).where(Alert.site_id == site_id, Alert.ended_at.is_(None))).all()


def changes(session: Session, *, out_since: int | None, now: int) -> list[Change]:
    """Say which alerts begin and which end now, on all sites; `out_since`: when the classifier was last heard of."""
    return [
        change
        for settings in session.scalars(select(AlertSettings).order_by(AlertSettings.site_id))
        for change in _changes(session, settings, out_since, now)
    ]


def _changes(session: Session, settings: AlertSettings, out_since: int | None, now: int) -> list[Change]:
    there = {(AlertKind(alert.kind), alert.subject): alert for alert in list_open(session, settings.site_id)}
    lines = {
        AlertKind.OLDEST: settings.oldest_minutes,
        AlertKind.DEPTH: settings.depth,
        AlertKind.ARTICLE: settings.article_cases,
        AlertKind.CLASSIFIER: settings.out_minutes,
    }
    values = _values(session, settings, lines, [subject for kind, subject in there if kind == AlertKind.ARTICLE])
    if lines[AlertKind.CLASSIFIER] is not None:
        values[AlertKind.CLASSIFIER, 0] = 0.0 if out_since is None else (now - out_since) / MINUTE
    if (AlertKind.OLDEST, 0) in values:
        values[AlertKind.OLDEST, 0] = max(0.0, (now - values[AlertKind.OLDEST, 0]) / MINUTE)
    found = []
    for (kind, subject), alert in there.items():
        line, value = lines[kind], values.get((kind, subject), 0.0)
        if line is None or value < line * (0 if kind == AlertKind.CLASSIFIER and out_since else _SLACK):
            found.append(Change(settings.site_id, kind, subject, value, line, alert.id))
    for (kind, subject), value in values.items():
        line = lines[kind]
        if line is not None and value >= line and (kind, subject) not in there:
            found.append(Change(settings.site_id, kind, subject, value, line))
    return found


def _values(
    session: Session, settings: AlertSettings, lines: dict[AlertKind, int | None], known: Sequence[int]
) -> dict[tuple[AlertKind, int], float]:
    """Measure what has a line; the oldest case as the time since when it waits."""
    values: dict[tuple[AlertKind, int], float] = {}
    waits = (Case.site_id == settings.site_id, Case.state == OPEN)
    if lines[AlertKind.DEPTH] is not None:
        values[AlertKind.DEPTH, 0] = float(session.scalar(select(func.count()).where(*waits)) or 0)
    if lines[AlertKind.OLDEST] is not None:
        oldest = session.scalar(select(func.min(Case.opened_at)).where(*waits))
        if oldest is not None:
            values[AlertKind.OLDEST, 0] = float(oldest)
    line = lines[AlertKind.ARTICLE]
    if line is not None:
        busy = (
            select(Article.id, Article.open_cases)
            .where(Article.site_id == settings.site_id, Article.open_cases >= line)
            .order_by(Article.open_cases.desc(), Article.id)
            .limit(_MOST_ARTICLES)
        )
        watched = select(Article.id, Article.open_cases).where(Article.id.in_(known))
        for article_id, count in [*session.execute(busy).all(), *session.execute(watched).all()]:
            values[AlertKind.ARTICLE, article_id] = float(count)
    return values
