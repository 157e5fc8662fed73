"""An exported checkpoint of each kind answers what Detoxify answers, without torch, and keeps the same promises."""

import json
import math
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from commentsvc.enums import TOXICITY_LABELS, Outcome, SignalState
from commentsvc.errors import Misconfigured
from commentsvc.moderation.detoxify.about import About, read_about
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.policy import DEFAULT_POLICY
from commentsvc.moderation.relevance import UnavailableRelevance
from commentsvc.moderation.terms import Draft
from commentsvc.moderation.toxicity import Unavailable, load_engine
from tests.checkpoints import KINDS, write_checkpoint

pytest.importorskip("detoxify")

TEXTS = ["you fool", "the mayor spoke about taxes today and we agree", "You are a kind friend!", "lol", "no <pad> here"]
RUSSIAN = "это просто полная глупость и вы это знаете"


def export_checkpoint(model_dir: Path, kind: str, *, int8: bool = False, bias: float | None = None) -> About:
    from commentsvc.moderation.detoxify import exporting

    path = write_checkpoint(model_dir / "detoxify", kind, bias=bias)
    digest = sha256(path.read_bytes()).hexdigest()
    source = exporting.Checkpoint(path, path.parent / "config", "tiny", digest, trusted=False)
    (model_dir / "detoxify-onnx").mkdir()
    return exporting.export(source, model_dir / "detoxify-onnx", int8=int8, done=lambda: None)


@pytest.fixture(scope="module", params=KINDS)
def model_dir(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    export_checkpoint(folder, request.param)
    return folder


@pytest.fixture(scope="module")
def engines(model_dir: Path) -> tuple[Any, Any]:
    return load_engine("detoxify-onnx", model_dir), load_engine("detoxify", model_dir)


def test_score_is_detoxifys_own(engines: tuple[Any, Any]) -> None:
    exported, original = engines

    scores = exported.score(TEXTS)

    for text, found in zip(TEXTS, scores, strict=True):
        alone = original._detoxify.predict(text)
        known = {label: found[label] for label in alone}
        assert known == pytest.approx(alone, abs=1e-5)
        assert all(found[label] is None for label in TOXICITY_LABELS if label not in alone), "unknown is null, never 0"


def test_judge_draws_from_both_engines_the_same_signal(engines: tuple[Any, Any]) -> None:
    signals = []
    for engine in engines:
        judge = Judge(engine, UnavailableRelevance("not needed"))
        judgement = judge.judge(Draft("the m@yor spoke about taxes today and you are a f00l"), DEFAULT_POLICY)
        signals.append(next(signal for signal in judgement.signals if signal.check == "toxicity"))
        judge.close()

    exported, original = signals
    assert exported.state is SignalState.OBSERVED
    assert exported.score == pytest.approx(original.score, abs=1e-5)
    assert exported.spans == original.spans
    assert (exported.engine, original.engine) == ("detoxify-onnx", "detoxify")


def test_score_of_a_long_text_is_its_worst_window(engines: tuple[Any, Any]) -> None:
    engine, _ = engines
    calm, rude = "the mayor spoke about taxes today . " * 30, "you are a fool ! " * 12
    alone = engine.score([calm, rude])

    (whole,) = engine.score([calm + rude])

    assert whole["threat"] > min(one["threat"] for one in alone)
    assert whole["threat"] == pytest.approx(max(one["threat"] for one in alone), abs=0.1)


def test_every_token_of_a_long_text_is_in_a_window(engines: tuple[Any, Any]) -> None:
    from commentsvc.moderation.detoxify.onnx_engine import pieces_of

    engine, _ = engines
    text = "the mayor spoke about taxes today . " * 40
    ids = engine._tokenizer.encode(text, add_special_tokens=False).ids

    pieces = pieces_of(0, text, engine._tokenizer, engine.about)

    assert all(len(piece.ids) <= 64 for piece in pieces)
    at = 0
    for piece in pieces:
        own = piece.ids[1:-1]
        assert ids[at : at + len(own)] == own
        last, at = at + len(own), at + engine.about.room - 32
    assert last == len(ids)


@pytest.mark.parametrize("text", ["", "   ", "😀😀", "!!!"])
def test_score_abstains_without_words(engines: tuple[Any, Any], text: str) -> None:
    assert engines[0].score([text, "you fool"])[0] == dict.fromkeys(TOXICITY_LABELS)


def test_only_the_multilingual_kind_judges_other_languages(engines: tuple[Any, Any]) -> None:
    engine, _ = engines

    (scores,) = engine.score([RUSSIAN])

    judged = any(score is not None for score in scores.values())
    assert judged == (engine.about.kind == "xlm-roberta")


def test_score_of_nothing_is_nothing(engines: tuple[Any, Any]) -> None:
    assert engines[0].score([]) == []


def test_evidence_is_a_few_words_of_the_text_as_written(engines: tuple[Any, Any]) -> None:
    engine, _ = engines
    text = "The mayor spoke about taxes today, and y o u are a f00l, my kind friend, we agree."

    (span,) = engine.evidence(text)

    assert text[slice(*span)].strip()
    assert engine.evidence("😀") == ()


def test_int8_drifts_little_and_says_how_much(tmp_path: Path) -> None:
    about = export_checkpoint(tmp_path, "bert", int8=True)

    engine = load_engine("detoxify-onnx", tmp_path)
    original = load_engine("detoxify", tmp_path)
    away = [
        abs(found[label] - expected[label])
        for found, expected in zip(engine.score(TEXTS), original.score(TEXTS), strict=True)
        for label in about.labels
    ]

    assert engine.version == about.version
    assert about.version.startswith("tiny-")
    assert about.version.endswith("-int8.1")
    assert about.parity <= 1e-5 < about.drift < 0.05
    assert max(away) < 0.05


def test_export_refuses_weights_that_answer_no_number(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="refused"):
        export_checkpoint(tmp_path, "bert", bias=math.nan)


def spoil_graph(folder: Path) -> None:
    with (folder / "model.onnx").open("ab") as file:
        file.write(b"x")


def spoil_about(folder: Path) -> None:
    kept = json.loads((folder / "about.json").read_text())
    (folder / "about.json").write_text(json.dumps(kept | {"labels": ["rudeness"]}))


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (spoil_graph, "model.onnx is not the file that was exported"),
        (spoil_about, "about.json was made for another version"),
        (lambda folder: (folder / "tokenizer.json").unlink(), "tokenizer.json can't be read"),
        (lambda folder: (folder / "about.json").unlink(), "about.json is missing"),
        (lambda folder: (folder / "about.json").write_text("{"), "about.json can't be read"),
    ],
)
def test_auto_keeps_to_an_export_that_is_broken_and_says_why(tmp_path: Path, spoil: Any, why: str) -> None:
    export_checkpoint(tmp_path, "bert")
    spoil(tmp_path / "detoxify-onnx")

    engine = load_engine("auto", tmp_path)

    assert isinstance(engine, Unavailable)
    assert engine.name == "detoxify-onnx"
    assert why in engine.why
    judge = Judge(engine, UnavailableRelevance("not needed"))
    assert judge.judge(Draft("you are a kind friend"), DEFAULT_POLICY).verdict.outcome is Outcome.HOLD
    judge.close()


def test_serving_imports_neither_torch_nor_onnx(model_dir: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from commentsvc.moderation.toxicity import load_engine; "
        "engine = load_engine('auto', Path(sys.argv[1])); engine.score(['you fool']); engine.evidence('you fool'); "
        "assert engine.name == 'detoxify-onnx', engine.name; "
        "print([name for name in ('torch', 'transformers', 'detoxify', 'onnx') if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code, model_dir], capture_output=True, text=True, check=True)

    assert answer.stdout == "[]\n"


def test_about_names_what_made_it(model_dir: Path) -> None:
    about = read_about(model_dir / "detoxify-onnx")

    assert set(about.made_with) >= {
        "commentsvc",
        "detoxify",
        "onnx",
        "onnxruntime",
        "tokenizers",
        "torch",
        "transformers",
    }
    assert about.checkpoint == sha256((model_dir / "detoxify" / "tiny.ckpt").read_bytes()).hexdigest()
