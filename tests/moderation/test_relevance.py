"""On topic scores above off topic, comparisons stand apart, and where relevance can't tell it says nothing."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.encoder import load_encoder
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.relevance import Closeness, Floats, MeaningRelevance, probability
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
NO_SHARED_WORD = (
    "Motorists have been subsidised long enough; whoever drives an SUV into town should pay for the space it takes, "
    "and trams would serve us better."
)
OFF = (
    "My grandmother's recipe for apple cake needs butter, cinnamon and a hot oven, and nobody in the family ever "
    "managed to bake it as well as she did."
)
GERMAN = (
    "Der Stadtrat hat am Dienstag beschlossen, die Gebühren für das Parken in der Innenstadt zu erhöhen. Die Händler "
    "fürchten, dass die Kunden wegbleiben, während die Radfahrer den Beschluss begrüßen und sich freuen."
)


def draft(body: str, **around: object) -> Draft:
    return Draft(body, **{"article_title": TITLE, "article_text": TEXT, **around})  # type: ignore[arg-type]


def score(body: str, **around: object) -> float | None:
    return RELEVANCE.score(draft(body, **around))


@pytest.mark.parametrize("body", [ON, NO_SHARED_WORD])
@pytest.mark.parametrize("text", [TEXT, ""])
def test_score_tells_on_topic_from_off_topic_by_text_and_by_title_alone(body: str, text: str) -> None:
    on, off = score(body, article_text=text), score(OFF, article_text=text)

    assert on is not None
    assert off is not None
    assert DEFAULT_POLICY.relevance is not None
    assert on > 0.4 > DEFAULT_POLICY.relevance > off


def test_score_of_a_copy_is_nearly_one() -> None:
    copied = score(f"{TITLE} {TEXT}")

    assert copied is not None
    assert copied > 0.95


def test_score_finds_the_chunk_of_a_long_article_that_is_meant() -> None:
    filler = "The weather on the coast stays mild, with light winds from the west and some rain at night. " * 40

    assert (score(ON, article_title="News of the day", article_text=filler + TEXT + filler) or 0) > 0.4


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
    assert score(ON, parent="Lovely weather today.", thread=("What a match on Sunday!",)) == pytest.approx(score(ON))


def test_closeness_keeps_article_parent_and_thread_apart() -> None:
    assert isinstance(RELEVANCE, MeaningRelevance)
    near = RELEVANCE.closeness(draft(ON, parent=OFF, thread=(ON, ON)))
    alone = RELEVANCE.closeness(draft(ON))

    assert near is not None
    assert alone is not None
    assert near.article == pytest.approx(alone.article)
    assert near.parent is not None
    assert near.parent < 0.2
    assert near.thread == pytest.approx(1.0, abs=1e-4)
    assert (alone.parent, alone.thread) == (None, None)


def test_probability_takes_whatever_is_nearest() -> None:
    assert probability(Closeness(0.1, 0.5, None)) == probability(Closeness(0.5, None, 0.2)) > 0.9
    assert probability(Closeness(0.0, None, None)) < 0.1


@pytest.mark.parametrize(
    ("body", "around"),
    [
        ("I agree!", {}),
        (" ".join(ON.split()[:14]), {}),
        (ON, {"article_title": "", "article_text": ""}),
        (ON, {"article_title": "Live blog", "article_text": ""}),
        ("Das Parken in der Stadt ist schon lange viel zu teuer und niemand fährt deshalb freiwillig mit dem Bus.", {}),
        (ON, {"article_title": "Stadtrat erhöht Parkgebühren", "article_text": GERMAN}),
        ("", {}),
    ],
)
def test_score_abstains_where_it_cannot_tell(body: str, around: dict[str, object]) -> None:
    assert score(body, **around) is None


def test_texts_are_embedded_once_however_many_ask() -> None:
    asked: list[str] = []
    lock = threading.Lock()

    def embed(texts: Sequence[str]) -> Floats:
        with lock:
            asked.extend(texts)
        return load_encoder().embed(texts)

    relevance = MeaningRelevance(embed)
    bodies = [f"{ON} {number}" for number in range(8)]

    first = [relevance.score(draft(body, thread=(OFF,))) for body in bodies]
    threads = [threading.Thread(target=relevance.score, args=(draft(body, thread=(OFF,)),)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert None not in first
    assert len(asked) == len(set(asked)) == len(bodies) + 3, "eight bodies, a title, a text and the thread's comment"


def test_embedding_of_any_text_has_length_one() -> None:
    rows = load_encoder().embed(["", "a", "word " * 5000, "😀"])

    assert rows.shape == (4, 384)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.ones(4), abs=1e-4)


@given(body=st.text(alphabet=st.characters(), max_size=300), parent=st.none() | st.text(max_size=100))
def test_score_of_any_text_is_nothing_or_a_share(body: str, parent: str | None) -> None:
    found = score(body + " parking fees" * 10, parent=parent)

    assert found is None or 0 <= found <= 1
