"""The label that a case is filed under."""

import pytest

from commentsvc.moderation.labels import worst_label


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({}, None),
        ({"toxicity": None}, None),
        ({"toxicity": 0.1}, None),
        ({"toxicity": 0.3}, "toxicity"),
        ({"toxicity": 0.8, "insult": 0.8}, "insult"),
        ({"toxicity": 0.9, "threat": 0.36}, "toxicity"),
        ({"toxicity": 0.6, "threat": 0.6}, "threat"),
        ({"toxicity": 1.0, "insult": 1.0}, "insult"),
        ({"insult": 0.2, "sexual_explicit": 0.4}, "sexual_explicit"),
        ({"unheard_of": 1.0}, None),
    ],
)
def test_worst_label_is_furthest_beyond_its_own_threshold(labels: dict[str, float | None], expected: str) -> None:
    assert worst_label(labels, {"toxicity": 0.6, "threat": 0.35, "insult": 0.6}) == expected


def test_a_threshold_at_either_end_divides_nothing_by_zero() -> None:
    assert worst_label({"insult": 0.0, "threat": 1.0}, {"insult": 0.0, "threat": 1.0}) in {"insult", "threat"}
