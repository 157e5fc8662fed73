"""The real detoxify package on a small checkpoint with random weights: offline, pinned, and without its pitfalls."""

import math
import os
import socket
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from commentsvc.enums import TOXICITY_LABELS, Outcome, SignalState
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.relevance import UnavailableRelevance
from commentsvc.moderation.terms import Draft
from commentsvc.moderation.toxicity import Unavailable, load_engine
from tests.checkpoints import pin, write_checkpoint

pytestmark = pytest.mark.skipif(
    not find_spec("detoxify") and not os.environ.get("CI"), reason="the extra [detoxify] is not installed"
)


@pytest.fixture(scope="module")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_checkpoint(folder / "detoxify")
    return folder


@pytest.fixture(scope="module")
def engine(model_dir: Path) -> Iterator[Any]:
    connect = socket.socket.connect

    def refuse(*_: object) -> None:
        raise AssertionError("the network was used")

    socket.socket.connect = refuse  # type: ignore[method-assign, assignment]
    try:
        yield load_engine("detoxify", model_dir)
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]


def test_load_engine_builds_detoxify_without_the_network(engine: Any, model_dir: Path) -> None:
    digest = sha256((model_dir / "detoxify" / "tiny.ckpt").read_bytes()).hexdigest()

    (scores,) = engine.score(["You are a fool"])

    assert (engine.name, engine.version) == ("detoxify", f"tiny-{digest[:8]}")
    assert set(scores) == set(TOXICITY_LABELS)
    assert scores["sexual_explicit"] is None, "original models have six labels; the seventh is unknown, not 0"
    assert all(0 < scores[label] < 1 for label in TOXICITY_LABELS if label != "sexual_explicit")


def test_load_engine_auto_prefers_a_checkpoint_that_is_there(model_dir: Path, tmp_path: Path) -> None:
    with_checkpoint = load_engine("auto", model_dir)
    without = load_engine("auto", tmp_path)

    assert (with_checkpoint.name, without.name) == ("detoxify", "embedded")


def test_score_answers_in_order_what_detoxify_itself_predicts(engine: Any) -> None:
    texts = ["the mayor spoke about taxes today and we agree", "you fool", "you are a kind friend", "the mayor !"]

    scores = engine.score(texts)

    for text, found in zip(texts, scores, strict=True):
        alone = engine._detoxify.predict(text)
        assert {label: found[label] for label in alone} == pytest.approx(alone, abs=1e-5)


def test_score_of_nothing_is_nothing(engine: Any) -> None:
    assert engine.score([]) == []


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "!!!", "это просто полная ерунда и вы это знаете"])
def test_score_abstains_without_words_it_knows(engine: Any, text: str) -> None:
    assert engine.score([text, "you fool"])[0] == dict.fromkeys(TOXICITY_LABELS)


def test_score_of_a_long_text_is_its_worst_window(engine: Any) -> None:
    calm, rude = "the mayor spoke about taxes today . " * 30, "you are a fool ! "
    windows = engine._windows(calm + rude * 12)

    whole = engine.score([calm + rude * 12])[0]

    assert len(windows) > 3
    assert windows[-1].endswith("fool !"), "nothing is cut off silently"
    assert all(len(engine._detoxify.tokenizer(window)["input_ids"]) <= 64 for window in windows)
    worst = max(engine._detoxify.predict(window)["toxicity"] for window in windows)
    assert whole["toxicity"] == pytest.approx(worst, abs=1e-5)


def test_evidence_is_a_part_of_the_text(engine: Any) -> None:
    text = "The mayor spoke about taxes today, and you are a fool."

    spans = engine.evidence(text)

    assert len(spans) == 1
    assert text[slice(*spans[0])].strip()
    assert engine.evidence("😀") == ()


def test_nan_from_the_weights_holds_the_comment(tmp_path: Path) -> None:
    write_checkpoint(tmp_path / "detoxify", bias=math.nan)
    judge = Judge(load_engine("detoxify", tmp_path), UnavailableRelevance("not needed"))

    judgement = judge.judge(Draft("you are a kind friend"), DEFAULT_POLICY)

    states = {signal.check: signal.state for signal in judgement.signals}
    assert states["toxicity"] is SignalState.FAILED
    assert (judgement.verdict.outcome, judgement.verdict.failed) == (Outcome.HOLD, ("toxicity",))


def spoil_sum(folder: Path) -> None:
    with (folder / "tiny.ckpt").open("ab") as file:
        file.write(b"x")


def spoil_content(folder: Path) -> None:
    (folder / "tiny.ckpt").write_bytes(b"not a checkpoint")
    pin(folder / "tiny.ckpt")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (spoil_sum, "tiny.ckpt is not the file whose sha256 was pinned"),
        (lambda folder: (folder / "tiny.ckpt.sha256").unlink(), "tiny.ckpt.sha256 is missing"),
        (lambda folder: (folder / "tiny.ckpt").rename(folder / "other"), "exactly one checkpoint"),
        (lambda folder: (folder / "config" / "config.json").unlink(), "config.json"),
        (spoil_content, ""),
    ],
)
def test_load_engine_refuses_what_it_cant_trust_and_says_why(tmp_path: Path, spoil: Any, why: str) -> None:
    write_checkpoint(tmp_path / "detoxify")
    spoil(tmp_path / "detoxify")

    engine = load_engine("detoxify", tmp_path)

    assert isinstance(engine, Unavailable)
    assert engine.name == "detoxify"
    assert why in engine.why
    with pytest.raises(ClassifierUnavailable):
        engine.score(["you fool"])


def test_load_engine_names_the_setting_when_there_is_no_model_dir() -> None:
    engine = load_engine("detoxify", None)

    assert isinstance(engine, Unavailable)
    assert "MODEL_DIR" in engine.why
