"""Disguises are undone, the way back to the original is kept, and hostile text stays cheap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.moderation.normalise import Folded, fingerprint, fold, second_view

ANY_TEXT = st.text(alphabet=st.characters(), max_size=200)
DISGUISES = st.lists(
    st.sampled_from(["a", "B", "1", "$", "!", " ", ".", "é", "е", "ﬀ", "ﷺ", "\u200b", "\u0301", "한", "😀", "@", "I"]),
    max_size=60,
).map("".join)


@pytest.mark.parametrize("view", [fold, second_view])
@given(text=ANY_TEXT | DISGUISES)
def test_index_maps_are_valid(view: object, text: str) -> None:
    folded: Folded = view(text)  # type: ignore[operator]

    assert len(folded.origins) == len(folded.text)
    assert list(folded.origins) == sorted(folded.origins)
    assert all(0 <= origin < len(text) for origin in folded.origins)
    for at in range(len(folded.text)):
        start, end = folded.span(at, at + 1)
        assert 0 <= start < end <= len(text)


@given(text=ANY_TEXT)
def test_fold_twice_is_fold_once_but_for_context(text: str) -> None:
    once = fold(text).text

    assert once == once.lower() or not once.isascii()
    assert "\u200b" not in once


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("You FOOL", "you fool"),
        ("ｆｏｏｌ", "fool"),
        ("f\u200bo\u00ado\u2060l", "fool"),
        ("f\u0336o\u0301o\u0489l", "fool"),
        ("you fооl", "you fool"),
        ("this is а ѕсоре", "this is a scope"),
        ("Straße ŁÓDŹ", "strasse lodz"),
        ("это просто сор", "это просто сор"),
        ("한국어 ไทย עִבְרִית", "한국어 ไทย עִבְרִית"),
        ("l'idée", "l'idee"),
        ("", ""),
    ],
)
def test_fold_undoes_what_the_eye_forgives(text: str, folded: str) -> None:
    assert fold(text).text == folded


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("f00l", "fool"),
        ("1d!0t!", "idiot!"),
        ("@ss", "ass"),
        ("f o o l", "fool"),
        ("you i-d-i-o-t, really", "you idiot, really"),
        ("fooooool", "fol"),
        ("in 2024 it cost $100", "in 2024 it cost $100"),
        ("on the 17th, at 5pm, in the 80's", "on the 17th, at 5pm, in the 80's"),
        ("see https://daily.example/a1b2 for it", "see https://daily.example/a1b2 for it"),
        ('he said "rigged!"', 'he said "rigged!"'),
        ("you 4ss", "you ass"),
        ("a b", "a b"),
        ("I am", "i am"),
    ],
)
def test_second_view_undoes_leet_spelling_out_and_stretching(text: str, seen: str) -> None:
    assert second_view(text).text == seen


def test_span_covers_the_disguise_in_the_original() -> None:
    text = "you f\u200bо\u0301о\u0301l\u0336, really"

    folded = fold(text)
    start = folded.text.index("fool")

    assert text[slice(*folded.span(start, start + 4))] == "f\u200bо\u0301о\u0301l\u0336"


def test_span_of_letters_spelled_out_covers_the_gaps() -> None:
    text = "you f.o.o.l, really"

    folded = second_view(text)
    start = folded.text.index("fol") if "fol" in folded.text else folded.text.index("fool")

    assert text[slice(*folded.span(start, folded.text.index(",")))] == "f.o.o.l"


def test_fingerprint_ignores_disguise_spaces_and_punctuation() -> None:
    plain = fingerprint("Buy my book today")

    assert fingerprint("BUY... my bооk, to\u200bday!!!") == plain
    assert fingerprint("Buy my look today") != plain
    assert -(2**63) <= plain < 2**63


@given(text=ANY_TEXT)
def test_fingerprint_always_fits_a_signed_column(text: str) -> None:
    assert -(2**63) <= fingerprint(text) < 2**63


@pytest.mark.parametrize(
    ("piece", "largest"),
    [("\u0301", 1), ("ﷺ", 4), ("a b ", 1), ("f.o.", 1), ("1!", 1), ("а", 1), ("a\u0301", 1), ("\u200b", 1)],
)
@pytest.mark.parametrize("view", [fold, second_view])
def test_hostile_text_never_grows_beyond_its_own_expansion(view: object, piece: str, largest: int) -> None:
    text = "a" + piece * (64_000 // len(piece.encode()))

    folded: Folded = view(text)  # type: ignore[operator]

    assert len(folded.text) <= largest * len(text)
