"""Which texts say nearly what one says: wording counts, common words don't."""

from commentsvc.moderation.likeness import nearest

OTHERS = [
    "The ferry is late again, and nobody says why.",
    "You're an idiot, go back to school and learn to read.",
    "YOU ARE AN 1DIOT!! Go back to sch00l.",
    "The mayor and the ferry and the school are all fine.",
]


def test_nearest_puts_the_most_alike_first_and_leaves_strangers_out() -> None:
    found = nearest("You are an idiot, go back to school.", OTHERS)

    assert {at for at, _ in found} == {1, 2}
    assert all(0.2 <= share < 1 for _, share in found)


def test_nearest_of_the_same_text_shares_all() -> None:
    assert nearest(OTHERS[0], OTHERS)[0] == (0, 1.0)


def test_nearest_finds_nothing_where_there_is_nothing() -> None:
    assert nearest("Apple cake needs cinnamon.", OTHERS) == []
    assert nearest("🙂", OTHERS) == []
    assert nearest("", []) == []


def test_nearest_finds_what_a_wave_repeats() -> None:
    wave = ["Buy cheap pills at my shop"] * 300

    assert [at for at, share in nearest("Buy cheap pills at my new shop", wave) if share > 0.3] == [0, 1, 2]
