"""How is the embedded model made, and how well does it do on sources that it has not seen?

python -m training.train_embedded --data DIR --out commentsvc/moderation/model --seed 1
"""

import argparse
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from transformers import BertModel

from commentsvc.moderation.embedded import features
from commentsvc.moderation.ngrams import BUCKETS
from commentsvc.moderation.normalise import fold
from commentsvc.moderation.policy import DEFAULT_POLICY
from training import export
from training.attacks import noisy
from training.corpora import LABELS, Example, clean_targets, read_examples, rows
from training.encoder import Encoded, Head, encode, load_encoder, mean_embeddings, predict, train
from training.vocabulary import add_words

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

VERSION = "2026.4"
BLEND = 0.7
"""The encoder's share in the blended logits."""
FAMILIES = (("civil",), ("wiki", "wiki_context", "wiki_plain", "jigsaw"), ("tweets", "surge"))
"""Sources that are left out together, because they were collected or judged alike."""
_NOISY_SHARE = {True: 0.6, False: 0.15}
"""How many of the toxic and of the other texts are seen a second time, with words disguised."""
_PHRASE = 40
"""Marks from this length on are whole sentences, which say little of their words."""
_LISTED = re.compile(r"[a-z]{4,}")
_IDF_STEP = 0.06
_SHRINK = {"toxicity": 2.0, "obscene": 0.3, "threat": 0.3, "insult": 0.5, "identity_attack": 0.3}
"""How strongly weights are drawn to zero; rare labels have too few examples to bear more."""
_STEPS = 40
_TRANSFER_SHARE = 0.4
"""How much of the other families' texts the encoder sees when it is measured on one that it doesn't."""
_PRUNE = 0.012
"""Weights below this share of the label's largest are dropped: a third of the file, no measurable loss."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train on four fifths, measure on the others and write the files; or measure transfer and write none."""
    options = _options().parse_args(arguments)
    began = time.monotonic()
    examples = sample(read_examples(options.data, options.seed), options.seed)
    corpus = _read(examples, options)
    _say("texts", len(corpus.examples), "seconds", round(time.monotonic() - began))
    if options.transfer:
        report_transfer(corpus, options.seed)
        return
    out = split(corpus.examples, options.seed)
    head = train(corpus.encoder, corpus.chosen(~out), seed=options.seed)
    linear = [_fit(corpus.examples, corpus.matrix, label, ~out) for label in LABELS]
    model = calibrate(corpus, head, linear, out)
    report(corpus, model, out)
    options.out.mkdir(parents=True, exist_ok=True)
    export.save(corpus.encoder, head, options.out)
    save(options.out / "embedded.npz", model, corpus)
    chosen = [
        one for one, is_out in zip(corpus.examples[: corpus.plain], out[: corpus.plain], strict=True) if not is_out
    ]
    add_words(options.out, chosen)
    _say("seconds", round(time.monotonic() - began))


@dataclass(slots=True)
class Corpus:
    """All texts as both models see them; rows from `plain` on are noisy copies of earlier ones."""

    examples: list[Example]
    texts: list[str]
    plain: int
    encoder: BertModel
    encoded: list[Encoded]
    matrix: csr_matrix
    idf: Floats
    hostile: list[str]
    news: list[dict[str, str]]
    news_encoded: list[Encoded]
    news_matrix: csr_matrix

    def chosen(self, use: Bools) -> list[Encoded]:
        """Return the encoded texts that are in use."""
        return [one for one, is_used in zip(self.encoded, use, strict=True) if is_used]


@dataclass(frozen=True, slots=True)
class Trained:
    """Both models, how they are blended and calibrated, and their calibrated logits of held-out texts and of news."""

    linear: Sequence[tuple[Floats, float]]
    slope: Floats
    offset: Floats
    logits: Floats
    news_logits: Floats


def sample(examples: Sequence[Example], seed: int) -> list[Example]:
    """Drop most of what there is too much of: tweets, templates and clean Wikipedia talk."""
    chance = random.Random(seed)
    kept = []
    for example in examples:
        clean_talk = example.source in {"wiki_context", "wiki_plain"} and example.targets["toxicity"] < 0.1
        share = {"tweets": 0.35, "templates": 0.4}.get(example.source, 0.4 if clean_talk else 1.0)
        if chance.random() < share:
            kept.append(example)
    return kept


def _read(examples: list[Example], options: argparse.Namespace) -> Corpus:
    chance = random.Random(options.seed)
    plain = len(examples)
    out = split(examples, options.seed)
    hostile = hostile_words(example for example, is_out in zip(examples, out, strict=True) if not is_out)
    examples += [copy for example in examples if (copy := _disguised(example, hostile, chance))]
    texts = [fold(example.text).text for example in examples]
    idf = _rarity(texts[:plain])
    encoder, tokenizer = load_encoder()
    news = list(rows(options.data / "evaluate" / "ctc.csv"))
    news_examples = [Example("news", row["comment"][:1200], clean_targets()) for row in news]
    news_texts = [fold(example.text).text for example in news_examples]
    return Corpus(
        examples, texts, plain, encoder, encode(tokenizer, examples, texts), _matrix(texts, idf), idf, hostile,
        news, encode(tokenizer, news_examples, news_texts), _matrix(news_texts, idf),
    )  # fmt: skip


def _disguised(example: Example, hostile: Sequence[str], chance: random.Random) -> Example | None:
    """Return a noisy copy of some texts: of toxic ones with their hostile words disguised, of others any words."""
    toxic = example.targets["toxicity"] >= 0.5
    if (example.source == "templates" and not toxic) or chance.random() >= _NOISY_SHARE[toxic]:
        return None
    cold = 0.03 if toxic else 0.12
    text, marks = noisy(example.text, example.marks or (), set(hostile), chance, hot=0.75, cold=cold)
    return None if text == example.text else replace(example, text=text, marks=None if example.marks is None else marks)


def hostile_words(examples: Iterable[Example]) -> list[str]:
    """Return the words that raters marked at least a fourth of the time, the most marked first."""
    seen: Counter[str] = Counter()
    marked: Counter[str] = Counter()
    for example in examples:
        if example.source != "civil" or example.weight < 1 or not example.marks:
            continue
        share = np.zeros(len(example.text) + 1)
        for start, end in example.marks:
            share[start:end] += (end - start < _PHRASE) / example.raters
        for match in _LISTED.finditer(example.text.lower()):
            seen[match[0]] += 1
            marked[match[0]] += share[match.start() : match.end()].mean()
    often = [word for word, votes in marked.most_common() if votes >= 0.25 * seen[word] and votes >= 0.7]
    return [word for word in often if seen[word] >= 2]


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--transfer", action="store_true", help="leave families of sources out instead")
    return parser


def _rarity(texts: Sequence[str]) -> Floats:
    """Return inverse document frequencies of n-grams, rounded as they will be served."""
    flat = np.ones(BUCKETS, dtype=np.float32)
    seen = np.zeros(BUCKETS)
    for text in texts:
        seen[np.unique(features(text, flat)[0])] += 1
    rarity = 1 + np.log((1 + len(texts)) / (1 + seen))
    served: Floats = (np.clip(np.round(rarity / _IDF_STEP), 0, 255) * _IDF_STEP).astype(np.float32)
    return served


def _matrix(texts: Sequence[str], idf: Floats) -> csr_matrix:
    rows_of = [features(text, idf) for text in texts]
    starts = np.concatenate([[0], np.cumsum([len(buckets) for buckets, _ in rows_of])])
    buckets = np.concatenate([buckets for buckets, _ in rows_of]).astype(np.int32)
    values = np.concatenate([values for _, values in rows_of])
    return csr_matrix((values, buckets, starts), shape=(len(texts), BUCKETS))


def _fit(examples: Sequence[Example], matrix: csr_matrix, label: str, use: Bools) -> tuple[Floats, float]:
    """Fit a logistic regression to probabilities, by L-BFGS, with the examples' weights."""
    known = np.array([label in example.targets for example in examples]) & use
    kept = matrix[known]
    across = kept.T.tocsr()
    target = np.array([e.targets[label] for e, k in zip(examples, known, strict=True) if k], dtype=np.float32)
    weight = np.array([e.weight for e, k in zip(examples, known, strict=True) if k], dtype=np.float32)

    shrink = _SHRINK[label]

    def loss(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = kept @ point[:-1].astype(np.float32) + point[-1]
        error = (1 / (1 + np.exp(-logits)) - target) * weight
        value = float(np.sum(weight * (np.logaddexp(0, logits) - target * logits)))
        slope = np.append(across @ error.astype(np.float32), error.sum()).astype(np.float64)
        slope[:-1] += shrink * point[:-1]
        return value + shrink / 2 * float(point[:-1] @ point[:-1]), slope

    found = minimize(loss, np.zeros(BUCKETS + 1), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return found.x[:-1].astype(np.float32), float(found.x[-1])


def _predict(model: tuple[Floats, float], matrix: csr_matrix) -> NDArray[np.float64]:
    predicted: NDArray[np.float64] = 1 / (1 + np.exp(-(matrix @ model[0] + model[1]).astype(np.float64)))
    return predicted


def report_transfer(corpus: Corpus, seed: int) -> None:
    """Leave families of sources out and judge them by the others; toxicity, ROC-AUC, against two baselines."""
    source = np.array([example.source for example in corpus.examples])
    toxic = _is([example.targets["toxicity"] for example in corpus.examples])
    rated = np.array([int(row["is_toxic_popular_answer_1"]) for row in corpus.news]) >= 2
    plain = np.arange(len(source)) < corpus.plain
    whole = np.array([example.source != "civil" or example.weight == 1 for example in corpus.examples])
    embedded = mean_embeddings(corpus.encoder, corpus.encoded)
    for family in FAMILIES:
        use = ~np.isin(source, family)
        fewer = use & (np.random.default_rng(seed).random(len(source)) < _TRANSFER_SHARE)
        head = train(corpus.encoder, corpus.chosen(fewer), seed=seed)
        linear = _fit(corpus.examples, corpus.matrix, "toxicity", use)
        frozen = LogisticRegression(C=10, max_iter=300).fit(embedded[fewer], toxic[fewer])
        for name in family:
            out = (source == name) & plain & whole
            read = predict(corpus.encoder, head, corpus.chosen(out))[0][:, 0]
            flat = corpus.matrix[out] @ linear[0] + linear[1]
            scores = {"n-grams": flat, "frozen": frozen.decision_function(embedded[out]), "encoder": read}
            scores["blend"] = BLEND * read + (1 - BLEND) * flat
            _say("held out", name, int(out.sum()), *(f"{key} {_auc(toxic[out], s)}" for key, s in scores.items()))
        read = predict(corpus.encoder, head, corpus.news_encoded)[0][:, 0]
        flat = corpus.news_matrix @ linear[0] + linear[1]
        _say(
            "newspaper without",
            family,
            f"encoder {_auc(rated, read)} blend {_auc(rated, BLEND * read + (1 - BLEND) * flat)}",
        )


def calibrate(corpus: Corpus, head: Head, linear: Sequence[tuple[Floats, float]], out: Bools) -> Trained:
    """Blend the two models' logits; fit Platt's slope and offset a label on held-out texts and their soft targets."""
    plain = np.arange(int(out.sum())) < int(out[: corpus.plain].sum())
    blended = _blended(predict(corpus.encoder, head, corpus.chosen(out))[0], corpus.matrix[out], linear)
    news = _blended(predict(corpus.encoder, head, corpus.news_encoded)[0], corpus.news_matrix, linear)
    tested = [example for example, is_out in zip(corpus.examples, out, strict=True) if is_out]
    slope, offset = np.ones(len(LABELS), dtype=np.float32), np.zeros(len(LABELS), dtype=np.float32)
    for at, label in enumerate(LABELS):
        known = np.array([label in example.targets for example in tested]) & plain
        target = np.array([example.targets.get(label, 0) for example in tested])[known]
        weight = np.array([example.weight for example in tested])[known]
        slope[at], offset[at] = _platt(blended[known, at], target, weight)
    return Trained(linear, slope, offset, slope * blended + offset, slope * news + offset)


def _blended(read: Floats, matrix: csr_matrix, linear: Sequence[tuple[Floats, float]]) -> Floats:
    flat = np.stack([matrix @ weights + bias for weights, bias in linear], axis=1)
    blended: Floats = (BLEND * read + (1 - BLEND) * flat).astype(np.float32)
    return blended


def _platt(logits: Floats, target: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    def loss(point: NDArray[np.float64]) -> float:
        value = point[0] * logits + point[1]
        return float(np.sum(weight * (np.logaddexp(0, value) - target * value)))

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    return float(found.x[0]), float(found.x[1])


def report(corpus: Corpus, model: Trained, out: Bools) -> None:
    """Say what the model tells apart on held-out texts, and what the default thresholds hold."""
    tested = [example for example, is_out in zip(corpus.examples, out, strict=True) if is_out]
    noisy_copy = np.flatnonzero(out) >= corpus.plain
    rating = np.array([int(row["is_toxic_popular_answer_1"]) for row in corpus.news])
    held, news_held = np.zeros(len(tested), dtype=bool), np.zeros(len(rating), dtype=bool)
    for at, label in enumerate(LABELS):
        limit = np.log(DEFAULT_POLICY.thresholds[label] / (1 - DEFAULT_POLICY.thresholds[label]))
        held |= model.logits[:, at] >= limit
        news_held |= model.news_logits[:, at] >= limit
        known = np.array([label in example.targets for example in tested]) & ~noisy_copy
        is_so = _is([example.targets.get(label, 0) for example in tested]) & known
        recall = float((model.logits[is_so, at] >= limit).mean())
        _say("label", label, "AUC", _auc(is_so[known], model.logits[known, at]), "recall at its threshold", recall)
    _say("newspaper, rated 2 or worse of 4: AUC", _auc(rating >= 2, model.news_logits[:, 0]))
    for name, chosen in _portions(tested).items():
        for what, part in {"": chosen & ~noisy_copy, "disguised: ": chosen & noisy_copy}.items():
            if part.any():
                _say("held by default:", what + name, "texts", int(part.sum()), "share", float(held[part].mean()))
    for name, chosen in {"rated not toxic": rating == 1, "rated 2 or worse": rating >= 2}.items():
        _say("held by default: newspaper,", name, "texts", int(chosen.sum()), "share", float(news_held[chosen].mean()))


def _is(values: Sequence[float]) -> Bools:
    return np.array(values) >= 0.5


def split(examples: Sequence[Example], seed: int) -> Bools:
    """Say of each text whether it is one of the fifth that the shipped model wasn't trained on."""
    return _fifth([example.group for example in examples], seed)


def _fifth(groups: Sequence[str], seed: int) -> Bools:
    """Choose about a fifth of the groups; texts cut from one comment and sentences of one frame stay together."""
    names = sorted(set(groups))
    chance = np.random.default_rng(seed).random(len(names))
    out = {name for name, lot in zip(names, chance, strict=True) if lot < 0.2}
    return np.array([group in out for group in groups])


def _portions(tested: Sequence[Example]) -> dict[str, Bools]:
    """Name the kinds of held-out texts that a newsroom would ask about."""
    tests: dict[str, Callable[[Example], bool]] = {
        "clean Wikipedia talk": lambda e: e.source == "wiki_plain" and e.targets["toxicity"] < 0.3,
        "neutral identity templates": lambda e: e.source == "templates" and e.targets["toxicity"] < 0.5,
        "neutral identity sentences, unseen frames": lambda e: e.source == "written" and not e.targets["toxicity"],
        "threats, unseen frames": lambda e: e.source == "written" and e.targets["threat"] == 1,
        "hatred of groups, unseen frames": lambda e: (
            e.source == "written" and e.targets.get("identity_attack", 0) > 0.9
        ),
        "news comments, clean parts": lambda e: e.source == "civil" and e.weight < 1,
        "news comments, no rater minded": lambda e: e.source == "civil" and e.targets["toxicity"] == 0,
        "news comments, half the raters minded": lambda e: (
            e.source == "civil" and e.weight == 1 and e.targets["toxicity"] >= 0.5
        ),
    }
    return {name: np.array([test(example) for example in tested]) for name, test in tests.items()}


def _auc(target: Bools, scores: NDArray[Any]) -> float:
    return round(float(roc_auc_score(target, scores)), 3)


def save(path: Path, model: Trained, corpus: Corpus) -> None:
    """Write the linear model, the blend and its calibration; `add_words` completes the file."""
    weights = np.stack([weights for weights, _ in model.linear])
    scales = np.abs(weights).max(axis=1) / 127
    rounded = np.round(weights / scales[:, None])
    rounded[np.abs(rounded) < _PRUNE * 127] = 0
    np.savez_compressed(
        path,
        version=np.array(VERSION),
        labels=np.array(LABELS),
        weights=rounded.astype(np.int8),
        scales=scales.astype(np.float32),
        bias=np.array([bias for _, bias in model.linear], dtype=np.float32),
        blend=np.array(BLEND, dtype=np.float32),
        slope=model.slope,
        offset=model.offset,
        idf=np.round(corpus.idf / _IDF_STEP).astype(np.uint8),
        hostile=np.array(corpus.hostile),
        harsh=np.array([], dtype=str),
        vocabulary=np.array([], dtype=str),
        idf_step=np.array(_IDF_STEP, dtype=np.float32),
    )


def _say(*words: object) -> None:
    print(*(round(word, 4) if isinstance(word, float) else word for word in words), flush=True)


if __name__ == "__main__":
    main()
