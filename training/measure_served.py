"""How well does the engine as it is served mark the telling words, and what is left of it when words are disguised?

python -m training.measure_served --data DIR --seed 1
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from commentsvc.moderation.embedded import EmbeddedEngine, load_model
from commentsvc.moderation.encoder import load_encoder
from commentsvc.moderation.normalise import Folded, fold
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import ToxicityEngine, load_engine
from training.attacks import DISGUISES, Disguise, disguise, is_kept_plain, join
from training.corpora import Example, read_examples, rows
from training.train_embedded import sample, split

_TEXTS = 400
_RATED = "is_toxic_popular_answer_1"
_LIST_WORDS = 300


def main(arguments: Sequence[str] | None = None) -> None:
    """Print overlap F1 of evidence, recall under each disguise, and times."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    engine = load_engine("embedded", None)
    examples = sample(read_examples(options.data, options.seed), options.seed)
    out = split(examples, options.seed)
    marked = [one for one in examples if one.source == "civil" and one.weight == 1 and one.marks]
    known = [one for one, is_out in zip(examples, out, strict=True) if not is_out and one.marks]
    groups = {one.group for one, is_out in zip(examples, out, strict=True) if is_out}
    tested = [one for one in marked if one.group in groups]
    random.Random(options.seed).shuffle(tested)
    _evidence(engine, tested[:_TEXTS], _hostile_words(known))
    _evasion(engine, tested[: 2 * _TEXTS], random.Random(options.seed))
    news = [row["comment"] for row in rows(options.data / "evaluate" / "ctc.csv") if row[_RATED] == "1"]
    _cost([one for one, is_out in zip(examples, out, strict=True) if is_out], news)
    _speed(engine, [one.text for one in tested[:_TEXTS]])


def _evidence(engine: ToxicityEngine, examples: Sequence[Example], listed: set[str]) -> None:
    ours, theirs = [], []
    for example in examples:
        gold = _marked(example)
        if gold:
            ours.append(_f1(_covered(engine.evidence(example.text)), gold))
            words = re.finditer(r"\w+", example.text)
            theirs.append(_f1(_covered([w.span() for w in words if w[0].lower() in listed]), gold))
    print(
        f"evidence: {len(ours)} texts, overlap F1 {np.mean(ours):.3f}, word list of {len(listed)} {np.mean(theirs):.3f}"
    )


def _evasion(engine: ToxicityEngine, examples: Sequence[Example], chance: random.Random) -> None:
    """Disguise the words that most raters marked, and ask how many texts are still held.

    Of all texts; of those with none but words that no training text disguised, by an engine whose list of hostile
    words lacks them, so that mending knows them as words and no more; and of the same by one that has never seen them.
    """
    texts = [(example.text, words) for example in examples if (words := _telling(example))]
    unknown = [(text, words) for text, words in texts if all(is_kept_plain(word) for word in words)]
    unlisted, unheard = _without_kept_plain(heard=True), _without_kept_plain(heard=False)
    print(f"recall: {len(texts)} texts; {len(unknown)} of them only with words that nobody listed")
    ways: dict[str, Disguise | None] = {"plain": None, **DISGUISES, "joined": None}
    for name, how in ways.items():
        changed = [[_changed(text, words, name, how, chance) for text, words in part] for part in (texts, unknown)]
        unlisted_held, unheard_held = _held(unlisted, changed[1]), _held(unheard, changed[1])
        print(
            f"recall {name}: {_held(engine, changed[0]):.3f}; unlisted {unlisted_held:.3f}; unheard {unheard_held:.3f}"
        )


def _changed(text: str, words: set[str], name: str, how: Disguise | None, chance: random.Random) -> str:
    if name == "joined":
        return join(text, words)
    return disguise(text, how, chance, words) if how else text


def _telling(example: Example) -> set[str]:
    gold = _marked(example)
    return {match[0].lower() for match in re.finditer(r"[A-Za-z]{3,}", example.text) if match.start() in gold}


def _without_kept_plain(*, heard: bool) -> ToxicityEngine:
    """Return the engine without the fourth of its hostile words that no training text disguised.

    Where they are heard of, they stand among all words, and what the model makes of one it reads alone is all that
    mending knows; otherwise they are in no list at all.
    """
    model = load_model()
    hostile = tuple(word for word in model.hostile if not is_kept_plain(word))
    if not heard:
        gone = {word for word in (*model.hostile, *model.harsh) if is_kept_plain(word)}
        harsh, words = (
            tuple(word for word in listed if word not in gone) for listed in (model.harsh, model.vocabulary)
        )
        model = replace(model, harsh=harsh, vocabulary=words)
    return EmbeddedEngine(replace(model, hostile=hostile), load_encoder())


def _cost(examples: Sequence[Example], news: list[str]) -> None:
    """Say what undoing disguises costs on harmless texts: how many are held only because of the second view."""
    model = load_model()
    engine, plain = EmbeddedEngine(model, load_encoder()), _OneView(model, load_encoder())
    for name, texts in {**_harmless(examples), "newspaper, rated not toxic": news}.items():
        with_it, without = _held(engine, texts), _held(plain, texts)
        print(f"cost: {name}, {len(texts)} texts: held {with_it:.4f}, without the second view {without:.4f}")


class _OneView(EmbeddedEngine):
    def views(self, text: str) -> list[Folded]:
        return [fold(text)]


def _harmless(examples: Sequence[Example]) -> dict[str, list[str]]:
    return {
        "clean Wikipedia talk": [
            one.text for one in examples if one.source == "wiki_plain" and one.targets["toxicity"] < 0.3
        ],
        "news comments, clean parts": [one.text for one in examples if one.source == "civil" and one.weight < 1],
    }


def _speed(engine: ToxicityEngine, texts: Sequence[str]) -> None:
    sentence = "The council voted on the budget last night, and many people were angry about it. " * 4
    engine.score([sentence])
    spent = []
    for _ in range(30):
        began = time.perf_counter()
        engine.score([sentence])
        spent.append(time.perf_counter() - began)
    began = time.perf_counter()
    engine.score(texts)
    rate = len(texts) / (time.perf_counter() - began)
    began = time.perf_counter()
    for text in texts[:50]:
        engine.evidence(text)
    evidence = (time.perf_counter() - began) / 50
    print(f"speed: {np.median(spent) * 1e3:.1f} ms for 60 words, {rate:.0f} texts/s, evidence {evidence * 1e3:.1f} ms")


def _held(engine: ToxicityEngine, texts: Sequence[str]) -> float:
    limits = DEFAULT_POLICY.thresholds.items()
    scored = engine.score(texts)
    return float(np.mean([any((scores[label] or 0) >= limit for label, limit in limits) for scores in scored]))


def _marked(example: Example) -> set[int]:
    """Return the characters that at least half of the raters marked."""
    votes = Counter(at for start, end in example.marks or () for at in range(start, min(end, len(example.text))))
    return {at for at, count in votes.items() if count * 2 >= example.raters}


def _hostile_words(examples: Sequence[Example]) -> set[str]:
    """Return the words that raters of other comments marked most often: a word list as good as one gets."""
    counts: Counter[str] = Counter()
    for example in examples:
        for start, end in set(example.marks or ()):
            if end - start < 20:
                counts.update(word.lower() for word in re.findall(r"\w{3,}", example.text[start:end]))
    stop = {
        "the",
        "and",
        "you",
        "are",
        "that",
        "this",
        "for",
        "with",
        "your",
        "they",
        "have",
        "who",
        "his",
        "all",
        "not",
    }
    return {word for word, _ in counts.most_common(_LIST_WORDS) if word not in stop}


def _covered(spans: Sequence[Span]) -> set[int]:
    return {at for start, end in spans for at in range(start, end)}


def _f1(found: set[int], gold: set[int]) -> float:
    return 2 * len(found & gold) / (len(found) + len(gold))


if __name__ == "__main__":
    main()
