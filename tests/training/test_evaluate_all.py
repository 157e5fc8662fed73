"""Does one command evaluate a miniature of all the data, and say honestly what it was measured on?"""

import csv
import re
from pathlib import Path

import pytest

from training import evaluate_all

KIND = ["thank you for the kind note", "the bus lane opens in March", "we met at the market hall"]
RUDE = ["you are a pathetic idiot", "shut up you stupid liar", "what a worthless moron you are"]


def write(path: Path, header: str, *lines: list[object]) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header.split(","), *lines])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Every file that training reads, with some dozens of texts each."""
    train = tmp_path / "data" / "train"
    train.parent.mkdir()
    texts = [(f"{text} number {at}", text in RUDE) for at in range(12) for text in (*KIND, *RUDE)]
    numbered = list(enumerate(texts))
    write(train / "ts_comments.csv", "comment_id,comment_text", *([at, text] for at, (text, _) in numbered))
    write(train / "ts_annotations.csv", "annotation,comment_id,worker,country,all toxic,not toxic",
          *([f"a{at}", at, 1, "x", False, not rude] for at, (_, rude) in numbered))  # fmt: skip
    write(train / "ts_spans.csv", "annotation,type,start,end",
          *([f"a{at}", "Insult", 0, len(text)] for at, (text, rude) in numbered if rude))  # fmt: skip
    write(train / "tsd_train.csv", "spans,text", *(["[]", text] for text, rude in texts if rude))
    for name in ("cat_gc", "cat_gn"):
        write(train / f"{name}.csv", "id,text,parent,label,api",
              *([at, text, "", int(rude), 0.9 if rude else 0.1] for at, (text, rude) in numbered))  # fmt: skip
    write(train / "wiki_nonfuzzed.csv", "rev_id,comment,toxic", *([at, text, rude] for at, (text, rude) in numbered))
    write(train / "davidson.csv", "class,tweet", *([0 if rude else 2, text] for text, rude in texts))
    write(train / "surge.csv", "text,is_toxic", *([text, "Toxic" if rude else "Not Toxic"] for text, rude in texts))
    write(train / "jigsaw_tiny.csv", "id,comment_text,toxic,severe_toxic,obscene,threat,insult,identity_hate",
          *([at, text, int(rude), 0, 0, 0, int(rude), 0] for at, (text, rude) in numbered))  # fmt: skip
    terms = ("deaf", "sikh", "african", "african american")
    write(train / "en_templates.csv", "template,toxicity,phrase",
          *(["verb_adj", "nontoxic", f"hug {term}"] for term in terms),
          *(["name_adj", "nontoxic", f"N{at} is a great {term}"] for term in terms for at in range(60)),
          *(["name_adj", "toxic", f"N{at} is a disgusting {term}"] for term in terms for at in range(20)))  # fmt: skip
    write(tmp_path / "data" / "evaluate" / "ctc.csv", "comment,is_toxic_popular_answer_1",
          *([text, 2 if rude else 1] for text, rude in texts))  # fmt: skip
    return tmp_path / "data"


@pytest.mark.slow
def test_one_command_writes_the_section(data: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text("before\n<!-- evaluate_all -->\nold\n<!-- /evaluate_all -->\nafter\n")

    evaluate_all.main(["--data", str(data), "--card", str(card)])

    text = card.read_text(encoding="utf-8")
    newspaper = re.search(
        r"^\| Canadian newspaper.* \| never trained on \| toxicity \| 72 \| 36 \|", text, re.MULTILINE
    )
    relations = set(re.findall(r"^\| [^|]+ \| (never trained on|held out|trained on) \|", text, re.MULTILINE))
    assert text.startswith(
        "before\n<!-- evaluate_all -->\nMade by `python -m training.evaluate_all --data DIR --seed 1`"
    )
    assert text.endswith("<!-- /evaluate_all -->\nafter\n")
    assert "old" not in text.split()
    assert newspaper
    assert relations == {"never trained on", "held out"}
    assert re.search(r"^\| news comments, half of the raters minded \| 1–9 \|", text, re.MULTILINE)
    assert re.search(r"^\| all \| \d+ of \d[\d,]+: ", text, re.MULTILINE)
    assert "- evidence: " in text
    assert not [words for words in (*KIND, *RUDE) if words in text]
