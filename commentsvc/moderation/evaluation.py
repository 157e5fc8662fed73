"""How well does an engine do on texts that people have labelled?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from commentsvc.moderation import metrics
from commentsvc.moderation.metrics import Bin, Bools, Estimate, Floats

FALSE_POSITIVE_RATES = (0.01, 0.02, 0.05)
ALL = "all"
LENGTH = "length in words"

_LENGTHS = ((10, "1–9"), (25, "10–24"), (50, "25–49"), (100, "50–99"))
_LONGEST = "100 or more"


@dataclass(frozen=True, slots=True)
class Labelled:
    """What is known of n texts: `truth` (people's labels: 1, 0, NaN for none) and `scores` (NaN for null), by label.

    `groups` has each text's group for each grouping's name.
    """

    truth: Mapping[str, Floats]
    scores: Mapping[str, Floats]
    groups: Mapping[str, NDArray[np.str_]]


@dataclass(frozen=True, slots=True)
class Result:
    """One label measured on one group of texts, or on all of them.

    Ranking and calibration leave out what the engine answered null (`abstained`); thresholds don't hold it.
    `recall` and `false_positive_rate` are of the label's own threshold, `any_…` of all thresholds together.
    """

    grouping: str
    group: str
    label: str
    texts: int
    positives: int
    abstained: int
    roc_auc: Estimate | None
    average_precision: Estimate | None
    recall_at: tuple[Estimate | None, ...]
    threshold: float | None
    recall: Estimate | None
    false_positive_rate: Estimate | None
    any_recall: Estimate | None
    any_false_positive_rate: Estimate | None
    calibration_error: float | None
    reliability: tuple[Bin, ...]


def length_group(text: str) -> str:
    """Name the text's length in words, as white space parts them."""
    words = len(text.split())
    return next((name for limit, name in _LENGTHS if words < limit), _LONGEST)


def evaluate(texts: Labelled, thresholds: Mapping[str, float]) -> list[Result]:
    """Measure every label on all texts, then on each group: lengths from short to long, others by name."""
    held = _held(texts, thresholds)
    return [
        _measure(name, texts, (grouping, group), chosen, held=held, threshold=thresholds.get(name))
        for grouping, group, chosen in _parts(texts)
        for name in texts.truth
    ]


def _parts(texts: Labelled) -> Iterator[tuple[str, str, Bools]]:
    size = len(next(iter(texts.truth.values())))
    yield ALL, ALL, np.ones(size, dtype=bool)
    for grouping, names in texts.groups.items():
        for group in sorted(set(names.tolist()), key=_place):
            yield grouping, group, names == group


def _place(group: str) -> tuple[int, str]:
    lengths = [*(name for _, name in _LENGTHS), _LONGEST]
    return lengths.index(group) if group in lengths else len(lengths), group


def _held(texts: Labelled, thresholds: Mapping[str, float]) -> Bools:
    over = [texts.scores[label] >= limit for label, limit in thresholds.items() if label in texts.scores]
    size = len(next(iter(texts.truth.values())))
    held: Bools = np.logical_or.reduce([np.zeros(size, dtype=bool), *over])
    return held


def _measure(
    label: str, texts: Labelled, part: tuple[str, str], chosen: Bools, *, held: Bools, threshold: float | None
) -> Result:
    chosen = chosen & ~np.isnan(texts.truth[label])
    positive, scores = texts.truth[label][chosen] == 1, texts.scores[label][chosen]
    known = ~np.isnan(scores)
    is_silent = not known.any()
    at_rates = [partial(metrics.recall_at, limit=rate) for rate in FALSE_POSITIVE_RATES]
    precision, *recalls = metrics.bootstrapped(positive[known], scores[known], [metrics.average_precision, *at_rates])
    bins = metrics.reliability(positive[known], scores[known])
    own = (None, None) if threshold is None or is_silent else _rates(positive, scores >= threshold)
    together = _rates(positive, held[chosen])
    return Result(
        *part,
        label,
        texts=len(positive),
        positives=int(positive.sum()),
        abstained=int((~known).sum()),
        roc_auc=metrics.roc_auc(positive[known], scores[known]),
        average_precision=precision,
        recall_at=tuple(recalls),
        threshold=threshold,
        recall=own[0],
        false_positive_rate=own[1],
        any_recall=together[0],
        any_false_positive_rate=together[1],
        calibration_error=metrics.calibration_error(bins),
        reliability=tuple(bins),
    )


def _rates(positive: Bools, flagged: Bools) -> tuple[Estimate | None, Estimate | None]:
    """Return recall and false positive rate."""
    return (
        metrics.share(int(flagged[positive].sum()), int(positive.sum())),
        metrics.share(int(flagged[~positive].sum()), int((~positive).sum())),
    )
