"""How well does the engine as it is served mark the telling words, and what is left of it when words are disguised?

python -m training.measure_served --data DIR --seed 1
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import ToxicityEngine, load_engine
from training.attacks import DISGUISES, disguise, join
from training.corpora import Example, read_examples
from training.train_embedded import sample, split

_TEXTS = 400
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
    _evasion(engine, tested[:_TEXTS], random.Random(options.seed))
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
    """Disguise the words that most raters marked; only texts that are held undisguised count as clean recall."""
    words = []
    for example in examples:
        gold = _marked(example)
        found = re.finditer(r"[A-Za-z]{3,}", example.text)
        words.append({match[0].lower() for match in found if match.start() in gold})
    texts = [(one.text, word) for one, word in zip(examples, words, strict=True) if word]
    print(f"recall plain: {_held(engine, [text for text, _ in texts]):.3f} of {len(texts)}")
    for name, how in DISGUISES.items():
        print(f"recall {name}: {_held(engine, [disguise(text, how, chance, word) for text, word in texts]):.3f}")
    print(f"recall joined: {_held(engine, [join(text, word) for text, word in texts]):.3f}")


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
