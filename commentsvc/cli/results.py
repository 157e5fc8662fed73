"""How is an evaluation shown: on a terminal, as Markdown, as JSON, as CSV?"""

import csv
import io
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from commentsvc.moderation.evaluation import ALL, FALSE_POSITIVE_RATES, Result
from commentsvc.moderation.metrics import Estimate

METHODS = (
    "Intervals of 95 %: DeLong's for ROC-AUC, the bootstrap's percentiles (1,000 draws) for average precision and for "
    "recall at a rate, Wilson's for what thresholds hold; none below ten texts of a kind. "
    "Null: the engine did not judge; such texts are not ranked, and no threshold holds them."
)
_NO_VALUE = "–"
_WORDS = {"label", "relation"}
_WIDTH = 120
"""Where there is no terminal whose width could be asked for."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, of which engine and files."""

    engine: str
    version: str
    files: Sequence[str]
    rows: int
    results: Sequence[Result]

    @property
    def heading(self) -> str:
        """One line that names engine and files."""
        return f"{self.engine} {self.version} on {', '.join(self.files)}: {self.rows:,} rows"


@dataclass(frozen=True, slots=True)
class Table:
    """A table to show; its first column and those of _WORDS are of words, the others of figures."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


def tables(results: Sequence[Result]) -> Iterator[Table]:
    """Yield what people read: all texts by label, then each grouping."""
    whole = [one for one in results if one.grouping == ALL]
    yield Table(
        "Ranking",
        ("label", "texts", "positive", "null", "ROC-AUC", "average precision"),
        [
            (one.label, f"{one.texts:,}", f"{one.positives:,}", f"{one.abstained:,}",
             shown(one.roc_auc), shown(one.average_precision))
            for one in whole
        ],
    )  # fmt: skip
    yield Table(
        "Recall at a false positive rate",
        ("label", *(f"{rate:.0%}".replace("%", " %") for rate in FALSE_POSITIVE_RATES), "calibration error"),
        [(one.label, *map(shown, one.recall_at), _number(one.calibration_error)) for one in whole],
    )
    yield Table(
        "A new site's thresholds",
        ("label", "threshold", "recall", "false positives", "any: recall", "any: false positives"),
        [
            (one.label, _NO_VALUE if one.threshold is None else f"{one.threshold:g}".removeprefix("0"),
             *map(shown, (one.recall, one.false_positive_rate, one.any_recall, one.any_false_positive_rate)))
            for one in whole
        ],
    )  # fmt: skip
    for grouping in dict.fromkeys(one.grouping for one in results if one.grouping != ALL):
        yield _grouped(grouping, [one for one in results if one.grouping == grouping])


def _grouped(grouping: str, results: Sequence[Result]) -> Table:
    return Table(
        f"By {grouping}",
        (grouping, "label", "texts", "positive", "ROC-AUC", "any: recall", "any: false positives"),
        [
            (one.group, one.label, f"{one.texts:,}", f"{one.positives:,}",
             *map(shown, (one.roc_auc, one.any_recall, one.any_false_positive_rate)))
            for one in results
            if one.texts
        ],
    )  # fmt: skip


def shown(estimate: Estimate | None) -> str:
    """Write an estimate with its interval, in three digits."""
    if estimate is None:
        return _NO_VALUE
    if estimate.low is None:
        return _number(estimate.value)
    return f"{_number(estimate.value)} ({_number(estimate.low)}–{_number(estimate.high)})"


def _number(value: float | None) -> str:
    return _NO_VALUE if value is None else f"{value:.3f}".removeprefix("0")


def show(report: Report) -> None:
    """Print the tables to standard output, as wide as the terminal."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    console.print(Text(report.heading, style="bold"))
    for table in tables(report.results):
        drawn = RichTable(title=Text(table.title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
        for at, name in enumerate(table.header):
            is_words = at == 0 or name in _WORDS
            drawn.add_column(Text(name), justify="left" if is_words else "right", overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(cell) for cell in row))
        console.print(drawn)
    console.print(Text(METHODS, style="dim"))


def as_markdown(report: Report) -> str:
    """Return the tables for a page of documents."""
    parts = [report.heading + "."]
    parts += [f"**{_escaped(table.title)}**\n\n{markdown_table(table)}" for table in tables(report.results)]
    return "\n\n".join([*parts, METHODS])


def markdown_table(table: Table) -> str:
    """Return one table between pipes."""
    rule = ["---" if at == 0 or name in _WORDS else "---:" for at, name in enumerate(table.header)]
    rows = [table.header, rule, *table.rows]
    return "\n".join(f"| {' | '.join(map(_escaped, row))} |" for row in rows)


def _escaped(cell: str) -> str:
    return cell.replace("\\", "\\\\").replace("|", "\\|")


def as_json(report: Report) -> str:
    """Return everything measured, reliability bins included, as one object of ASCII."""
    results = [
        {**asdict(one), "recall_at": dict(zip(map(str, FALSE_POSITIVE_RATES), _plain(one.recall_at), strict=True))}
        for one in report.results
    ]
    about = {"engine": report.engine, "version": report.version, "files": list(report.files), "rows": report.rows}
    return json.dumps({**about, "methods": METHODS, "results": results})


def _plain(estimates: Sequence[Estimate | None]) -> list[dict[str, Any] | None]:
    return [asdict(one) if one else None for one in estimates]


def as_csv(report: Report) -> str:
    """Return all figures, a line for each label and group; three columns for each estimate."""
    written = io.StringIO()
    lines: csv.DictWriter[str] | None = None
    for one in report.results:
        line = _flat(one)
        if lines is None:
            lines = csv.DictWriter(written, list(line), lineterminator="\n")
            lines.writeheader()
        lines.writerow(line)
    return written.getvalue()


def _flat(one: Result) -> dict[str, Any]:
    line: dict[str, Any] = {
        name: getattr(one, name)
        for name in ("grouping", "group", "label", "texts", "positives", "abstained", "threshold", "calibration_error")
    }
    estimates = {f"recall_at_{rate:g}": found for rate, found in zip(FALSE_POSITIVE_RATES, one.recall_at, strict=True)}
    for name in ("roc_auc", "average_precision", "recall", "false_positive_rate", "any_recall"):
        estimates[name] = getattr(one, name)
    estimates["any_false_positive_rate"] = one.any_false_positive_rate
    for name, found in estimates.items():
        line[name] = found.value if found else None
        line[f"{name}_low"], line[f"{name}_high"] = (found.low, found.high) if found else (None, None)
    return line
