"""How well does the engine do on comments that people have labelled?

Files are read twice and never kept: first all labels, so that a mistake on the last line costs no hour of scoring,
then the texts, batch by batch.
"""

import csv
from array import array
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import click
import numpy as np

from commentsvc.app import build_judge
from commentsvc.cli.labelled import Columns, Row, Rule, find_columns, positive_rule, read_rows
from commentsvc.cli.progress import progress
from commentsvc.cli.results import Report, as_csv, as_json, as_markdown, show
from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import Invalid, Malformed
from commentsvc.moderation import evaluation
from commentsvc.moderation.evaluation import Labelled, length_group
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.toxicity import ToxicityEngine
from commentsvc.settings import load_settings

_BATCH = 64
_MOST_GROUPS = 100

_File = click.Path(dir_okay=False, path_type=Path)


class _RuleType(click.ParamType[Rule]):
    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Rule:
        if not isinstance(value, str):
            return value  # type: ignore[no-any-return]
        try:
            return positive_rule(value)
        except ValueError:
            self.fail("may be >=NUMBER, <=NUMBER or a list of values such as 0,1.", param, ctx)


@click.command()
@click.argument("files", nargs=-1, required=True, type=_File, metavar="FILE…")
@click.option("--text", metavar="COLUMN", help="Holds the comments. Guessed: text, comment, comment_text or body.")
@click.option(
    "--label", "labels", multiple=True, metavar="COLUMN[=LABEL]",
    help="Holds what people said of one label; repeatable. Guessed by the labels' usual names.",
)  # fmt: skip
@click.option(
    "--positive", "rule", type=_RuleType(), metavar="RULE",
    help="Which values are positive: >=2, <=2 or a list like 0,1. By default yes, true, toxic and numbers from .5 on.",
)  # fmt: skip
@click.option("--group", metavar="COLUMN", help="Measure each of this column's groups too.")
@click.option("--by-length", is_flag=True, help="Measure short and long texts apart too.")
@click.option("--json", "form", flag_value="json", help="Print everything measured as one JSON object.")
@click.option("--markdown", "form", flag_value="markdown", help="Print the tables as Markdown.")
@click.option("--csv", "table", type=_File, help="Write all figures to this file, a line for each label and group.")
@click.option("--scores", type=_File, help="Write each row's scores to this file, never its text.")
@click.option("--plot", type=_File, help="Write ROC, precision and calibration curves to this SVG file.")
def evaluate(
    *, files: tuple[Path, ...], text: str | None, labels: tuple[str, ...], rule: Rule | None, group: str | None,
    by_length: bool, form: str | None, table: Path | None, scores: Path | None, plot: Path | None,
) -> None:  # fmt: skip
    """Compare the engine's scores with people's labels.

    Reads CSV with a header, or JSON lines, and measures each label: how well scores rank (ROC-AUC, average precision,
    recall at 1, 2 and 5 % false positives), what a new site's thresholds hold, and calibration. No text is printed.
    """
    _check_outputs(files, [table, scores, plot])
    rule = rule or positive_rule(None)
    sources = [_Source(path, find_columns(path, text=text, labels=labels, group=group), rule) for path in files]
    truth = _read_truth(sources, by_length=by_length)
    judge = build_judge(load_settings())
    try:
        engine = judge.toxicity
        found = _score(engine, sources, truth.rows, scores)
    finally:
        judge.close()
    measured = truth.with_scores(found, several=len(sources) > 1)
    results = evaluation.evaluate(measured, DEFAULT_POLICY.thresholds)
    report = Report(engine.name, engine.version, [path.name for path in files], truth.rows, results)
    if table:
        table.write_text(as_csv(report), encoding="utf-8")
    if form == "json":
        click.echo(as_json(report))
    elif form == "markdown":
        click.echo(as_markdown(report))
    else:
        show(report)
    if plot:
        # Imported late: only a plot needs the library for charts.
        from commentsvc.cli.curves import draw  # noqa: PLC0415

        plot.write_bytes(draw(measured, DEFAULT_POLICY.thresholds))


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    columns: Columns
    rule: Rule

    def rows(self) -> Iterator[Row]:
        return read_rows(self.path, self.columns, self.rule)


@dataclass(slots=True)
class _Truth:
    """What people said of each text, NaN for nothing, and where each text belongs."""

    labels: dict[str, "array[float]"]
    files: list[str] = field(default_factory=list)
    lengths: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    grouping: str | None = None
    rows: int = 0

    def with_scores(self, scores: dict[str, "array[float]"], *, several: bool) -> Labelled:
        groupings = {"file": self.files if several else [], evaluation.LENGTH: self.lengths}
        if self.grouping:
            groupings[self.grouping] = self.groups
        return Labelled(
            {label: np.array(values) for label, values in self.labels.items()},
            {label: np.array(values) for label, values in scores.items()},
            {name: np.array(values) for name, values in groupings.items() if values},
        )


def _check_outputs(inputs: Sequence[Path], outputs: Sequence[Path | None]) -> None:
    """Refuse to write over what is read, or into a folder that isn't there, before hours are spent."""
    wanted = [path for path in outputs if path]
    if len({path.resolve() for path in [*wanted, *inputs]}) != len(wanted) + len({path.resolve() for path in inputs}):
        raise Invalid("A file to write is also read, or written twice.")
    for path in wanted:
        if not path.resolve().parent.is_dir():
            raise Invalid(f"{path.name} can't be written: its folder does not exist.")


def _read_truth(sources: Sequence[_Source], *, by_length: bool) -> _Truth:
    labels = [label for label in TOXICITY_LABELS if any(label in source.columns.labels for source in sources)]
    truth = _Truth({label: array("d") for label in labels}, grouping=sources[0].columns.group)
    known_groups: dict[str, str] = {}
    for source in sources:
        for row in source.rows():
            truth.rows += 1
            for label in labels:
                said = row.truth.get(label)
                truth.labels[label].append(float("nan") if said is None else said)
            truth.files.append(source.path.name)
            if by_length:
                truth.lengths.append(length_group(row.text))
            if truth.grouping:
                truth.groups.append(known_groups.setdefault(row.group, row.group))
                if len(known_groups) > _MOST_GROUPS:
                    raise Malformed(f"{truth.grouping} has more than {_MOST_GROUPS} different groups.")
    if not truth.rows:
        raise Malformed(f"There are no rows in {', '.join(source.path.name for source in sources)}.")
    for label, values in truth.labels.items():
        if np.isnan(np.array(values)).all():
            raise Malformed(f"No row says anything about {label}.")
    return truth


def _score(
    engine: ToxicityEngine, sources: Sequence[_Source], total: int, kept: Path | None
) -> dict[str, "array[float]"]:
    """Score all texts in order; NaN stands for null."""
    scores: dict[str, array[float]] = {label: array("d") for label in TOXICITY_LABELS}
    with ExitStack() as open_files:
        lines = csv.writer(open_files.enter_context(kept.open("w", encoding="utf-8", newline=""))) if kept else None
        if lines:
            lines.writerow(["file", "row", *TOXICITY_LABELS])
        advance = open_files.enter_context(progress("Scoring", total))
        for batch in _batches(sources):
            for (name, number, _), answer in zip(batch, engine.score([text for _, _, text in batch]), strict=True):
                values = [answer.get(label) for label in TOXICITY_LABELS]
                for label, value in zip(TOXICITY_LABELS, values, strict=True):
                    scores[label].append(float("nan") if value is None else value)
                if lines:
                    lines.writerow([name, number, *("" if value is None else f"{value:.6f}" for value in values)])
            advance(len(batch))
    if len(scores["toxicity"]) != total:
        raise Malformed("A file changed while it was read.")
    return scores


def _batches(sources: Sequence[_Source]) -> Iterator[list[tuple[str, int, str]]]:
    texts = ((one.path.name, number, row.text) for one in sources for number, row in enumerate(one.rows(), 1))
    while batch := list(islice(texts, _BATCH)):
        yield batch
