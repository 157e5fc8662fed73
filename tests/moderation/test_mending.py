"""Mangled hostile words are found again, where they stood; ordinary words are left alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.moderation.mending import Mender
from commentsvc.moderation.normalise import fold

HOSTILE = ["idiot", "stupid", "fuck", "moron", "bullshit", "asshole", "clown"]
ORDINARY = frozenset(
    [
        "you",
        "are",
        "a",
        "an",
        "and",
        "the",
        "what",
        "as",
        "id",
        "more",
        "on",
        "ton",
        "clown",
        "crown",
        "here",
        "is",
        "it",
        "off",
        "said",
        "well",
        "known",
    ]
)
MENDER = Mender(HOSTILE, ORDINARY)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("f*ck off", "fuck off"),
        ("f**k off", "fuck off"),
        ("f*** off", "fuck off"),
        ("an id**t", "an idiot"),
        ("bulls#it!", "bullshit!"),
        ("you idoit", "you idiot"),
        ("you idiott", "you idiot"),
        ("stpid", "stupid"),
        ("stupod", "stupid"),
        ("moronand you", "moron and you"),
        ("youidiot", "you idiot"),
        ("an id iot here", "an idiot here"),
        ("what an as-shole", "what an asshole"),
    ],
)
def test_mend_finds_the_word_that_was_meant(written: str, meant: str) -> None:
    assert MENDER.mend(fold(written)).text == meant


@pytest.mark.parametrize(
    "text",
    ["more on", "well-known", "a crown", "2*3*4", "it is *here*", "idiots", "stupidly", "morona", "c*n", "", "the ton"],
)
def test_mend_leaves_other_words_alone(text: str) -> None:
    folded = fold(text)

    assert MENDER.mend(folded) is folded


def test_mend_points_back_at_what_was_written() -> None:
    text = "Oh, such an id**t, and an as shole"

    mended = MENDER.mend(fold(text))

    for word, written in {"idiot": "id**t", "asshole": "as shole"}.items():
        start = mended.text.index(word)
        first, last = mended.span(start, start + len(word))
        assert text[first:last] == written


@given(st.text(alphabet="abfuckidotsn *#-.", max_size=60))
def test_mend_of_any_text_keeps_origins_ascending_and_within(text: str) -> None:
    mended = MENDER.mend(fold(text))

    origins = list(mended.origins)
    assert len(origins) == len(mended.text)
    assert origins == sorted(origins)
    assert all(0 <= origin < len(text) for origin in origins)
