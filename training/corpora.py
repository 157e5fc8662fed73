"""Which labelled texts is the embedded model trained on, and what does each of them say about each label?"""

import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from training.written import (
    COUNTER_FRAMES,
    HARMLESS_ANGER,
    HATE_FRAMES,
    KIND_FRAMES,
    NEUTRAL_FRAMES,
    SLIGHTS,
    THREAT_FRAMES,
)

LABELS = ("toxicity", "obscene", "threat", "insult", "identity_attack")

_SPAN_LABELS = {
    "Insult": "insult",
    "Profane/Obscene": "obscene",
    "Threat": "threat",
    "Identity based Attack": "identity_attack",
}
_LONGEST = 1200
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*\s*")
_TWEET_NOISE = re.compile(r"https?://\S+|@\w+|&#?\w+;|\bRT\b")


@dataclass(slots=True)
class Example:
    """One text; `targets` are probabilities, and a label that is not in it is unknown."""

    source: str
    text: str
    targets: dict[str, float]
    weight: float = 1.0
    group: str = ""
    """Texts cut from the same comment share it, so that a split keeps them together."""
    marks: tuple[tuple[int, int], ...] | None = None
    """Each rater's marked range; None where nobody was asked to mark words."""
    raters: int = 1


def read_examples(data: Path, seed: int) -> list[Example]:
    """Read every training file below `data`; texts are cut at 1,200 characters."""
    train = data / "train"
    found = [
        *_civil(train),
        *_context(train / "cat_gc.csv", "wiki_context"),
        *_context(train / "cat_gn.csv", "wiki_plain"),
        *_wiki(train / "wiki_nonfuzzed.csv"),
        *_tweets(train / "davidson.csv"),
        *_surge(train / "surge.csv"),
        *_jigsaw(train / "jigsaw_tiny.csv"),
        *_templates(train / "en_templates.csv", random.Random(seed)),
        *_written(train / "en_templates.csv", random.Random(seed)),
    ]
    for at, example in enumerate(found):
        example.text = example.text[:_LONGEST]
        example.group = example.group or f"{example.source}:{at}"
    return [example for example in found if example.text.strip()]


def rows(path: Path) -> Iterator[dict[str, str]]:
    """Yield a CSV file's rows."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def clean_targets(value: float = 0.0) -> dict[str, float]:
    """Return targets that say that nothing is wrong."""
    return {**dict.fromkeys(LABELS, 0.0), "toxicity": value}


def _civil(train: Path) -> Iterator[Example]:
    """Yield news comments by the share of raters, and clean ones made by taking the marked words out.

    Nearly all comments of this source are toxic and nearly all of Wikipedia's are not: without clean news
    comments a model learns that politics is toxic.
    """
    raters: dict[str, list[dict[str, str]]] = defaultdict(list)
    owner = {}
    for row in rows(train / "ts_annotations.csv"):
        raters[row["comment_id"]].append(row)
        owner[row["annotation"]] = row["comment_id"]
    marks: dict[str, set[tuple[str, str, int, int]]] = defaultdict(set)
    for row in rows(train / "ts_spans.csv"):
        mark = (row["annotation"], row["type"], int(row["start"]), int(row["end"]))
        marks[owner.get(row["annotation"], "")].add(mark)
    for row in rows(train / "ts_comments.csv"):
        answers = raters[row["comment_id"]]
        if answers:
            yield from _civil_comment(row, answers, marks[row["comment_id"]])


def _civil_comment(
    row: dict[str, str], answers: list[dict[str, str]], marks: set[tuple[str, str, int, int]]
) -> Iterator[Example]:
    text, group = row["comment_text"], f"civil:{row['comment_id']}"
    toxic = 1 - sum(answer["not toxic"] == "True" for answer in answers) / len(answers)
    voters = Counter(label for _, label in {(mark[0], mark[1]) for mark in marks})
    targets = {label: min(1.0, 2 * voters[kind] / len(answers)) for kind, label in _SPAN_LABELS.items()}
    marked = [(start, end) for _, _, start, end in marks]
    yield Example("civil", text, {"toxicity": toxic, **targets}, group=group, marks=tuple(marked), raters=len(answers))
    if not marked or any(answer["all toxic"] == "True" for answer in answers):
        return
    erased = "".join(c for at, c in enumerate(text) if not any(start <= at < end for start, end in marked))
    yield Example("civil", erased, clean_targets(0.1), weight=0.7, group=group, marks=())
    for match in _SENTENCE.finditer(text):
        inside = any(start < match.end() and end > match.start() for start, end in marked)
        if not inside and len(match[0].split()) >= 5:
            yield Example("civil", match[0], clean_targets(0.05), weight=0.5, group=group, marks=())


def _context(path: Path, source: str) -> Iterator[Example]:
    """Yield Wikipedia talk with people's label and Perspective's score, which softens it."""
    for row in rows(path):
        api = float(row["api"] or 0)
        toxicity = max(api, 0.9) if row["label"] == "1" else min(api, 0.6)
        targets = clean_targets(toxicity) if api < 0.2 and row["label"] == "0" else {"toxicity": toxicity}
        yield Example(source, row["text"], targets)


def _wiki(path: Path) -> Iterator[Example]:
    for row in rows(path):
        yield Example("wiki", row["comment"], {"toxicity": 1.0} if row["toxic"] == "True" else clean_targets())


def _tweets(path: Path) -> Iterator[Example]:
    """Yield tweets at a low weight: their raters took African-American English for offence more often than others."""
    for row in rows(path):
        text = _TWEET_NOISE.sub(" ", row["tweet"])
        if row["class"] == "2":
            yield Example("tweets", text, clean_targets(), weight=0.5)
        elif row["class"] == "1":
            yield Example("tweets", text, {"toxicity": 0.7, "threat": 0.0}, weight=0.2)
        else:
            yield Example("tweets", text, {"toxicity": 1.0, "identity_attack": 0.8}, weight=0.5)


def _surge(path: Path) -> Iterator[Example]:
    for row in rows(path):
        yield Example("surge", row["text"], {"toxicity": 1.0} if row["is_toxic"] == "Toxic" else clean_targets())


def _jigsaw(path: Path) -> Iterator[Example]:
    names = {"toxic": "toxicity", "identity_hate": "identity_attack"}
    for row in rows(path):
        targets = {names.get(name, name): float(row[name]) for name in ("toxic", "obscene", "threat", "insult")}
        yield Example("jigsaw", row["comment_text"], {**targets, "identity_attack": float(row["identity_hate"])})


def _templates(path: Path, chance: random.Random) -> Iterator[Example]:
    """Yield sentences that name identities, kindly and unkindly, so that a name alone isn't evidence."""
    every = list(rows(path))
    short = [row for row in every if row["template"] != "name_adj"]
    names = [row for row in every if row["template"] == "name_adj"]
    names = chance.sample(names, min(9000, len(names)))
    for row in short + names:
        bad = row["toxicity"] == "toxic"
        targets = {"toxicity": 0.9} if bad else clean_targets()
        yield Example("templates", row["phrase"], targets, weight=0.4, group=f"template:{row['phrase']}")


def _written(path: Path, chance: random.Random) -> Iterator[Example]:
    """Yield our own sentences: about identities without malice, threats, and harmless ones in the words of threats."""
    adjectives = sorted({row["phrase"].split(" ", 1)[1] for row in rows(path) if row["template"] == "verb_adj"})
    for frame in NEUTRAL_FRAMES:
        for _ in range(60):
            one, other = chance.sample(adjectives, 2)
            targets = clean_targets()
            yield Example("written", frame.format(one=one, other=other), targets, weight=2.0, group=f"frame:{frame}")
    hateful = {**clean_targets(0.95), "identity_attack": 0.95}
    about = [(frame, hateful) for frame in HATE_FRAMES] + [(frame, clean_targets(0.15)) for frame in COUNTER_FRAMES]
    for frame, targets in about:
        for _ in range(40):
            text = frame.format(one=chance.choice(adjectives), slight=chance.choice(SLIGHTS))
            yield Example("written", text, targets, group=f"frame:{frame}")
    for text in HARMLESS_ANGER:
        yield Example("written", text, clean_targets(0.1), weight=2.0, group=f"frame:{text}")
    for frames, targets in ((THREAT_FRAMES, {"toxicity": 1.0, "threat": 1.0}), (KIND_FRAMES, clean_targets())):
        for frame, choices in frames:
            for choice in choices:
                text = frame.format(choice)
                yield Example("written", text, targets, group=f"frame:{frame}")
