"""How well do scores tell two kinds of texts apart, and how sure is that?

Arrays have one entry a text: `positive` says whether people gave it the label, `scores` is what an engine said, without
NaN. Intervals are of 95 %; a side with fewer than ten texts gets none.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_Z = 1.959963984540054
_FEWEST = 10
_ROUNDS = 1000
_SEED = 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured value and its interval; `low` and `high` are None where nothing honest can be said."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """What each threshold would flag: distinct scores, descending, with the positives and negatives at or above."""

    thresholds: Floats
    hits: Ints
    alarms: Ints

    @property
    def recalls(self) -> Floats:
        """The share of positives flagged at each threshold."""
        found: Floats = self.hits / self.hits[-1]
        return found

    @property
    def false_positive_rates(self) -> Floats:
        """The share of negatives flagged at each threshold."""
        found: Floats = self.alarms / self.alarms[-1]
        return found

    @property
    def precisions(self) -> Floats:
        """The share of positives among what each threshold flags; 0 where a resample flags nothing."""
        found: Floats = self.hits / np.maximum(self.hits + self.alarms, 1)
        return found


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts of about the same score: how many, what the engine said on average, and how many people agreed."""

    texts: int
    mean_score: float
    positive_share: float


def steps(positive: Bools, scores: Floats) -> Steps:
    """Count what every distinct score would flag as a threshold; equal scores are flagged together."""
    thresholds, ranks = np.unique(-scores, return_inverse=True)
    hits = np.bincount(ranks[positive], minlength=len(thresholds))
    alarms = np.bincount(ranks[~positive], minlength=len(thresholds))
    return Steps(-thresholds, np.cumsum(hits), np.cumsum(alarms))


def roc_auc(positive: Bools, scores: Floats) -> Estimate | None:
    """Return the chance that a positive scores above a negative, ties counting half; None without both kinds.

    The interval is DeLong's, from midranks as Sun and Xu (IEEE Signal Processing Letters 21, 2014) compute it, made on
    the logit scale so that it stays within 0 and 1. Where the separation is perfect its variance is 0 and says nothing.
    """
    hits, alarms = int(positive.sum()), int((~positive).sum())
    if not hits or not alarms:
        return None
    ranks = _midranks(scores)
    above = (ranks[positive] - _midranks(scores[positive])) / alarms
    below = 1 - (ranks[~positive] - _midranks(scores[~positive])) / hits
    value = float(above.mean())
    if min(hits, alarms) < _FEWEST:
        return Estimate(value)
    variance = float(above.var(ddof=1) / hits + below.var(ddof=1) / alarms)
    if not 0 < value < 1 or not variance:
        return Estimate(value)
    centre, width = np.log(value / (1 - value)), _Z * np.sqrt(variance) / (value * (1 - value))
    low, high = (float(1 / (1 + np.exp(-edge))) for edge in (centre - width, centre + width))
    return Estimate(value, low, high)


def average_precision(found: Steps) -> float:
    """Return the mean of the precision at each positive: the step-wise area under precision and recall."""
    fresh = np.diff(found.hits, prepend=0)
    return float((fresh * found.precisions).sum() / found.hits[-1])


def recall_at(found: Steps, limit: float) -> float:
    """Return the highest recall of a threshold that flags at most this share of negatives; never interpolated."""
    within = int(np.searchsorted(found.alarms, limit * found.alarms[-1] + 1e-9, side="right"))
    return float(found.hits[within - 1] / found.hits[-1]) if within else 0.0


def bootstrapped(
    positive: Bools, scores: Floats, statistics: Sequence[Callable[[Steps], float]]
) -> list[Estimate | None]:
    """Measure each statistic, with the bootstrap's percentile interval (Efron and Tibshirani 1993, chapter 13).

    Positives and negatives are drawn apart, 1,000 times, always by the same seed. None each without both kinds.
    """
    hits, alarms = int(positive.sum()), int((~positive).sum())
    if not hits or not alarms:
        return [None for _ in statistics]
    found = steps(positive, scores)
    if min(hits, alarms) < _FEWEST:
        return [Estimate(measure(found)) for measure in statistics]
    drawn = np.array([[measure(again) for measure in statistics] for again in _resampled(found)])
    edges = np.percentile(drawn, [2.5, 97.5], axis=0)
    return [
        Estimate(measure(found), float(low), float(high)) for measure, low, high in zip(statistics, *edges, strict=True)
    ]


def share(part: int, whole: int) -> Estimate | None:
    """Return part / whole with Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001); None of nothing."""
    if not whole:
        return None
    value = part / whole
    centre = (value + _Z**2 / (2 * whole)) / (1 + _Z**2 / whole)
    width = _Z * np.sqrt(value * (1 - value) / whole + _Z**2 / (4 * whole**2)) / (1 + _Z**2 / whole)
    low = 0.0 if part == 0 else float(centre - width)
    high = 1.0 if part == whole else float(centre + width)
    return Estimate(value, low, high)


def reliability(positive: Bools, scores: Floats, *, bins: int = 10) -> list[Bin]:
    """Sort texts into bins of equal width by score, ascending; empty bins are left out."""
    places = np.minimum((scores * bins).astype(np.int64), bins - 1)
    chosen = [places == place for place in np.unique(places)]
    return [Bin(int(one.sum()), float(scores[one].mean()), float(positive[one].mean())) for one in chosen]


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Return the expected calibration error (Naeini et al. 2015; Guo et al. 2017): the bins' mean gap, by texts."""
    texts = sum(one.texts for one in bins)
    return sum(one.texts * abs(one.mean_score - one.positive_share) for one in bins) / texts if texts else None


def _midranks(scores: Floats) -> Floats:
    """Rank ascending from 1; equal scores share the mean of their ranks."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks


def _resampled(found: Steps) -> Iterator[Steps]:
    """Draw as many positives and negatives as there are, with replacement, by the step that each belongs to."""
    chance, size = np.random.default_rng(_SEED), len(found.thresholds)
    places = [np.repeat(np.arange(size), np.diff(counts, prepend=0)) for counts in (found.hits, found.alarms)]
    for _ in range(_ROUNDS):
        drawn = [place[chance.integers(0, len(place), len(place))] for place in places]
        yield Steps(found.thresholds, *(np.cumsum(np.bincount(one, minlength=size)) for one in drawn))
