"""How is the embedded model made, and how well does it do on sources that it has not seen?

python -m training.train_embedded --data DIR --out commentsvc/moderation/model/embedded.npz --seed 1
"""

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.metrics import roc_auc_score

from commentsvc.moderation.embedded import features
from commentsvc.moderation.ngrams import BUCKETS
from commentsvc.moderation.normalise import fold
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.relevance import IDF_BUCKETS, idf_bucket, stems
from training.corpora import LABELS, Example, read_examples, rows

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

VERSION = "2026.1"
_IDF_STEP = 0.06
_SHRINK = {"toxicity": 2.0, "obscene": 0.3, "threat": 0.3, "insult": 0.5, "identity_attack": 0.3}
"""How strongly weights are drawn to zero; rare labels have too few examples to bear more."""
_STEPS = 40
_PRUNE = 0.012
"""Weights below this share of the label's largest are dropped: a third of the file, no measurable loss."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure transfer, choose thresholds on held-out comments, train on everything, write the file."""
    options = _options().parse_args(arguments)
    began = time.monotonic()
    examples = read_examples(options.data, options.seed)
    idf, relevance_idf = _rarity(examples)
    matrix = _matrix([example.text for example in examples], idf)
    _say("examples", len(examples), "buckets", BUCKETS, "seconds", round(time.monotonic() - began))
    _report_transfer(examples, matrix)
    _report_defaults(examples, matrix, idf, options)
    everything = np.ones(len(examples), dtype=bool)
    models = [_fit(examples, matrix, label, everything) for label in LABELS]
    _save(options.out, models, idf, relevance_idf)
    _say("seconds", round(time.monotonic() - began), "bytes", options.out.stat().st_size)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def _rarity(examples: Sequence[Example]) -> tuple[Floats, Floats]:
    """Return inverse document frequencies of n-grams and of stems, rounded as they will be served."""
    flat = np.ones(BUCKETS, dtype=np.float32)
    seen, stem_seen = np.zeros(BUCKETS), np.zeros(IDF_BUCKETS)
    for example in examples:
        seen[np.unique(features(fold(example.text).text, flat)[0])] += 1
        stem_seen[list({idf_bucket(stem) for stem in stems(example.text)})] += 1
    return _as_served(seen, len(examples)), _as_served(stem_seen, len(examples))


def _as_served(seen: NDArray[np.float64], documents: int) -> Floats:
    rarity = 1 + np.log((1 + documents) / (1 + seen))
    served: Floats = (np.clip(np.round(rarity / _IDF_STEP), 0, 255) * _IDF_STEP).astype(np.float32)
    return served


def _matrix(texts: Sequence[str], idf: Floats) -> csr_matrix:
    rows_of = [features(fold(text).text, idf) for text in texts]
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


def _report_transfer(examples: Sequence[Example], matrix: csr_matrix) -> None:
    """Leave one source out at a time and judge it by the others."""
    sources = np.array([example.source for example in examples])
    toxic = np.array([example.targets["toxicity"] for example in examples]) >= 0.5
    for source in sorted(set(sources)):
        out = sources == source
        scores = _predict(_fit(examples, matrix, "toxicity", ~out), matrix[out])
        _say("held out", source, "texts", int(out.sum()), "AUC", _auc(toxic[out], scores))


def _report_defaults(examples: Sequence[Example], matrix: csr_matrix, idf: Floats, options: argparse.Namespace) -> None:
    """Train on four fifths of the comments and say what the default thresholds do to the others.

    News comments of another newspaper, which are only for measuring, are judged beside them.
    """
    out = _fifth([example.group for example in examples], options.seed)
    tested = [example for example, is_out in zip(examples, out, strict=True) if is_out]
    news = list(rows(options.data / "evaluate" / "ctc.csv"))
    rating = np.array([int(row["is_toxic_popular_answer_1"]) for row in news])
    news_matrix = _matrix([row["comment"] for row in news], idf)
    held, news_held = np.zeros(len(tested), dtype=bool), np.zeros(len(news), dtype=bool)
    for label in LABELS:
        model = _fit(examples, matrix, label, ~out)
        scores, news_scores = _predict(model, matrix[out]), _predict(model, news_matrix)
        held |= scores >= DEFAULT_POLICY.thresholds[label]
        news_held |= news_scores >= DEFAULT_POLICY.thresholds[label]
        known = np.array([label in example.targets for example in tested])
        is_so = np.array([example.targets.get(label, 0) >= 0.5 for example in tested])
        recall = float((scores[is_so] >= DEFAULT_POLICY.thresholds[label]).mean())
        _say("label", label, "AUC", _auc(is_so[known], scores[known]), "recall at its threshold", recall)
        if label == "toxicity":
            _say("newspaper, rated 2 or worse of 4: AUC", _auc(rating >= 2, news_scores))
    for name, chosen in _portions(tested).items():
        _say("held by the default thresholds:", name, "texts", int(chosen.sum()), "share", float(held[chosen].mean()))
    for name, chosen in {"rated not toxic": rating == 1, "rated 2 or worse": rating >= 2}.items():
        _say("held, newspaper,", name, "texts", int(chosen.sum()), "share", float(news_held[chosen].mean()))


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
        "neutral identity sentences, unseen frames": lambda e: e.source == "written" and not e.targets["threat"],
        "threats, unseen frames": lambda e: e.source == "written" and e.targets["threat"] == 1,
        "news comments, clean parts": lambda e: e.source == "civil" and e.weight < 1,
        "news comments, no rater minded": lambda e: e.source == "civil" and e.targets["toxicity"] == 0,
        "news comments, half the raters minded": lambda e: (
            e.source == "civil" and e.weight == 1 and e.targets["toxicity"] >= 0.5
        ),
    }
    return {name: np.array([test(example) for example in tested]) for name, test in tests.items()}


def _auc(target: Bools, scores: NDArray[np.float64]) -> float:
    return round(float(roc_auc_score(target, scores)), 3)


def _save(path: Path, models: Sequence[tuple[Floats, float]], idf: Floats, relevance_idf: Floats) -> None:
    weights = np.stack([model[0] for model in models])
    scales = np.abs(weights).max(axis=1) / 127
    rounded = np.round(weights / scales[:, None])
    rounded[np.abs(rounded) < _PRUNE * 127] = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        version=np.array(VERSION),
        labels=np.array(LABELS),
        weights=rounded.astype(np.int8),
        scales=scales.astype(np.float32),
        bias=np.array([model[1] for model in models], dtype=np.float32),
        idf=np.round(idf / _IDF_STEP).astype(np.uint8),
        relevance_idf=np.round(relevance_idf / _IDF_STEP).astype(np.uint8),
        idf_step=np.array(_IDF_STEP, dtype=np.float32),
    )


def _say(*words: object) -> None:
    print(*(round(word, 4) if isinstance(word, float) else word for word in words), flush=True)


if __name__ == "__main__":
    main()
