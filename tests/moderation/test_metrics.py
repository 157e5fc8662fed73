"""Do the metrics say what scikit-learn's say, ties included, and do intervals hold what they promise?"""

from collections.abc import Callable
from functools import partial
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from commentsvc.moderation import metrics
from commentsvc.moderation.metrics import Bin, Bools, Estimate, Floats, Steps

# Few distinct scores, so that most examples have ties.
_pairs = st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0])), min_size=2, max_size=60)
_mixed = _pairs.filter(lambda pairs: len({positive for positive, _ in pairs}) == 2)


def arrays(pairs: list[tuple[bool, float]]) -> tuple[Bools, Floats]:
    return np.array([positive for positive, _ in pairs]), np.array([score for _, score in pairs])


def drawn(count: int, seed: int, *, positives: float = 0.2, gap: float = 1.0) -> tuple[Bools, Floats]:
    chance = np.random.default_rng(seed)
    positive = chance.random(count) < positives
    return positive, chance.normal(size=count) + gap * positive


@given(_mixed)
def test_roc_auc_is_that_of_scikit_learn(pairs: list[tuple[bool, float]]) -> None:
    positive, scores = arrays(pairs)

    found = metrics.roc_auc(positive, scores)

    assert found is not None
    assert found.value == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


@given(_mixed)
def test_average_precision_is_that_of_scikit_learn(pairs: list[tuple[bool, float]]) -> None:
    positive, scores = arrays(pairs)

    found = metrics.average_precision(metrics.steps(positive, scores))

    assert found == pytest.approx(average_precision_score(positive, scores), abs=1e-12)


@given(_mixed, st.sampled_from([0.0, 0.01, 0.02, 0.05, 0.25, 0.5, 1.0]))
def test_recall_at_a_rate_is_the_best_point_of_scikit_learns_curve(
    pairs: list[tuple[bool, float]], limit: float
) -> None:
    positive, scores = arrays(pairs)
    alarms, recalls, _ = roc_curve(positive, scores, drop_intermediate=False)

    found = metrics.recall_at(metrics.steps(positive, scores), limit)

    assert found == pytest.approx(recalls[alarms <= limit + 1e-12].max(), abs=1e-12)


def test_recall_at_a_rate_by_hand() -> None:
    positive = np.array([True, False, True, True, False, True, False, False])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.6, 0.5, 0.4, 0.1])

    found = metrics.steps(positive, scores)

    # A quarter of four negatives is one: the threshold .6 would take a second, because it takes equal scores together.
    assert metrics.recall_at(found, 0.25) == 0.5
    assert metrics.recall_at(found, 0.24) == 0.25
    assert metrics.recall_at(found, 0.5) == 1.0


@given(_mixed)
def test_curves_end_where_everything_is_flagged(pairs: list[tuple[bool, float]]) -> None:
    positive, scores = arrays(pairs)

    found = metrics.steps(positive, scores)

    assert (found.recalls[-1], found.false_positive_rates[-1]) == (1, 1)
    assert found.precisions[-1] == pytest.approx(positive.mean())
    assert np.all(np.diff(found.thresholds) < 0)


def test_delong_interval_is_that_of_its_definition() -> None:
    positive, scores = drawn(300, seed=3)
    above = np.where(scores[positive][:, None] > scores[~positive][None, :], 1.0, 0.0)
    variance = above.mean(axis=1).var(ddof=1) / positive.sum() + above.mean(axis=0).var(ddof=1) / (~positive).sum()
    value = above.mean()
    width = 1.959963984540054 * np.sqrt(variance) / (value * (1 - value))
    expected = [1 / (1 + np.exp(-(np.log(value / (1 - value)) + side * width))) for side in (-1, 1)]

    found = metrics.roc_auc(positive, scores)

    assert found is not None
    assert [found.low, found.high] == pytest.approx(expected)


@pytest.mark.parametrize(
    "statistic", [metrics.average_precision, partial(metrics.recall_at, limit=0.05)], ids=["precision", "recall"]
)
def test_bootstrap_holds_the_truth_about_as_often_as_it_says(statistic: Callable[[Steps], float]) -> None:
    truth = statistic(metrics.steps(*drawn(500_000, seed=0)))

    found = [metrics.bootstrapped(*drawn(400, seed=seed), [statistic])[0] for seed in range(1, 101)]

    assert 88 <= sum(one.low <= truth <= one.high for one in found) <= 100  # type: ignore[operator, union-attr]


def test_delong_holds_the_truth_about_as_often_as_it_says() -> None:
    truth = NormalDist().cdf(1 / np.sqrt(2))

    found = [metrics.roc_auc(*drawn(400, seed=seed)) for seed in range(1, 201)]

    assert 183 <= sum(one.low <= truth <= one.high for one in found) <= 197  # type: ignore[operator, union-attr]


def test_bootstrap_is_the_same_each_time() -> None:
    positive, scores = drawn(200, seed=5)

    first, second = (metrics.bootstrapped(positive, scores, [metrics.average_precision]) for _ in range(2))

    assert first == second


def test_one_kind_alone_has_no_ranking() -> None:
    scores = np.array([0.1, 0.7])

    for positive in (np.array([True, True]), np.array([False, False])):
        assert metrics.roc_auc(positive, scores) is None
        assert metrics.bootstrapped(positive, scores, [metrics.average_precision]) == [None]
    assert metrics.roc_auc(np.zeros(0, dtype=bool), np.zeros(0)) is None


def test_too_few_texts_and_perfect_separation_have_no_interval() -> None:
    few = np.array([True] * 9 + [False] * 50), np.linspace(0, 1, 59)
    perfect = np.array([True] * 20 + [False] * 20), np.linspace(1, 0, 40)

    assert metrics.roc_auc(*few) == Estimate(0.0)
    assert metrics.bootstrapped(*few, [metrics.average_precision])[0].low is None  # type: ignore[union-attr]
    assert metrics.roc_auc(*perfect) == Estimate(1.0)


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    # From Wilson's formula as Newcombe (1998) tabulates it: 81/263 and 15/148; and the ends.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (29, 29, 0.8830, 1.0)],
)
def test_share_has_wilsons_interval(part: int, whole: int, low: float, high: float) -> None:
    found = metrics.share(part, whole)

    assert found is not None
    assert found.value == part / whole
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


def test_share_of_nothing_is_none() -> None:
    assert metrics.share(0, 0) is None


@settings(max_examples=50)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=80))
def test_reliability_is_that_of_scikit_learn(pairs: list[tuple[bool, float]]) -> None:
    positive, scores = arrays(pairs)
    # scikit-learn puts a score on a bin's edge into the bin below, we into the one above.
    scores = np.where(np.isclose(scores * 10, np.round(scores * 10)), np.minimum(scores + 0.005, 0.999), scores)
    shares, means = calibration_curve(positive, scores, n_bins=10)

    found = metrics.reliability(positive, scores)

    assert [one.positive_share for one in found] == pytest.approx(shares.tolist())
    assert [one.mean_score for one in found] == pytest.approx(means.tolist())
    assert sum(one.texts for one in found) == len(pairs)


def test_calibration_error_by_hand() -> None:
    bins = [Bin(texts=3, mean_score=0.2, positive_share=0.5), Bin(texts=1, mean_score=0.9, positive_share=1.0)]

    assert metrics.calibration_error(bins) == pytest.approx((3 * 0.3 + 1 * 0.1) / 4)
    assert metrics.calibration_error([]) is None


def test_score_of_one_is_in_the_highest_bin() -> None:
    assert metrics.reliability(np.array([True]), np.array([1.0])) == [Bin(1, 1.0, 1.0)]
