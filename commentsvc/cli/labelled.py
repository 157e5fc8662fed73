"""Which labelled texts does a file hold? CSV (`,`, `;` or tabs, with a header) or JSON lines, as UTF-8.

No message quotes a text: what can't be read is named by its line and column.
"""

import csv
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import Malformed

Rule = Callable[[str], bool | None]
"""Says of a label as written whether it is positive; None when nothing is said. Raises ValueError for nonsense."""

_TEXT_NAMES = ("text", "comment", "comment_text", "body")
_LABEL_NAMES = {
    **{label: label for label in TOXICITY_LABELS},
    "toxic": "toxicity",
    "is_toxic": "toxicity",
    "label": "toxicity",
    "severe_toxic": "severe_toxicity",
    "identity_hate": "identity_attack",
}
_YES = {"true", "yes", "toxic"}
_NO = {"false", "no", "not toxic", "nontoxic", "non-toxic"}
_NOTHING = {"", "nan", "null", "none", "na", "n/a"}
_FORMATS = {".csv": False, ".tsv": False, ".jsonl": True, ".ndjson": True}
"""Whether a file of this name is JSON; of another, its first character tells."""
_LONGEST_LINE = 1_000_000
_LOOKS_LIKE_NAME = re.compile(r"[\w.:/#-]+(?: [\w.:/#-]+){0,3}")
_LONGEST_NAME = 40


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a file keeps what: `labels` has the column of each label."""

    text: str
    labels: Mapping[str, str]
    group: str | None = None

    @property
    def names(self) -> list[str]:
        """Every column in use."""
        return [self.text, *self.labels.values(), *([self.group] if self.group else [])]


@dataclass(frozen=True, slots=True)
class Row:
    """One text, the number of the line on which it ends, what people said (by label) and its group."""

    line: int
    text: str
    truth: Mapping[str, bool | None]
    group: str = ""


def positive_rule(written: str | None) -> Rule:
    """Read `>=2`, `<=2` or a list of values like `0,1`; None stands for yes and no, and numbers from .5 on."""
    if written is None:
        return _usual
    if written.startswith((">=", "<=")):
        limit, is_least = float(written[2:]), written.startswith(">")
        if not math.isfinite(limit):
            raise ValueError(written)
        return lambda value: _by_limit(value, limit, is_least=is_least)
    wanted = {part.strip().lower() for part in written.split(",")}
    if "" in wanted:
        raise ValueError(written)
    return lambda value: None if value.strip().lower() in _NOTHING else value.strip().lower() in wanted


def find_columns(path: Path, *, text: str | None, labels: Sequence[str], group: str | None) -> Columns:
    """Resolve the columns that were asked for (labels as COLUMN or COLUMN=LABEL) and guess the others by name.

    Raises Malformed naming the file's columns.
    """
    header = _header(path)
    found = Columns(
        text or _guess(header, _TEXT_NAMES, path, "text"),
        _asked_labels(labels) if labels else _guessed_labels(header, path),
        group,
    )
    for name in found.names:
        if header.count(name) != 1:
            how_many = "two columns" if name in header else "no column"
            raise Malformed(f"{path.name} has {how_many} {name}. {_describe(header)}")
    return found


def read_rows(path: Path, columns: Columns, rule: Rule) -> Iterator[Row]:
    """Yield a file's rows without keeping them, or raise Malformed for the first that can't be read."""
    for line, values in _records(path, columns.names):
        text, written, group = values[0], values[1 : 1 + len(columns.labels)], values[1 + len(columns.labels) :]
        truth = {}
        for (label, column), value in zip(columns.labels.items(), written, strict=True):
            try:
                truth[label] = rule(value)
            except ValueError:
                raise Malformed(
                    f"{path.name}, line {line}: the value in {column} is neither a number nor yes or no; "
                    "say with --positive which are positive."
                ) from None
        yield Row(line, text, truth, _checked_group(group[0], path, line) if group else "")


def _usual(value: str) -> bool | None:
    word = value.strip().lower()
    if word in _YES or word in _NO:
        return word in _YES
    return _by_limit(word, 0.5, is_least=True)


def _by_limit(value: str, limit: float, *, is_least: bool) -> bool | None:
    if value.strip().lower() in _NOTHING:
        return None
    number = float(value)
    if math.isinf(number):
        raise ValueError(value)
    if math.isnan(number):
        return None
    return number >= limit if is_least else number <= limit


def _guess(header: Sequence[str], wanted: Sequence[str], path: Path, option: str) -> str:
    by_name = {name.lower(): name for name in reversed(header)}
    for name in wanted:
        if name in by_name:
            return by_name[name]
    raise Malformed(f"{path.name}: no column looks like the {option}; name it with --{option}. {_describe(header)}")


def _asked_labels(asked: Sequence[str]) -> dict[str, str]:
    labels: dict[str, str] = {}
    for one in asked:
        column, is_named, label = one.rpartition("=")
        if not is_named or label not in TOXICITY_LABELS:
            column, label = one, _LABEL_NAMES.get(one.lower(), "toxicity")
        if label in labels:
            raise Malformed(f"Two columns are given for {label}: {labels[label]} and {column}; say COLUMN=LABEL.")
        labels[label] = column
    return labels


def _guessed_labels(header: Sequence[str], path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, label in _LABEL_NAMES.items():
        for column in header:
            if column.lower() == name and label not in found:
                found[label] = column
    if not found:
        raise Malformed(f"{path.name}: no column looks like a label; name one with --label. {_describe(header)}")
    return {label: found[label] for label in TOXICITY_LABELS if label in found}


def _describe(header: Sequence[str]) -> str:
    """Name the columns; what doesn't look like a name may be a comment, and isn't shown."""
    names = [name for name in header if len(name) <= _LONGEST_NAME and _LOOKS_LIKE_NAME.fullmatch(name)]
    others = len(header) - len(names)
    shown = ", ".join(names[:30]) + (", …" if len(names) > 30 else "")
    if not names:
        return "Its first line has no names of columns."
    return f"Its columns: {shown}" + (f" and {others} whose names aren't shown." if others else ".")


def _checked_group(value: str, path: Path, line: int) -> str:
    name = "".join(char if char.isprintable() else "\ufffd" for char in " ".join(value.split()))
    if len(name) > _LONGEST_NAME:
        raise Malformed(f"{path.name}, line {line}: a group's name has more than {_LONGEST_NAME} characters.")
    return name or "(none)"


def _header(path: Path) -> list[str]:
    if path.exists() and not path.is_file():
        raise Malformed(f"{path.name} isn't a regular file; it is read twice.")
    with _open(path) as file:
        if _is_json(path):
            for _, record in _json_lines(path, file):
                return list(record)
        return [name.strip() for name in next(_csv_lines(path, file))[1]]


def _records(path: Path, names: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    with _open(path) as file:
        if _is_json(path):
            for line, record in _json_lines(path, file):
                yield line, [_as_text(record, name, path, line) for name in names]
            return
        lines = _csv_lines(path, file)
        header = [name.strip() for name in next(lines)[1]]
        places = [header.index(name) for name in names]
        for line, fields in lines:
            if len(fields) != len(header):
                raise Malformed(f"{path.name}, line {line}: {len(fields)} fields, but the header has {len(header)}.")
            yield line, [fields[place] for place in places]


def _open(path: Path) -> TextIO:
    return path.open(encoding="utf-8-sig", newline="")


def _is_json(path: Path) -> bool:
    if path.suffix.lower() in _FORMATS:
        return _FORMATS[path.suffix.lower()]
    with path.open("rb") as file:
        start = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"{")


def _lines(path: Path, file: TextIO) -> Iterator[str]:
    number = 0
    try:
        while line := file.readline(_LONGEST_LINE + 1):
            number += 1
            if len(line) > _LONGEST_LINE:
                raise Malformed(f"{path.name}, line {number} has more than {_LONGEST_LINE:,} characters.")
            yield line
    except UnicodeDecodeError:
        raise Malformed(f"{path.name} isn't UTF-8 text (near line {number + 1}).") from None


def _csv_lines(path: Path, file: TextIO) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each row that isn't blank; the first is the header."""
    csv.field_size_limit(_LONGEST_LINE)
    lines = _lines(path, file)
    first = list(islice(lines, 1))
    if not "".join(first).strip():
        raise Malformed(f"{path.name} is empty, or its first line is.")
    delimiter = max(",;\t", key=first[0].count)
    reader = csv.reader(_chained(first, lines), delimiter=delimiter, strict=True)
    try:
        for fields in reader:
            if fields:
                yield reader.line_num, fields
    except csv.Error as error:
        raise Malformed(f"{path.name}, line {reader.line_num}: {error}.") from None


def _chained(first: list[str], lines: Iterator[str]) -> Iterator[str]:
    yield from first
    yield from lines


def _json_lines(path: Path, file: TextIO) -> Iterator[tuple[int, dict[str, object]]]:
    for number, line in enumerate(_lines(path, file), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise Malformed(f"{path.name}, line {number} isn't a JSON object.")
        yield number, record


def _as_text(record: dict[str, object], name: str, path: Path, line: int) -> str:
    value = record.get(name)
    if name not in record or isinstance(value, dict | list):
        raise Malformed(f"{path.name}, line {line}: {name} is missing or isn't a plain value.")
    return "" if value is None else str(value)
