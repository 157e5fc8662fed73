"""How are cases put into words: figures, times, evidence, and which signal leads?"""

import math

import pytest

from commentsvc.actions.cases import DAY_US, rank_of
from commentsvc.enums import SignalState
from commentsvc.store.models import Case, SignalRow
from commentsvc.web import cards

SECOND = 1_000_000


def signal(check: str = "toxicity", score: float | None = 0.9, **more: object) -> SignalRow:
    values = {"state": SignalState.OBSERVED, "evidence": {}, "guideline": "courtesy", **more}
    return SignalRow(check=check, score=score, **values)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], [("a fool 🙂 here", [])]),
        ([[2, 6]], [("a ", []), ("fool", ["Toxicity"]), (" 🙂 here", [])]),
        ([[7, 8]], [("a fool ", []), ("🙂", ["Toxicity"]), (" here", [])]),
        ([[2, 6], [4, 8]], [("a ", []), *[(part, ["Toxicity"]) for part in ("fo", "ol", " 🙂")], (" here", [])]),
        ([[-5, 1], [9, 99], [6, 2]], [("a", ["Toxicity"]), (" fool 🙂 ", []), ("here", ["Toxicity"])]),
    ],
)
def test_pieces_cut_at_code_points_whatever_the_spans(
    spans: list[list[int]], expected: list[tuple[str, list[str]]]
) -> None:
    found = cards.pieces("a fool 🙂 here", [signal(evidence={"spans": spans})])

    assert [(piece.text, list(piece.checks)) for piece in found] == expected


def test_pieces_name_every_check_that_points_there() -> None:
    found = cards.pieces("fool", [signal(evidence={"spans": [[0, 4]]}), signal("words", evidence={"spans": [[0, 4]]})])

    assert [(piece.text, list(piece.checks)) for piece in found] == [("fool", ["Toxicity", "Word list"])]


def test_pieces_of_ten_thousand_spans_are_few() -> None:
    body = "ab" * 5000

    found = cards.pieces(body, [signal(evidence={"spans": [[n, n + 1] for n in range(0, 10_000, 2)]})])

    assert "".join(piece.text for piece in found) == body
    assert len(found) < 500


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (signal(score=0.95), "almost certain"),
        (signal(score=0.5), "likely"),
        (signal(score=0.01), "unlikely"),
        (signal("links", score=0.0), "nothing found"),
        (signal("relevance", score=0.0), "far from article and thread"),
        (signal("relevance", score=0.3), "loosely related"),
        (signal(score=None, state=SignalState.ABSTAINED), "can't tell (abstained)"),
        (signal(score=None, state=SignalState.FAILED), "no answer (failed)"),
    ],
)
def test_score_is_said_in_words(row: SignalRow, words: str) -> None:
    assert cards.score_words(row) == words


def test_ranked_puts_what_worries_first_then_what_failed() -> None:
    fine, failed, bad = signal("links", 0.0), signal("spam", None, state=SignalState.FAILED), signal("words", 0.5)
    near, far = signal("relevance", 0.6), signal("relevance", 0.0)

    assert list(cards.ranked([fine, near, failed, bad, far])) == [far, bad, failed, fine, near]


def test_priority_is_made_of_the_figures_shown() -> None:
    now = 100 * DAY_US
    case = Case(likelihood=0.5, reach=8.0, opened_at=now - 2 * DAY_US)
    case.rank = rank_of(case.likelihood, case.reach, case.opened_at)

    found = cards.priority(case, now=now)

    assert (found.likely, found.reach, found.waited) == (0.5, 8.0, 2.0)
    assert found.total == pytest.approx(math.log2(50 * 8) + 2)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "moments"), (59, "moments"), (60, "1 min"), (3599, "59 min"), (3600, "1 h"), (86_400 * 400, "400 d")],
)
def test_ago_says_how_long(seconds: int, words: str) -> None:
    assert cards.ago(10**15, 10**15 + seconds * SECOND) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0.04, "0.04"),
        (2.83, "2.8"),
        (4.0, "4"),
        (12.6, "13"),
        (1234.0, "1,234"),
    ],
)
def test_compact_keeps_the_digits_that_matter(number: float, words: str) -> None:
    assert cards.compact(number) == words
