"""Which words are there, and which of them does the model find harsh on their own? What mending mangled words goes by.

python -m training.vocabulary --data DIR --seed 1

Adds to the model file what no rater has said: the words of the training texts, the common ones first, and those of them
that the engine itself would nearly hold when it reads nothing else.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from commentsvc.moderation import encoder
from commentsvc.moderation.embedded import EmbeddedEngine, Model, load_model
from commentsvc.moderation.encoder import Encoder
from commentsvc.moderation.mending import deletes, is_slip
from commentsvc.moderation.normalise import WORD, fold
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.toxicity import Scores
from training.corpora import Example, read_examples

_LEAST_SEEN = 5
"""In how many training texts a word must stand to be one."""
_OUTNUMBERED = 30
"""A word that is one slip from another, so many times more frequent one is a common misspelling of it."""
_HARSH = 0.8
"""A word is harsh from this share of a label's default threshold on."""
_BATCH = 512


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the words into the model file of a folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=encoder.FOLDER, help="the folder with the model's files")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    from training.train_embedded import sample, split  # noqa: PLC0415 - that one calls add_words

    examples = sample(read_examples(options.data, options.seed), options.seed)
    out = split(examples, options.seed)
    add_words(options.model, (example for example, is_out in zip(examples, out, strict=True) if not is_out))


def add_words(folder: Path, examples: Iterable[Example]) -> None:
    """Add `vocabulary` and `harsh` to embedded.npz in a folder, each with the most frequent words first."""
    path = folder / "embedded.npz"
    model, reader = load_model(path), Encoder(folder)
    counts = count_words(example.text for example in examples)
    words = ordinary(counts, reader.ordinary_words)
    harsh = harsh_words(model, reader, words)
    with np.load(path, allow_pickle=False) as kept:
        arrays = dict(kept)
    np.savez_compressed(path, **{**arrays, "vocabulary": np.array(words), "harsh": np.array(harsh)})
    load_model.cache_clear()
    print(f"{len(words)} words, {len(harsh)} of them harsh")


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count in how many texts each plain word of three letters or more stands."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update({word for word in WORD.findall(fold(text).text) if word.isascii() and word.isalpha()})
    return counts


def ordinary(counts: Counter[str], tokens: Iterable[str]) -> list[str]:
    """Return the words seen often enough, and those with a token of their own, without common misspellings."""
    spelt = set(tokens)
    words = {word for word, count in counts.items() if count >= _LEAST_SEEN and len(word) > 2}
    near = _neighbours(words)
    kept = {word for word in words if word in spelt or not _is_misspelt(word, counts, near)}
    return sorted(kept | {word for word in spelt if len(word) > 2}, key=lambda word: (-counts[word], word))


def harsh_words(model: Model, reader: Encoder, words: Sequence[str]) -> list[str]:
    """Return the words that alone come near a default threshold, in the order given."""
    engine = EmbeddedEngine(replace(model, hostile=(), harsh=(), vocabulary=()), reader)
    harsh = []
    for at in range(0, len(words), _BATCH):
        some = words[at : at + _BATCH]
        harsh += [word for word, scores in zip(some, engine.score(some), strict=True) if _is_harsh(scores)]
    return harsh


def _is_harsh(scores: Scores) -> bool:
    return any((scores[label] or 0.0) >= _HARSH * limit for label, limit in DEFAULT_POLICY.thresholds.items())


def _neighbours(words: Iterable[str]) -> dict[str, list[str]]:
    """Index words by their deletes: two words one slip apart share one."""
    near: dict[str, list[str]] = {}
    for word in words:
        for key in deletes(word):
            near.setdefault(key, []).append(word)
    return near


def _is_misspelt(word: str, counts: Counter[str], near: dict[str, list[str]]) -> bool:
    found = {other for key in deletes(word) for other in near.get(key, ())}
    return any(counts[other] >= _OUTNUMBERED * counts[word] and is_slip(word, other) for other in found)


if __name__ == "__main__":
    main()
