"""How does the desk do, and can its rules be trusted? The dashboard, its charts and its tables to download."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from commentsvc.enums import Role
from commentsvc.errors import NotFound
from commentsvc.moderation.metrics import Estimate
from commentsvc.queries import backlog
from commentsvc.queries.backlog import Backlog
from commentsvc.queries.insights import DAY, SECOND, Range
from commentsvc.web import charts, context, trust
from commentsvc.web.cards import ago
from commentsvc.web.desk import desk, desk_blueprint, frame, managing
from commentsvc.web.insight_tables import TABLES, Asked, Cell, Table, day_text, interval, rate_of, span_of, written

blueprint = desk_blueprint("insights", __name__)

DAYS = (7, 30, 90)
_MOST_DAYS = 366
_MOST_STEPS = 92
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A chart brings its own style sheet; as a picture it can do nothing, and opened by itself this keeps it so."""


@dataclass(frozen=True, slots=True)
class Days:
    """The range that somebody asked for, as the page shows it; `problem` when it couldn't be read."""

    span: Range
    choice: int | None
    problem: str = ""

    @property
    def first(self) -> str:
        """The first day."""
        return day_text(self.span.since)

    @property
    def last(self) -> str:
        """The last day."""
        return day_text(self.span.until - DAY)

    @property
    def carried(self) -> dict[str, Any]:
        """The part of an address that keeps the range."""
        return {"days": self.choice} if self.choice else {"from": self.first, "to": self.last}


@blueprint.get("/<site_key>/insights")
@managing
def show_insights() -> ResponseReturnValue:
    """Show the figures of a range of days."""
    days = _days()
    asked = _asked(days)
    tables = [build(asked) for build in TABLES.values()]
    return _page("console/insights/insights.html", days, tables=tables, headline=_headline(asked, tables))


@blueprint.get("/<site_key>/insights/trust")
@managing
def show_trust() -> ResponseReturnValue:
    """Show where rules and people were wrong, what the audit says, and what shadow mode would have done."""
    days = _days()
    return _page("console/insights/trust.html", days, **trust.scene(_asked(days)))


@blueprint.get("/<site_key>/insights/charts/<name>.svg")
@managing
def show_chart(name: str) -> ResponseReturnValue:
    """Draw one table of the dashboard."""
    theme, size = request.args.get("theme", "light"), request.args.get("size", "wide")
    table = TABLES[name](_asked(_days())) if name in TABLES else None
    if table is None or not table.is_chart or theme not in charts.THEMES or size not in charts.SIZES:
        raise NotFound("There is no such chart.")
    drawn = charts.draw(
        table.labels, table.series, is_stacked=table.is_stacked, unit=table.unit, theme=theme, size=size
    )
    answer = Response(drawn, mimetype="image/svg+xml")
    answer.headers["Content-Security-Policy"] = _SVG_POLICY
    return answer


@blueprint.get("/<site_key>/insights/<name>.csv")
@managing
def export(name: str) -> ResponseReturnValue:
    """Hand out one table as CSV."""
    days = _days()
    asked = _asked(days)
    tables = trust.TABLES if name in trust.TABLES else TABLES
    if name not in tables:
        raise NotFound("There is no such table.")
    answer = Response(_csv(tables[name](asked)), mimetype="text/csv")
    file = f"{desk().site.key}-{name}-{days.first}-{days.last}.csv"
    answer.headers["Content-Disposition"] = f'attachment; filename="{file}"'
    return answer


def _page(template: str, days: Days, **scene: Any) -> ResponseReturnValue:
    return render_template(
        template, current_tab="insights.show_insights", days=days, choices=DAYS, written=written, interval=interval,
        article_endpoint="articles_desk.show_article",
        is_admin=desk().membership.role == Role.ADMIN, **{**frame(), **scene},
    )  # fmt: skip


def _asked(days: Days) -> Asked:
    here = desk()
    return Asked(context.session(), here.site, here.membership, days.span, context.now())


def _days() -> Days:
    """Read the range from the address: so many days up to today, or from one day to another."""
    now = context.now()
    given = request.args.get("days", "")
    if not request.args.get("from") and not request.args.get("to"):
        choice = int(given) if given in map(str, DAYS) else DAYS[1]
        return Days(span_of(choice, now), choice)
    try:
        first, last = (date.fromisoformat(request.args.get(name, "")) for name in ("from", "to"))
    except ValueError:
        return Days(span_of(DAYS[1], now), DAYS[1], "Give both days, as in 2026-11-05.")
    if first > last or first.year < 1971 or last.year > 9000:
        return Days(span_of(DAYS[1], now), DAYS[1], "The first day must come before the last.")
    since, until = _midnight(first), _midnight(last) + DAY
    if until - since > _MOST_DAYS * DAY:
        return Days(span_of(DAYS[1], now), DAYS[1], f"A range may have {_MOST_DAYS} days at most.")
    step = DAY if until - since <= _MOST_STEPS * DAY else 7 * DAY
    return Days(Range(since, until, step), None)


def _midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * SECOND


def _headline(asked: Asked, tables: Sequence[Table]) -> list[tuple[str, str, str]]:
    """Sum the range up: what, how much, and how to read it."""
    by_name = {table.name: table for table in tables}
    waiting = backlog.read(asked.session, asked.site.id)
    pace = by_name["pace"]
    decided = sum(int(row[1] or 0) for row in pace.rows)
    usual = _weighted(pace)
    settled = rate_of(by_name["automatic"], "Held", "Published", "Held", "Rejected")
    return [
        ("Waiting now", f"{waiting.count:,}", _oldest(waiting, asked.now)),
        ("Decided by people", f"{decided:,}", f"half within {usual}" if usual else "nothing in these days"),
        ("Settled by rules alone", _opposite(settled), "of all first verdicts"),
        ("Overturned", *_rate(rate_of(by_name["overturned"], "Overturned", "Decisions"), "of people’s decisions")),
        ("Reports upheld", *_rate(rate_of(by_name["reports"], "Upheld", "Upheld", "Dismissed"), "of those answered")),
    ]


def _oldest(waiting: Backlog, now: int) -> str:
    return f"the oldest for {ago(waiting.oldest_at, now)}" if waiting.oldest_at else "nothing waits"


def _weighted(pace: Table) -> str:
    """Name the usual time of all steps: the median of the days' medians, each as heavy as its cases."""
    known = sorted((float(row[2]), int(row[1] or 0)) for row in pace.rows if isinstance(row[2], float))
    half, seen = sum(count for _, count in known) / 2, 0
    for hours, count in known:
        seen += count
        if seen >= half:
            return f"{hours * 60:.0f} min" if hours < 2 else f"{hours:.1f} h"
    return ""


def _rate(estimate: Estimate | None, of: str) -> tuple[str, str]:
    shown, _, between = interval(estimate).partition(" (")
    return shown, f"{of} ({between}" if between else of


def _opposite(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{(1 - estimate.value) * 100:.1f} %"


def _csv(table: Table) -> str:
    made = io.StringIO()
    writer = csv.writer(made)
    writer.writerow([f"{one.title} ({one.unit})" if one.unit else one.title for one in table.columns])
    writer.writerows([[_safe(cell) for cell in row] for row in table.rows])
    return made.getvalue()


def _safe(cell: Cell) -> Cell:
    """Keep a text from being a formula where the file is opened: titles come from outside."""
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell
