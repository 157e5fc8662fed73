"""Are texts that are nearly the same told by their signatures, and others not?"""

from commentsvc.moderation.waves import BANDS, bands

TEXT = "Buy the best watches at our shop today, we have unbeatable prices and free shipping for everyone"


def common(one: str, other: str) -> int:
    return sum(a == b for a, b in zip(bands(one), bands(other), strict=True))


def test_bands_fit_the_column_and_stay_the_same() -> None:
    assert len(bands(TEXT)) == BANDS
    assert all(0 <= band < 2**63 for band in bands(TEXT))
    # Bands are kept for a week: another version of the library must cut the same ones.
    assert bands("A text that never changes.")[:2] == (6274589881227317358, 6191019080251667962)


def test_disguises_and_punctuation_change_nothing() -> None:
    assert common(TEXT, TEXT.upper().replace(",", " --") + "!!!") == BANDS


def test_few_changed_words_leave_most_in_common() -> None:
    assert common(TEXT, TEXT.replace("watches", "shoes")) >= 3
    assert common(TEXT, TEXT.replace("today", "now") + " 🔥 cheap.example") >= 3


def test_other_texts_share_nothing() -> None:
    assert common(TEXT, "The mayor should explain why the tram line costs twice as much as was promised to us.") == 0


def test_one_or_two_words_have_no_signature() -> None:
    assert bands("Well said!") == ()
    assert bands("👍") == ()
    assert len(bands("Well said, friend!")) == BANDS
