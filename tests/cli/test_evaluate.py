"""Does `classifier evaluate` measure the real engine on small files, in every form, and never show a text?"""

import csv
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from commentsvc.cli import main
from commentsvc.enums import TOXICITY_LABELS
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.toxicity import load_engine

_INSULTS = ("such a pathetic idiot", "complete morons", "stupid liars", "worthless scum")
_THANKS = (
    "the bus lane",
    "a lovely evening",
    "her work on the market hall",
    "the long report about our harbour's boats",
)
RUDE = [f"{who} are {what}" for who in ("You", "You people", "The lot of you") for what in _INSULTS]
KIND = [f"I thank {who} for {what}" for who in ("the council", "my neighbour", "our teacher") for what in _THANKS]


def evaluate(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["classifier", "evaluate", *map(str, args)])


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Twelve rude texts, twelve kind ones, and one that the engine doesn't judge."""
    path = tmp_path / "labelled.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["text", "toxic", "severe_toxic", "desk"])
        lines.writerows([text, 1, 0, "sport"] for text in RUDE)
        lines.writerows([text, 0, "", "town"] for text in KIND)
        lines.writerow(["…", 0, "", "town"])
    return path


def measured(result: Result, label: str, group: str = "all") -> dict[str, Any]:
    (one,) = [one for one in json.loads(result.stdout)["results"] if (one["label"], one["group"]) == (label, group)]
    return dict(one)


def test_everything_measured_as_json(labelled: Path) -> None:
    result = evaluate(labelled, "--json")

    toxicity = measured(result, "toxicity")
    about = {key: value for key, value in json.loads(result.stdout).items() if key not in {"results", "methods"}}
    assert result.exit_code == 0
    assert about == {
        "engine": "embedded", "version": load_engine("embedded", None).version, "files": ["labelled.csv"], "rows": 25,
    }  # fmt: skip
    assert (toxicity["texts"], toxicity["positives"], toxicity["abstained"]) == (25, 12, 1)
    assert toxicity["roc_auc"] == {"value": 1.0, "low": None, "high": None}
    assert toxicity["average_precision"] == {"value": 1.0, "low": 1.0, "high": 1.0}
    assert toxicity["recall_at"]["0.01"]["value"] == 1.0
    assert toxicity["threshold"] == DEFAULT_POLICY.thresholds["toxicity"]
    assert toxicity["recall"]["value"] >= 0.75
    assert toxicity["false_positive_rate"]["value"] == 0
    assert sum(one["texts"] for one in toxicity["reliability"]) == 24


def test_thresholds_hold_what_the_scores_say(labelled: Path, tmp_path: Path) -> None:
    result = evaluate(labelled, "--json", "--scores", tmp_path / "scores.csv")

    scored = read(tmp_path / "scores.csv")[:12]
    over = [float(row["toxicity"]) >= DEFAULT_POLICY.thresholds["toxicity"] for row in scored]
    anyhow = [any(float(row[label]) >= limit for label, limit in DEFAULT_POLICY.thresholds.items()) for row in scored]
    assert measured(result, "toxicity")["recall"]["value"] == pytest.approx(sum(over) / 12)
    assert measured(result, "toxicity")["any_recall"]["value"] == pytest.approx(sum(anyhow) / 12)


def test_label_that_the_engine_does_not_know_has_no_figures(labelled: Path) -> None:
    severe = measured(evaluate(labelled, "--json"), "severe_toxicity")

    # Only the twelve rude rows say anything about it.
    assert (severe["texts"], severe["positives"], severe["abstained"]) == (12, 0, 12)
    names = ("roc_auc", "average_precision", "threshold", "recall", "false_positive_rate", "calibration_error")
    assert {name: severe[name] for name in names} == dict.fromkeys(names)


def test_groups_and_lengths(labelled: Path) -> None:
    result = evaluate(labelled, "--json", "--group", "desk", "--by-length")

    groups = [(one["grouping"], one["group"]) for one in json.loads(result.stdout)["results"]]
    assert list(dict.fromkeys(groups)) == [
        ("all", "all"),
        ("length in words", "1–9"),
        ("length in words", "10–24"),
        ("desk", "sport"),
        ("desk", "town"),
    ]
    assert measured(result, "toxicity", "sport")["texts"] == 12
    assert measured(result, "toxicity", "sport")["roc_auc"] is None
    assert measured(result, "toxicity", "town")["texts"] == 13


def test_scores_of_each_row_without_its_text(labelled: Path, tmp_path: Path) -> None:
    evaluate(labelled, "--scores", tmp_path / "scores.csv")

    rows = read(tmp_path / "scores.csv")
    expected = load_engine("embedded", None).score([RUDE[0]])[0]["toxicity"]
    assert list(rows[0]) == ["file", "row", *TOXICITY_LABELS]
    assert [row["row"] for row in rows] == [str(number) for number in range(1, 26)]
    assert float(rows[0]["toxicity"]) == pytest.approx(expected, abs=0.02), "batches round a little apart"
    assert rows[0]["severe_toxicity"] == ""
    assert set(rows[24].values()) == {"labelled.csv", "25", ""}


def test_table_as_csv(labelled: Path, tmp_path: Path) -> None:
    evaluate(labelled, "--csv", tmp_path / "table.csv", "--group", "desk")

    rows = read(tmp_path / "table.csv")
    assert [(row["group"], row["label"], row["texts"]) for row in rows] == [
        ("all", "toxicity", "25"), ("all", "severe_toxicity", "12"), ("sport", "toxicity", "12"),
        ("sport", "severe_toxicity", "12"), ("town", "toxicity", "13"), ("town", "severe_toxicity", "0"),
    ]  # fmt: skip
    assert rows[0]["roc_auc"] == "1.0"
    assert rows[2]["roc_auc"] == ""


def test_markdown_and_terminal_show_the_same_figures(labelled: Path) -> None:
    markdown, plain = evaluate(labelled, "--markdown"), evaluate(labelled)

    assert "| toxicity | 25 | 12 | 1 | 1.000 | 1.000 (1.000–1.000) |" in markdown.stdout
    assert re.search(r"toxicity +25 +12 +1 +1\.000 +1\.000 \(1\.000–1\.000\)", plain.stdout)
    assert "| severe_toxicity | 12 | 0 | 12 | – | – |" in markdown.stdout


def test_no_text_is_shown_in_any_form(labelled: Path, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("scores.csv", "table.csv", "plot.svg")]

    outputs = [evaluate(labelled, *form).output for form in ((), ("--json",), ("--markdown",))]
    evaluate(labelled, "--scores", files[0], "--csv", files[1], "--plot", files[2])

    for shown in [*outputs, *(path.read_text(encoding="utf-8") for path in files)]:
        assert "toxicity" in shown
        assert not [text for text in (*RUDE, *KIND) if text in shown]


def test_plot_is_one_svg_that_loads_nothing(labelled: Path, tmp_path: Path) -> None:
    result = evaluate(labelled, "--plot", tmp_path / "plot.svg")

    written = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    texts = [text.strip() for text in ElementTree.fromstring(written).itertext()]
    assert result.exit_code == 0
    assert "<script" not in written
    assert not re.findall(r"(?:href|src)=\"(?!#)[^\"]+\"|@import|url\((?!#)", written)
    assert [name for name in texts if name in {"toxicity", "severe_toxicity", "chance"}] == [
        "toxicity", "chance", "toxicity", "toxicity",
    ]  # fmt: skip
    assert {"1 %", "2 %", "5 %"} <= set(texts)


def test_plot_of_one_class_says_so_after_the_table(tmp_path: Path) -> None:
    path = tmp_path / "rude.jsonl"
    path.write_text("".join(json.dumps({"text": text, "label": 1}) + "\n" for text in RUDE))

    result = evaluate(path, "--plot", tmp_path / "plot.svg")

    assert result.exit_code == 1
    assert re.search(r"toxicity +12 +12 +0 +– +–", result.stdout)
    assert result.stderr.endswith(
        "Error: There is nothing to plot: no label has scored texts that have it and scored texts that don't.\n"
    )


def test_several_files_are_put_together_and_measured_apart(labelled: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_text('{"comment": "What a lovely market hall this has become.", "is_toxic": "Not Toxic"}\n')

    result = evaluate(labelled, other, "--json")

    assert measured(result, "toxicity")["texts"] == 26
    assert measured(result, "toxicity", "labelled.csv")["texts"] == 25
    assert measured(result, "toxicity", "other.jsonl")["texts"] == 1


def test_rule_says_which_values_are_positive(tmp_path: Path) -> None:
    path = tmp_path / "rated.csv"
    path.write_text("text,label\nThank you,1\nThank you,2\nThank you,3\n")

    found = [measured(evaluate(path, "--json", "--positive", rule), "toxicity")["positives"] for rule in (">=2", "3")]

    assert found == [2, 1]
    assert evaluate(path, "--positive", ">=many").exit_code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,label\n", "There are no rows in bad.csv."),
        ("text,label\nx,nan\ny,\n", "No row says anything about toxicity."),
        ("text,label\nx,sometimes\n", "bad.csv, line 2: the value in label is neither a number nor yes or no; "
         "say with --positive which are positive."),
        ("words,label\nx,1\n", "bad.csv: no column looks like the text; name it with --text. "
         "Its columns: words, label."),
    ],
)  # fmt: skip
def test_bad_file_ends_with_one_line_and_writes_nothing(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(content)

    result = evaluate(path, "--csv", tmp_path / "table.csv", "--scores", tmp_path / "scores.csv")

    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"Error: {message}\n")
    assert [one.name for one in tmp_path.iterdir()] == ["bad.csv"]


def test_too_many_groups_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    path.write_text("text,label,who\n" + "".join(f"x,1,{number}\n" for number in range(101)))

    result = evaluate(path, "--group", "who")

    assert (result.exit_code, result.stderr) == (1, "Error: who has more than 100 different groups.\n")


def test_missing_file_and_folder_are_named(labelled: Path, tmp_path: Path) -> None:
    missing = evaluate(tmp_path / "nowhere.csv")
    folder = evaluate(labelled, "--csv", tmp_path / "nowhere" / "table.csv")

    assert missing.exit_code == folder.exit_code == 1
    assert missing.stderr == f"Error: {tmp_path / 'nowhere.csv'}: No such file or directory.\n"
    assert folder.stderr == "Error: table.csv can't be written: its folder does not exist.\n"


def test_what_is_read_is_never_written_over(labelled: Path, tmp_path: Path) -> None:
    before = labelled.read_bytes()

    over = evaluate(labelled, "--scores", labelled)
    twice = evaluate(labelled, "--scores", tmp_path / "a.csv", "--csv", tmp_path / "a.csv")

    assert over.exit_code == twice.exit_code == 1
    assert over.stderr == twice.stderr == "Error: A file to write is also read, or written twice.\n"
    assert labelled.read_bytes() == before


def test_engine_that_is_not_there_is_one_line(labelled: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMMENTSVC_CLASSIFIER", "detoxify")
    monkeypatch.setenv("COMMENTSVC_MODEL_DIR", str(tmp_path))

    result = evaluate(labelled)

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The classifier detoxify is not available: ")
    assert result.stderr.count("\n") == 1
