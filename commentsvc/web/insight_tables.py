"""Which tables does the dashboard have, each to be read, drawn and downloaded?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

from sqlalchemy.orm import Session

from commentsvc.enums import NudgeOutcome, Reason, ReportOutcome
from commentsvc.moderation.metrics import Estimate, share
from commentsvc.queries import insights, ledger
from commentsvc.queries.insights import DAY, HOUR, SECOND, Backlog, Busy, Pace, Range, Work
from commentsvc.queries.ledger import Judged
from commentsvc.store.models import Membership, SignalRow, Site
from commentsvc.web.cards import REASONS
from commentsvc.web.charts import Series

Cell = str | int | float | None
_MINUTE = 60 * SECOND
_ARTICLES = 10


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading and unit: nothing for words and counts, % for shares of 1, min, h or s for times."""

    title: str
    unit: str = ""
    is_drawn: bool = False
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Figures with their headings; with `is_chart` the first column is a row of days."""

    name: str
    title: str
    note: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    is_chart: bool = True
    is_stacked: bool = False
    links: tuple[int | None, ...] = ()
    """For tables of articles: which article each row is about."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What the steps are called under the chart: 5 Nov."""
        return tuple(_short(str(row[0])) for row in self.rows)

    @property
    def series(self) -> tuple[Series, ...]:
        """The columns that are drawn."""
        return tuple(
            Series(column.title, tuple(_number(row[at]) for row in self.rows))
            for at, column in enumerate(self.columns)
            if column.is_drawn
        )

    @property
    def unit(self) -> str:
        """The unit of what is drawn."""
        return next((column.unit for column in self.columns if column.is_drawn), "")

    @property
    def alt(self) -> str:
        """What the chart shows, in one sentence, for those who don't see it."""
        said = [f"{one.name} {_ends(one, self.unit)}" for one in self.series if any(v is not None for v in one.values)]
        return f"{self.title}: {'; '.join(said)}." if said else f"{self.title}: nothing in these days."


@dataclass(frozen=True)
class Asked:
    """For whom, of which site and which days; what several tables need is read once."""

    session: Session
    site: Site
    membership: Membership
    span: Range
    now: int

    @property
    def days(self) -> list[str]:
        """The steps' first days."""
        return [day_text(start) for start in self.span.starts]

    @cached_property
    def backlog(self) -> list[Backlog]:
        """What waited at the end of each step."""
        return insights.backlog(self.session, self.site.id, self.span, now=self.now)

    @cached_property
    def work(self) -> list[Work]:
        """What was decided in each step."""
        return insights.work(self.session, self.site.id, self.span)

    @cached_property
    def judged(self) -> list[Judged]:
        """What people decided, one by one."""
        return ledger.judged(self.session, self.site.id, self.span)

    @cached_property
    def passed_signals(self) -> dict[int, list[SignalRow]]:
        """What the checks said of each false pass."""
        return ledger.signals_of(self.session, [one.comment_id for one in self.judged if one.is_false_pass])

    @cached_property
    def articles(self) -> tuple[Sequence[Busy], Sequence[Busy]]:
        """The busiest articles, and the most troubled."""
        return insights.articles(self.session, self.site.id, self.span, limit=_ARTICLES)


def day_text(at: int) -> str:
    """Write a day (UTC) as 2026-11-05."""
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%Y-%m-%d")


def written(value: Cell, unit: str = "") -> str:
    """Write one cell for reading."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if unit == "%":
        return f"{value * 100:.1f} %"
    if unit == "h":
        return _hours(value)
    if unit == "s":
        return f"{value:,.0f} s"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _hours(value: float) -> str:
    if value >= 48:
        return f"{value / 24:,.1f} d"
    return f"{value:.1f} h" if value >= 1 else f"{value * 60:.0f} min"


def interval(estimate: Estimate | None) -> str:
    """Write a share with its interval: 4.2 % (3.1 to 5.6)."""
    if estimate is None:
        return "–"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value * 100:.1f} %"
    return f"{estimate.value * 100:.1f} % ({estimate.low * 100:.1f} to {estimate.high * 100:.1f})"


def waiting(asked: Asked) -> Table:
    """What waits now, whatever the range."""
    rows = [
        (REASONS.get(one.reason, one.reason.word), one.count, _in(one.oldest_at, asked.now, HOUR))
        for one in insights.waiting_now(asked.session, asked.site.id)
    ]
    columns = (Column("Reason"), Column("Open cases"), Column("Oldest", "h"))
    note = "A case may have several reasons."
    return Table("waiting", "Waiting now", note, columns, tuple(rows), is_chart=False)


def backlog(asked: Asked) -> Table:
    """How many cases waited."""
    columns = (Column("Day"), Column("Open"), *(Column(REASONS.get(r, r.word), is_drawn=True) for r in Reason))
    rows: list[tuple[Cell, ...]] = [
        (day, step.count, *(step.by_reason[reason] for reason in Reason))
        for day, step in zip(asked.days, asked.backlog, strict=True)
    ]
    note = "Open cases at the end of each day, by reason; one with two reasons is in both."
    return _plain(Table("backlog", "Queue depth", note, columns, tuple(rows)), keep=3)


def age(asked: Asked) -> Table:
    """How long the oldest case had waited."""
    columns = (Column("Day"), *(Column(REASONS.get(reason, reason.word), "h", is_drawn=True) for reason in Reason))
    rows: list[tuple[Cell, ...]] = [
        (day, *(round(step.oldest[r] / HOUR, 2) if r in step.oldest else None for r in Reason))
        for day, step in zip(asked.days, asked.backlog, strict=True)
    ]
    note = "Hours that the oldest open case had waited at the end of each day."
    return _plain(Table("age", "Oldest case", note, columns, tuple(rows)), keep=2)


def pace(asked: Asked) -> Table:
    """How soon people decide."""
    steps = insights.paces(asked.session, asked.site.id, asked.span)
    columns = (
        Column("Day"), Column("Cases"), Column("Half within", "h", is_drawn=True),
        Column("95 % within", "h", is_drawn=True),
    )  # fmt: skip
    rows = [
        (day, step.count, _part(step.p50, HOUR), _part(step.p95, HOUR))
        for day, step in zip(asked.days, steps, strict=True)
    ]
    note = "From the case’s opening to a person’s decision (median and 95th percentile), by the day of the decision."
    return Table("pace", "Time to decision", note, columns, tuple(rows))


def decisions(asked: Asked) -> Table:
    """What people decide."""
    names = ("Approved", "Rejected", "Taken down to wait")
    columns = (Column("Day"), *(Column(name, is_drawn=True) for name in names))
    rows = [
        (day, step.approved, step.rejected, step.withheld) for day, step in zip(asked.days, asked.work, strict=True)
    ]  # fmt: skip
    note = "What the team decided each day."
    return Table("decisions", "Decisions by people", note, columns, tuple(rows), is_stacked=True)


def automatic(asked: Asked) -> Table:
    """How much needs nobody."""
    columns = (
        Column("Day"), Column("Published"), Column("Held"), Column("Rejected"),
        Column("Settled by rules alone", "%", is_drawn=True),
    )  # fmt: skip
    rows = [
        (
            day, step.published_by_rule, step.held_by_rule, step.rejected_by_rule,
            step.automatic[0] / step.automatic[1] if step.automatic[1] else None,
        )
        for day, step in zip(asked.days, asked.work, strict=True)
    ]  # fmt: skip
    note = "The first verdict on each comment: published or rejected by rules, or held for a person."
    return Table("automatic", "Automatic share", note, columns, tuple(rows))


def overturned(asked: Asked) -> Table:
    """How often the team changes its mind."""
    totals, bad, appealed = ([0] * len(asked.days) for _ in range(3))
    for one in asked.judged:
        step = (one.created_at - asked.span.since) // asked.span.step
        totals[step] += 1
        bad[step] += one.is_overturned
        appealed[step] += one.is_appealed
    columns = (
        Column("Day"), Column("Decisions"), Column("Overturned"), Column("On appeal"),
        Column("Rate", "%", is_drawn=True),
    )  # fmt: skip
    rows = [
        (day, whole, part, asked_for, part / whole if whole else None)
        for day, whole, part, asked_for in zip(asked.days, totals, bad, appealed, strict=True)
    ]
    note = (
        "Decisions taken back, or decided otherwise later, on their author’s appeal or not, by the day of the decision."
    )
    return Table("overturned", "Overturned decisions", note, columns, tuple(rows))


def reports(asked: Asked) -> Table:
    """Whether readers report what breaks a guideline."""
    steps = insights.reports(asked.session, asked.site.id, asked.span)
    columns = (
        Column("Day"), Column("Upheld"), Column("Dismissed"), Column("Unanswered"),
        Column("Upheld of those answered", "%", is_drawn=True),
    )  # fmt: skip
    rows = []
    for day, step in zip(asked.days, steps, strict=True):
        up, down = step.get(ReportOutcome.UPHELD, 0), step.get(ReportOutcome.DISMISSED, 0)
        rows.append((day, up, down, step.get(None, 0), up / (up + down) if up + down else None))
    note = "Readers’ reports by the day they were made, and the share that a person agreed with."
    return Table("reports", "Reports and their precision", note, columns, tuple(rows))


def nudges(asked: Asked) -> Table:
    """What authors make of a nudge."""
    steps = insights.nudges(asked.session, asked.site.id, asked.span, now=asked.now)
    words = {NudgeOutcome.EDITED: "Edited", NudgeOutcome.POSTED_ANYWAY: "Posted anyway", None: "Abandoned"}
    columns = (Column("Day"), *(Column(name, is_drawn=True) for name in words.values()))
    rows: list[tuple[Cell, ...]] = [
        (day, *(step.get(outcome, 0) for outcome in words)) for day, step in zip(asked.days, steps, strict=True)
    ]  # fmt: skip
    note = "Feedback before posting, and what the author did within the hour."
    return Table("nudges", "Nudges", note, columns, tuple(rows), is_stacked=True)


def busiest(asked: Asked) -> Table:
    """Where most is written."""
    return _articles("busiest", "Busiest articles", "Most comments written in these days.", asked.articles[0])


def troubled(asked: Asked) -> Table:
    """Where most goes wrong."""
    note = "Of ten comments or more: the largest share that waits, was rejected or reported."
    return _articles("troubled", "Most troubled articles", note, asked.articles[1])


def own(asked: Asked) -> Table:
    """How fast whoever asks works; nobody else is ever told."""
    steps = insights.own_pace(asked.session, asked.site.id, asked.membership.person_id, asked.span)
    columns = (
        Column("Day"), Column("Your decisions", is_drawn=True), Column("Half within", "s"), Column("95 % within", "s"),
    )  # fmt: skip
    rows = [_own_row(day, step) for day, step in zip(asked.days, steps, strict=True)]
    note = "Seconds between one of your decisions and the next, pauses of more than ten minutes left out."
    return Table("own", "Your own pace", note, columns, tuple(rows))


TABLES: Mapping[str, Callable[[Asked], Table]] = {
    build.__name__: build
    for build in (
        waiting, backlog, age, pace, decisions, automatic, overturned, reports, nudges, own, busiest, troubled,
    )
}  # fmt: skip
"""Every table by its name, in the order of the page."""


def rate_of(table: Table, part: str, *wholes: str) -> Estimate | None:
    """Sum a table's columns up and return the one's share of the others together."""
    sums = {column.title: at for at, column in enumerate(table.columns)}

    def total(title: str) -> int:
        return sum(int(row[sums[title]] or 0) for row in table.rows)

    return share(total(part), sum(total(title) for title in wholes))


def _articles(name: str, title: str, note: str, some: Sequence[Busy]) -> Table:
    columns = (
        Column("Article"), Column("Section", is_text=True), Column("Comments"), Column("Waiting"), Column("Rejected"),
        Column("Reported"), Column("Trouble", "%"),
    )  # fmt: skip
    rows = tuple(
        (one.article.title, one.article.section or "–", one.comments, one.held, one.rejected, one.reported, one.trouble)
        for one in some
    )
    return Table(name, title, note, columns, rows, is_chart=False, links=tuple(one.article.id for one in some))


def _plain(table: Table, *, keep: int) -> Table:
    """Leave out, after the columns to keep, the reasons of which there was none in all these days."""
    kept = [at for at in range(len(table.columns)) if at < keep or any(row[at] for row in table.rows)]
    return Table(
        table.name, table.title, table.note, tuple(table.columns[at] for at in kept),
        tuple(tuple(row[at] for at in kept) for row in table.rows),
    )  # fmt: skip


def _own_row(day: str, step: Pace) -> tuple[Cell, ...]:
    return day, step.count, _part(step.p50, SECOND), _part(step.p95, SECOND)


def _in(at: int | None, now: int, unit: int) -> float | None:
    return None if at is None else round((now - at) / unit, 1)


def _part(value: float | None, unit: int) -> float | None:
    return None if value is None else round(value / unit, 2)


def _number(value: Cell) -> float | None:
    return None if value is None or isinstance(value, str) else float(value)


def _short(day: str) -> str:
    return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC).strftime("%-d %b")


def _ends(series: Series, unit: str) -> str:
    known = [value for value in series.values if value is not None]
    shown = [written(float(value), unit) for value in (min(known), max(known), known[-1])]
    return f"from {shown[0]} to {shown[1]}, {shown[2]} at the end"


def span_of(days: int, now: int) -> Range:
    """Return the last so many days, today's among them."""
    until = (now // DAY + 1) * DAY
    return Range(until - days * DAY, until)
