"""The model that comes with the package: what it tells apart, when it abstains, what it costs."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation import encoder
from commentsvc.moderation.embedded import MODEL_FILE, EmbeddedEngine, load_model
from commentsvc.moderation.encoder import load_encoder
from commentsvc.moderation.ngrams import BUCKETS, character_ngrams, word_ngrams
from commentsvc.moderation.policy import DEFAULT_POLICY

ENGINE = EmbeddedEngine(load_model(), load_encoder())
KNOWN = ("toxicity", "obscene", "threat", "insult", "identity_attack")

RUDE = [
    "You are a stupid idiot.",
    "What a bunch of pathetic morons, shut up.",
    "This is bullshit and you are a fucking liar",
    "He is a disgusting piece of trash",
    "I will kill you and your family",
]
DECENT = [
    "Thank you for this careful article.",
    "I disagree with the mayor: the budget has no room for a second tunnel.",
    "Has anybody read the report that the committee published last week?",
    "My neighbours are gay and they are lovely people.",
    "The Muslim community opened its doors to everybody on Sunday.",
    "This policy will kill jobs in small towns.",
]


def held(text: str) -> bool:
    (scores,) = ENGINE.score([text])
    return any((scores[label] or 0) >= limit for label, limit in DEFAULT_POLICY.thresholds.items())


@pytest.mark.parametrize("text", RUDE)
def test_score_of_rude_text_is_over_a_default_threshold(text: str) -> None:
    assert held(text)


@pytest.mark.parametrize("text", DECENT)
def test_score_of_decent_text_is_below_every_default_threshold(text: str) -> None:
    assert not held(text)


def test_score_names_every_label_and_knows_five() -> None:
    (scores,) = ENGINE.score(["You are a stupid idiot."])

    assert tuple(scores) == TOXICITY_LABELS
    assert tuple(label for label in scores if scores[label] is not None) == tuple(
        label for label in TOXICITY_LABELS if label in KNOWN
    )
    assert scores["severe_toxicity"] is scores["sexual_explicit"] is None


@pytest.mark.parametrize(
    "disguise", ["You are a ѕtuріd idіоt.", "You are a stu\u200bpid idi\u0336ot.", "You are a 5tup1d 1d10t."]
)
def test_score_sees_through_disguises(disguise: str) -> None:
    plain, disguised, harmless = ENGINE.score(["You are a stupid idiot.", disguise, "You are a kind friend."])

    assert plain["insult"] is not None
    assert disguised["insult"] is not None
    assert harmless["insult"] is not None
    assert disguised["insult"] > 0.9 * plain["insult"] > harmless["insult"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  \n",
        "😀😀😀",
        "!!! ...",
        "Das ist doch alles völlig unwahr und das wissen Sie auch ganz genau",
        "Je ne suis pas du tout d'accord avec cet article de ce matin",
        "это просто полная ерунда",
        "这是一个很好的新闻报道",
    ],
)
def test_score_abstains_without_words_it_knows(text: str) -> None:
    assert ENGINE.score([text, "You are a stupid idiot."])[0] == dict.fromkeys(TOXICITY_LABELS)


@pytest.mark.parametrize(
    "text", ["ur dumb af lol smh bruh fr fr no cap", "lol", "Wat een idiot", "omg u r sooo stoopid dude"]
)
def test_score_does_not_abstain_on_slang_or_short_text(text: str) -> None:
    assert ENGINE.score([text])[0]["toxicity"] is not None


def test_evidence_marks_the_words_that_drove_the_score_in_the_original() -> None:
    text = "Thank you, but the mayor is a ѕtuріd 1d10t and the report says so."

    spans = ENGINE.evidence(text)

    assert [text[start:end] for start, end in spans] == ["ѕtuріd 1d10t"]


@given(text=st.text(alphabet=st.characters(), max_size=200))
def test_any_text_gets_probabilities_or_nothing_and_valid_evidence(text: str) -> None:
    (scores,) = ENGINE.score([text])

    known = [score for score in scores.values() if score is not None]
    assert len(known) in {0, len(KNOWN)}
    assert all(math.isfinite(score) and 0 <= score <= 1 for score in known)
    edges = [edge for span in ENGINE.evidence(text) for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= edge <= len(text) for edge in edges)


def test_model_file_is_small_and_reads_without_pickle() -> None:
    with np.load(MODEL_FILE, allow_pickle=False) as kept:
        assert set(kept) >= {"version", "labels", "weights", "idf", "hostile", "blend", "slope", "offset"}

    assert MODEL_FILE.stat().st_size <= 2_000_000


def test_engine_serves_without_scikit_learn_or_torch() -> None:
    code = (
        "import sys\n"
        "from commentsvc.moderation.toxicity import load_engine\n"
        "engine = load_engine('embedded', None)\n"
        "assert engine.score(['you fool'])[0]['toxicity'] is not None\n"
        "assert not {'sklearn', 'scipy', 'torch', 'detoxify'} & set(sys.modules), sorted(sys.modules)\n"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (done.returncode, done.stderr) == (0, "")


def write(path: Path, **changes: object) -> Path:
    with np.load(MODEL_FILE) as kept:
        np.savez(path, **{**{name: kept[name] for name in kept}, **changes})  # type: ignore[arg-type]
    return path


def test_load_model_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "broken.npz").write_bytes(MODEL_FILE.read_bytes()[:1000])
    (tmp_path / "empty.npz").write_bytes(b"")
    other = write(tmp_path / "other.npz", weights=np.zeros((5, 8), np.int8))
    label = write(tmp_path / "label.npz", labels=np.array(["toxicity", "obscene", "threat", "insult", "rude"]))

    wrong = {"gone": "is missing", "broken": "can't be read", "empty": "can't be read"}
    wrong |= {other.stem: "another version", label.stem: "another version"}

    for name, why in wrong.items():
        with pytest.raises(ClassifierUnavailable, match=f"{name}.npz .*{why}"):
            load_model(tmp_path / f"{name}.npz")


def test_ngrams_are_words_pairs_and_runs_within_words() -> None:
    text = "ab  cde"

    words, runs = word_ngrams(text), character_ngrams(text)

    assert [text[a:b] for a, b in zip(words.starts, words.ends, strict=True)] == ["ab", "cde", "ab  cde"]
    seen = [text[a:b] for a, b in zip(runs.starts, runs.ends, strict=True)]
    assert "cde" in seen
    assert " cd" in seen
    assert not any("b  c" in run for run in seen)
    assert set(words.buckets) | set(runs.buckets) <= set(range(BUCKETS))


def test_ngrams_of_the_same_word_are_the_same_wherever_it_stands() -> None:
    middle = set(character_ngrams("you fool you").buckets) & set(character_ngrams("a fool indeed").buckets)

    other = set(character_ngrams("you mayor you").buckets) & set(character_ngrams("a fool indeed").buckets)

    assert len(middle) >= 14, "fool and its borders: five pairs, and 4 + 3 + 2 longer runs"
    assert len(other) < 3


@pytest.mark.parametrize(
    "threat", ["I will find you and hurt you.", "I'll break your legs", "I hope you die", "We will hang you all"]
)
def test_score_holds_plain_threats_as_threats(threat: str) -> None:
    (scores,) = ENGINE.score([threat])

    assert (scores["threat"] or 0) >= DEFAULT_POLICY.thresholds["threat"]


def test_score_of_many_is_the_score_of_each() -> None:
    texts = ["You are a stupid idiot.", "", "Thank you. " * 60, "Das ist doch alles völlig unwahr, und das wissen Sie"]

    together, alone = ENGINE.score(texts), [ENGINE.score([text])[0] for text in texts]

    for one, other in zip(together, alone, strict=True):
        assert {name: score is None for name, score in one.items()} == {name: s is None for name, s in other.items()}
        assert all(abs((one[name] or 0) - (other[name] or 0)) < 0.05 for name in one), "batches round a little apart"


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
def test_score_and_evidence_find_an_insult_anywhere_in_a_long_text(place: float) -> None:
    words = ["The council met on Monday and spoke about the new bridge."] * 40
    words.insert(int(place * len(words)), "You are a stupid idiot.")
    text = " ".join(words)

    assert held(text)
    assert "stupid idiot" in [text[start:end] for start, end in ENGINE.evidence(text)]


def test_encoder_reads_a_bounded_number_of_windows() -> None:
    reading = load_encoder().read(["fool " * 30_000])[0]

    assert 0 < len(reading.spans) <= 8 * 126


def test_encoder_says_what_is_wrong_with_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encoder, "FOLDER", tmp_path)
    for name in encoder.FILES:
        with pytest.raises(ClassifierUnavailable, match=f"{name} is missing"):
            load_encoder.__wrapped__()
        (tmp_path / name).write_bytes(b"no model")

    with pytest.raises(ClassifierUnavailable, match="can't be read"):
        load_encoder.__wrapped__()
