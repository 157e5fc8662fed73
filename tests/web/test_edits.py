"""Changes between two texts: every word is accounted for, long unchanged stretches aside."""

import time

from hypothesis import given
from hypothesis import strategies as st

from commentsvc.web.edits import Change, changes


def test_changes_name_what_went_and_what_came() -> None:
    assert changes("You are a fool, sir", "You are kind, sir") == [
        Change("same", "You are"),
        Change("gone", " a fool,"),
        Change("new", " kind,"),
        Change("same", " sir"),
    ]


def test_changes_leave_long_stretches_out() -> None:
    words = " ".join(f"word{number}" for number in range(100))

    found = changes(f"{words} fool", f"{words} friend")

    assert [change.kind for change in found] == ["gap", "same", "gone", "new"]
    assert found[1].text.split() == [f"word{number}" for number in range(88, 100)]


@given(st.text(max_size=60), st.text(max_size=60))
def test_changes_lose_no_word_of_either_text(before: str, after: str) -> None:
    found = changes(before, after)

    if not any(change.kind == "gap" for change in found):
        assert " ".join(c.text for c in found if c.kind != "gone").split() == after.split()
        assert sum(len(c.text.split()) for c in found if c.kind != "new") == len(before.split())


def test_changes_of_hostile_texts_take_no_time() -> None:
    begin = time.perf_counter()

    changes("a b " * 1250, "b a a " * 800)
    changes("a " * 2500, "b a " * 1250)

    assert time.perf_counter() - begin < 2
