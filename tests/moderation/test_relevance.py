"""On topic scores above off topic, and where relevance can't tell it says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.relevance import stems
from commentsvc.moderation.terms import Draft

RELEVANCE = load_relevance()
TITLE = "City council votes to raise parking fees downtown"
TEXT = (
    "The city council voted on Tuesday to raise parking fees in the centre from two to four euros an hour. "
    "Shop owners fear that customers will stay away, while cyclists welcome the decision. The money is meant for "
    "buses: the transport company wants to run line seven every ten minutes from next spring. "
)
ON = (
    "Raising the parking fee to four euros is fair, and if the buses really come every ten minutes then the shops in "
    "the centre will not suffer at all."
)
OFF = (
    "My grandmother's recipe for apple cake needs butter, cinnamon and a hot oven, and nobody in the family ever "
    "managed to bake it as well as she did."
)


def score(body: str, **around: object) -> float | None:
    return RELEVANCE.score(Draft(body, **{"article_title": TITLE, "article_text": TEXT, **around}))  # type: ignore[arg-type]


def test_score_tells_on_topic_from_off_topic() -> None:
    on, off = score(ON), score(OFF)

    assert on is not None
    assert off is not None
    assert DEFAULT_POLICY.relevance is not None
    assert on > 0.3 > DEFAULT_POLICY.relevance > off


def test_score_of_a_copy_is_one() -> None:
    assert score(f"{TITLE} {TITLE} {TEXT}") == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize(
    "around",
    [
        {"parent": "Her apple cake recipe needs more cinnamon."},
        {"thread": ("Apple cake!", "Butter or oil in the cake?")},
    ],
)
def test_score_rises_when_the_draft_answers_parent_or_thread(around: dict[str, object]) -> None:
    alone, answering = score(OFF), score(OFF, **around)

    assert alone is not None
    assert answering is not None
    assert answering > alone + 0.2


def test_score_is_not_lowered_by_a_parent_or_thread_about_something_else() -> None:
    assert score(ON, parent="Lovely weather today.", thread=("What a match on Sunday!",)) == score(ON)


@pytest.mark.parametrize(
    ("body", "around"),
    [
        ("I agree!", {}),
        (" ".join(ON.split()[:14]), {}),
        (ON, {"article_text": ""}),
        (ON, {"article_text": " ".join(TEXT.split()[:15])}),
        ("Das Parken in der Stadt ist schon lange viel zu teuer und niemand fährt deshalb freiwillig mit dem Bus.", {}),
        (
            ON,
            {
                "article_title": "Stadtrat erhöht Parkgebühren",
                "article_text": "Der Stadtrat hat am Dienstag beschlossen, die Gebühren für das Parken in der "
                "Innenstadt zu erhöhen. Die Händler fürchten, dass die Kunden wegbleiben, während die Radfahrer "
                "den Beschluss begrüßen und sich freuen.",
            },
        ),
        ("", {}),
    ],
)
def test_score_abstains_where_it_cannot_tell(body: str, around: dict[str, object]) -> None:
    assert score(body, **around) is None


@given(body=st.text(alphabet=st.characters(), max_size=300), parent=st.none() | st.text(max_size=100))
def test_score_of_any_text_is_nothing_or_a_share(body: str, parent: str | None) -> None:
    found = score(body + " parking fees" * 10, parent=parent)

    assert found is None or 0 <= found <= 1


@pytest.mark.parametrize(
    "family", ["tax taxes taxed taxing", "vote votes voted voting", "city cities", "party parties", "fee fees"]
)
def test_stems_of_a_family_meet(family: str) -> None:
    assert len(set(stems(family))) == 1


def test_stems_leave_out_words_that_tell_nothing() -> None:
    assert stems("I don't think that this is about you") == []
