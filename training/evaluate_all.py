"""How well does the shipped engine do on everything there is to measure it on? Writes the model card's section.

python -m training.evaluate_all --data DIR --seed 1

Every table comes from `commentsvc classifier evaluate` on texts that the engine was not trained on: the fifth that
training left out, and a newspaper that training never sees.
"""

import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.pages import write_section
from commentsvc.cli.progress import progress
from commentsvc.cli.results import METHODS, Table, markdown_table, shown
from commentsvc.enums import TOXICITY_LABELS
from commentsvc.moderation import metrics
from commentsvc.moderation.evaluation import LENGTH
from commentsvc.moderation.metrics import Estimate
from training.corpora import Example, read_examples, rows
from training.train_embedded import sample, split
from training.written import NEUTRAL_FRAMES

CARD = Path(__file__).parent.parent / "docs" / "model-card.md"
SECTION = "evaluate_all"

_TEXTS = 2000
"""At most so many of a set, drawn by the seed."""

_BY_TERM = ("--group", "group")

Labels = dict[str, bool]


@dataclass(frozen=True, slots=True)
class Case:
    """One set of texts to evaluate: what it is called, how training relates to it, and its texts with their labels."""

    name: str
    relation: str
    texts: Sequence[tuple[str, Labels, str]]
    """Text, labels, group."""
    options: tuple[str, ...] = ()


def main(arguments: Sequence[str] | None = None) -> None:
    """Evaluate, and rewrite the section of the model card."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--card", type=Path, default=CARD)
    options = parser.parse_args(arguments)
    examples = sample(read_examples(options.data, options.seed), options.seed)
    is_out = split(examples, options.seed)
    out = [one for one, is_one_out in zip(examples, is_out, strict=True) if is_one_out]
    cases = [case for case in _cases(out, options.data, options.seed) if case.texts]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(os.cpu_count()) as pool:
        served = pool.submit(_measure_served, options.data, options.seed)
        answers = []
        with progress("Evaluating", len(cases)) as advance:
            for answer in pool.map(partial(_evaluate, Path(folder)), range(len(cases)), cases):
                answers.append(answer)
                advance(1)
        section = _section(cases, answers, served.result(), options.seed)
    write_section(options.card, SECTION, section)


def _cases(out: Sequence[Example], data: Path, seed: int) -> list[Case]:
    """Name everything that the engine is evaluated on, identity terms last."""
    chance = random.Random(seed)
    same = "held out"

    def held_out(name: str, chosen: Callable[[Example], bool], labels: Callable[[Example], Labels], *more: str) -> Case:
        found = [(one.text, labels(one), "") for one in out if chosen(one)]
        return Case(name, same, chance.sample(found, min(_TEXTS, len(found))), more)

    return [
        Case("Canadian newspaper, rated 2 or worse of 4", "never trained on", _news(data), ("--by-length",)),
        held_out("news comments, half of the raters minded", _is_whole("civil"), _halves, "--by-length"),
        held_out("news comments, marked words taken out", _is_part, _toxicity_half),
        held_out("Wikipedia talk with context", _is_whole("wiki_context"), _people_said, "--by-length"),
        held_out("Wikipedia talk, plain", _is_whole("wiki_plain"), _people_said, "--by-length"),
        held_out("Wikipedia comments", _is_whole("wiki"), _toxicity_half),
        held_out("Jigsaw sample", _is_whole("jigsaw"), _halves),
        held_out("tweets", _is_whole("tweets"), _tweet),
        held_out("surge-ai/toxicity", _is_whole("surge"), _toxicity_half),
        held_out("identity templates", _is_whole("templates"), _toxicity_half),
        held_out("our own sentences, unseen frames", _is_whole("written"), _written),
        Case("SemEval spans, all toxic", same, _semeval(out, data)),
        *_identity_cases(out, data, chance),
    ]


def _is_whole(source: str) -> Callable[[Example], bool]:
    return lambda one: one.source == source and (source != "civil" or one.weight == 1)


def _is_part(one: Example) -> bool:
    return one.source == "civil" and one.weight != 1


def _halves(one: Example) -> Labels:
    return {label: value >= 0.5 for label, value in one.targets.items()}


def _toxicity_half(one: Example) -> Labels:
    return {"toxicity": one.targets["toxicity"] >= 0.5}


def _people_said(one: Example) -> Labels:
    """Undo the softening by another classifier's score: people's yes is at least .9, their no at most .6."""
    return {"toxicity": one.targets["toxicity"] > 0.75}


def _tweet(one: Example) -> Labels:
    known = {"identity_attack": one.targets["identity_attack"] >= 0.5} if "identity_attack" in one.targets else {}
    return {**_toxicity_half(one), **known}


def _written(one: Example) -> Labels:
    return {label: value >= 0.5 for label, value in one.targets.items() if label in {"toxicity", "threat"}}


def _news(data: Path) -> list[tuple[str, Labels, str]]:
    found = rows(data / "evaluate" / "ctc.csv")
    return [(row["comment"], {"toxicity": int(row["is_toxic_popular_answer_1"]) >= 2}, "") for row in found]


def _semeval(out: Sequence[Example], data: Path) -> list[tuple[str, Labels, str]]:
    """Return this subset of the news comments as far as it is held out."""
    texts = {one.text.strip() for one in out if one.source == "civil" and one.weight == 1}
    found = (row["text"].strip()[:1200].strip() for row in rows(data / "train" / "tsd_train.csv"))
    return [(text, {"toxicity": True}, "") for text in found if text in texts]


def _identity_cases(out: Sequence[Example], data: Path, chance: random.Random) -> list[Case]:
    """Return sentences by identity term: unused sentences of trained templates, and frames that training left out."""
    every = [row for row in rows(data / "train" / "en_templates.csv") if row["template"] != "you_occupation"]
    terms = sorted({row["phrase"].split(" ", 1)[1] for row in every if row["template"] == "verb_adj"}, key=len)
    held_out = {one.text for one in out if one.source == "templates"}
    # Of the names' 72,000 sentences training sees a fraction; those it surely never saw are the held-out ones.
    templates = [
        (
            row["phrase"],
            {"toxicity": row["toxicity"] == "toxic"},
            next(t for t in reversed(terms) if t in row["phrase"]),
        )
        for row in every
        if row["phrase"] in held_out
    ]
    frames = {one.group.removeprefix("frame:") for one in out if one.source == "written"} & set(NEUTRAL_FRAMES)
    sentences = [
        (frame.format(one=term, other=chance.choice(terms)), {"toxicity": False}, term)
        for frame in sorted(frames)
        for term in terms
    ]
    return [
        Case("templates by identity", "held-out sentences of trained templates", templates, _BY_TERM),
        Case("neutral sentences by identity", "frames left out of training", sentences, _BY_TERM),
    ]


def _evaluate(folder: Path, number: int, case: Case) -> dict[str, Any]:
    """Run the command on the case's texts and return its JSON."""
    path = folder / f"{number}.csv"
    labels = [label for label in TOXICITY_LABELS if any(label in said for _, said, _ in case.texts)]
    with path.open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["text", *labels, "group"])
        for text, said, group in case.texts:
            lines.writerow([text, *(int(said[label]) if label in said else "" for label in labels), group])
    command = [sys.executable, "-m", "commentsvc", "classifier", "evaluate", str(path), "--json", *case.options]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{case.name}: {done.stderr.strip().splitlines()[-1]}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _measure_served(data: Path, seed: int) -> list[str]:
    """Return what training.measure_served says of evidence and of disguised words; times are the benchmark's."""
    command = [sys.executable, "-m", "training.measure_served", "--data", str(data), "--seed", str(seed)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [line for line in done.stdout.splitlines() if line.startswith(("evidence", "recall", "cost"))]


def _section(cases: Sequence[Case], answers: Sequence[dict[str, Any]], served: Sequence[str], seed: int) -> str:
    named = list(zip(cases, answers, strict=True))
    whole = [pair for pair in named if pair[0].options != _BY_TERM]
    identities = [pair for pair in named if pair[0].options == _BY_TERM]
    lengths = [
        (case.name, one["group"], *_held(one)) for case, answer in whole for one in _results(answer, LENGTH)
        if one["label"] == "toxicity"
    ]  # fmt: skip
    parts = [
        f"Made by `python -m training.evaluate_all --data DIR --seed {seed}`, which runs `commentsvc classifier "
        f"evaluate` on each set: {answers[0]['engine']} {answers[0]['version']}. None of these texts was trained on: "
        "*never trained on* is a source that training doesn't see (transfer), *held out* the fifth of a source that it "
        "left out, which flatters: the same source, and calibration and thresholds were fitted on it. "
        f"At most {_TEXTS:,} texts of a set, drawn by the seed. *Held*: over any of a new site's thresholds. {METHODS}",
        "**How well scores rank, and what is held**",
        markdown_table(Table("", _RANKING, [(c.name, c.relation, *_ranked(o)) for c, a in whole for o in _results(a)])),
        "**Recall at a false positive rate, and calibration**",
        markdown_table(Table("", _RECALLS, [(c.name, *_recalled(o)) for c, a in whole for o in _results(a)])),
        "**By length in words** (toxicity)",
        markdown_table(Table("", ("set", "words", *_HELD), lengths)),
        "**By identity**: harmless sentences held by default",
        markdown_table(
            Table("", ("identity", *(f"{c.name} ({c.relation})" for c, _ in identities)), _by_term(identities))
        ),
        "**Evidence and disguised words** (`training.measure_served`; overlap F1, share held)",
        "\n".join(f"- {line}" for line in served),
    ]
    return "\n\n".join(parts)


_RANKING = ("set", "relation", "label", "texts", "positive", "null", "ROC-AUC", "average precision",
            "positive ones held", "others held")  # fmt: skip
_RECALLS = ("set", "label", "at 1 %", "at 2 %", "at 5 %", "calibration error")
_HELD = ("texts", "positive", "ROC-AUC", "positive ones held", "others held")


def _results(answer: dict[str, Any], grouping: str = "all") -> list[dict[str, Any]]:
    return [one for one in answer["results"] if one["grouping"] == grouping and one["texts"]]


def _ranked(one: dict[str, Any]) -> Iterable[str]:
    texts, positives, auc, *held = _held(one)
    return one["label"], texts, positives, str(one["abstained"]), auc, _shown(one["average_precision"]), *held


def _recalled(one: dict[str, Any]) -> Iterable[str]:
    error = one["calibration_error"]
    return one["label"], *map(_shown, one["recall_at"].values()), _shown(None if error is None else {"value": error})


def _held(one: dict[str, Any]) -> Iterable[str]:
    shares = (one["roc_auc"], one["any_recall"], one["any_false_positive_rate"])
    return f"{one['texts']:,}", f"{one['positives']:,}", *map(_shown, shares)


def _shown(estimate: dict[str, Any] | None) -> str:
    return shown(Estimate(**estimate) if estimate else None)


def _by_term(identities: Sequence[tuple[Case, dict[str, Any]]]) -> list[tuple[str, ...]]:
    """Name each identity of which a harmless sentence is held, worst first, and put the others together."""
    counts: dict[str, list[tuple[int, int]]] = {}
    for at, (_, answer) in enumerate(identities):
        for one in _results(answer, "group"):
            harmless = one["texts"] - one["positives"]
            rate = one["any_false_positive_rate"]
            row = counts.setdefault(one["group"], [(0, 0)] * len(identities))
            row[at] = (round(rate["value"] * harmless) if rate else 0, harmless)
    worst = sorted((term for term in counts if any(held for held, _ in counts[term])), key=lambda t: _worst(counts[t]))
    calm = [term for term in counts if term not in worst]
    named = [(term, *map(_of, counts[term])) for term in worst]
    sums = [_sum(counts[term][at] for term in calm) for at in range(len(identities))]
    everyone = [_sum(row[at] for row in counts.values()) for at in range(len(identities))]
    return [*named, (f"the other {len(calm)}", *map(_of, sums)), ("all", *map(_of, everyone))]


def _worst(row: Sequence[tuple[int, int]]) -> float:
    return -max(held / harmless for held, harmless in row if harmless)


def _sum(pairs: Iterable[tuple[int, int]]) -> tuple[int, int]:
    held, harmless = zip(*pairs, strict=True) if pairs else ((0,), (0,))
    return sum(held), sum(harmless)


def _of(pair: tuple[int, int]) -> str:
    return f"{pair[0]} of {pair[1]:,}: {shown(metrics.share(*pair))}"


if __name__ == "__main__":
    main()
