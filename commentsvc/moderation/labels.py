"""Which toxicity label speaks most against a text?"""

from collections.abc import Mapping

from commentsvc.enums import TOXICITY_LABELS

_OTHERWISE = 0.5
_LEAST = 0.5
"""A label counts from half of its threshold on; below, it says nothing that would help to sort."""


def worst_label(labels: Mapping[str, float | None], thresholds: Mapping[str, float]) -> str | None:
    """Return the label that is furthest beyond its own threshold, or nearest to it, and None when none is near.

    A particular label goes before the general one when both say the same.
    """
    known = [label for label in reversed(TOXICITY_LABELS) if labels.get(label) is not None]
    worst = max(known, key=lambda label: _reach(labels[label] or 0.0, thresholds.get(label)), default=None)
    if worst is None or _reach(labels[worst] or 0.0, thresholds.get(worst)) < _LEAST:
        return None
    return worst


def _reach(score: float, threshold: float | None) -> float:
    """Rescale a score: 0 is nothing, 1 the threshold, 2 certainty."""
    limit = _OTHERWISE if threshold is None else threshold
    if score < limit:
        return score / limit
    return 1 + (score - limit) / (1 - limit) if limit < 1 else 2.0
