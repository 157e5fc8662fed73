"""Are labelled files read as people write them, and refused in one line that quotes nothing?"""

from pathlib import Path

import pytest

from commentsvc.cli.labelled import Columns, Row, find_columns, positive_rule, read_rows
from commentsvc.errors import Malformed

SECRET = "the unmistakable words of a reader"


def file(tmp_path: Path, content: str | bytes, name: str = "data.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(path: Path, *labels: str, rule: str | None = None, group: str | None = None) -> list[Row]:
    columns = find_columns(path, text=None, labels=labels, group=group)
    return list(read_rows(path, columns, positive_rule(rule)))


def refusal(path: Path, *labels: str, group: str | None = None) -> str:
    with pytest.raises(Malformed) as caught:
        rows(path, *labels, group=group)
    assert SECRET not in caught.value.message
    assert "\n" not in caught.value.message
    return caught.value.message


@pytest.mark.parametrize(
    ("header", "text", "labels"),
    [
        ("id,comment_text,toxic,severe_toxic,identity_hate", "comment_text",
         {"toxicity": "toxic", "severe_toxicity": "severe_toxic", "identity_attack": "identity_hate"}),
        ("text,is_toxic", "text", {"toxicity": "is_toxic"}),
        ("Comment;Label", "Comment", {"toxicity": "Label"}),
        ("threat\ttext\tinsult", "text", {"threat": "threat", "insult": "insult"}),
        ("\ufefftext,toxicity,label", "text", {"toxicity": "toxicity"}),
    ],
)  # fmt: skip
def test_columns_are_guessed(tmp_path: Path, header: str, text: str, labels: dict[str, str]) -> None:
    path = file(tmp_path, header + "\n")

    assert find_columns(path, text=None, labels=(), group=None) == Columns(text, labels)


def test_columns_asked_for_win(tmp_path: Path) -> None:
    path = file(tmp_path, "text,body,rating,angry,threat,who\n")

    found = find_columns(path, text="body", labels=("rating", "angry=insult", "threat"), group="who")

    assert found == Columns("body", {"toxicity": "rating", "insult": "angry", "threat": "threat"}, "who")


def test_rows_of_csv_with_quotes_and_line_breaks(tmp_path: Path) -> None:
    path = file(tmp_path, 'text,label\r\n"one, two\nthree ""four""",1\r\n\r\nfive,no\r\n')

    assert rows(path) == [Row(3, 'one, two\nthree "four"', {"toxicity": True}), Row(5, "five", {"toxicity": False})]


def test_rows_of_json_lines(tmp_path: Path) -> None:
    content = (
        '{"text": "a", "toxic": true, "who": null}\n\n'
        '{"text": "b", "toxic": NaN, "who": "x\\u001b[31m\\ud800"}\n'
        '{"who": "y", "toxic": 0.5, "text": null}\n'
    )

    assert rows(file(tmp_path, content, "data.txt"), group="who") == [
        Row(1, "a", {"toxicity": True}, "(none)"),
        Row(3, "b", {"toxicity": None}, "x\ufffd[31m\ufffd"),
        Row(4, "", {"toxicity": True}, "y"),
    ]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (None, {"1": True, "0.49": False, " Toxic ": True, "not toxic": False, "TRUE": True, "": None, "NaN": None}),
        (">=2", {"2": True, "1.9": False, "": None, "nan": None, "-nan": None}),
        ("<=1", {"0": True, "1": True, "2": False}),
        ("0, hate", {"0": True, "Hate": True, "1": False, "": None}),
    ],
)
def test_rule_says_what_is_positive(rule: str | None, expected: dict[str, bool | None]) -> None:
    say = positive_rule(rule)

    assert {value: say(value) for value in expected} == expected


@pytest.mark.parametrize("rule", [">=", ">=many", "<=nan", ">=inf", "", "1,,2"])
def test_rule_that_means_nothing_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        positive_rule(rule)


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        ("", "data.csv", "data.csv is empty, or its first line is."),
        ("\n\ntext,label\n", "data.csv", "data.csv is empty, or its first line is."),
        ("", "data.jsonl", "data.jsonl is empty, or its first line is."),
        ("id,words\n1,x\n", "data.csv", "data.csv: no column looks like the text; name it with --text. "
         "Its columns: id, words."),
        (f"{SECRET} that,x\n", "data.csv", "data.csv: no column looks like the text; name it with --text. "
         "Its columns: x and 1 whose names aren't shown."),
        (f"{SECRET}!\n", "data.csv", "data.csv: no column looks like the text; name it with --text. "
         "Its first line has no names of columns."),
        ("text,id\nx,1\n", "data.csv", "data.csv: no column looks like a label; name one with --label. "
         "Its columns: text, id."),
        ("text,label,text\nx,1,y\n", "data.csv", "data.csv has two columns text. Its columns: text, label, text."),
        (f"text,label\n{SECRET},maybe\n", "data.csv", "data.csv, line 2: the value in label is neither a number nor "
         "yes or no; say with --positive which are positive."),
        ("text,label\nx,inf\n", "data.csv", "data.csv, line 2: the value in label is neither a number nor "
         "yes or no; say with --positive which are positive."),
        (f"text,label\n{SECRET},1,2\n", "data.csv", "data.csv, line 2: 3 fields, but the header has 2."),
        (f'text,label\n"{SECRET},1\n', "data.csv", "data.csv, line 2: unexpected end of data."),
        (f'{{"text": "{SECRET}"}}\n', "data.jsonl", "data.jsonl: no column looks like a label; name one with --label. "
         "Its columns: text."),
        (f'{{"text": "{SECRET}", "label": 1}}\n[1]\n', "data.jsonl", "data.jsonl, line 2 isn't a JSON object."),
        ('{"text": "x", "label": 1}\n{"label": 1}\n', "data.jsonl",
         "data.jsonl, line 2: text is missing or isn't a plain value."),
        ('{"text": ["x"], "label": 1}\n', "data.jsonl", "data.jsonl, line 1: text is missing or isn't a plain value."),
        ("[" * 100_000, "data.jsonl", "data.jsonl, line 1 isn't a JSON object."),
        (b"text,label\nx,1\n\xff\xfe,1\n", "data.csv", "data.csv isn't UTF-8 text (near line 1)."),
        ("text,label\n" + "x" * 1_000_001 + ",1\n", "data.csv", "data.csv, line 2 has more than 1,000,000 characters."),
        ('text,label\n"' + "x\n" * 600_000 + '",1\n', "data.csv",
         "data.csv, line 500002: field larger than field limit (1000000)."),
    ],
)  # fmt: skip
def test_bad_file_is_named_in_one_line(tmp_path: Path, content: str | bytes, name: str, message: str) -> None:
    assert refusal(file(tmp_path, content, name)) == message


def test_missing_column_names_what_there_is(tmp_path: Path) -> None:
    path = file(tmp_path, "text,label\nx,1\n")

    assert refusal(path, "rating") == "data.csv has no column rating. Its columns: text, label."


def test_two_columns_for_one_label_are_refused(tmp_path: Path) -> None:
    path = file(tmp_path, "text,a,b\nx,1,1\n")

    assert refusal(path, "a", "b") == "Two columns are given for toxicity: a and b; say COLUMN=LABEL."


def test_group_that_may_be_a_comment_is_refused(tmp_path: Path) -> None:
    path = file(tmp_path, f"text,label,who\nx,1,{SECRET} and some more\n")

    assert refusal(path, group="who") == "data.csv, line 2: a group's name has more than 40 characters."


def test_folder_is_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path.name} isn't a regular file; it is read twice."
