"""Does an engine come back when its files do, and only that engine?"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation import standby
from commentsvc.moderation.embedded import EmbeddedEngine, load_model
from commentsvc.moderation.encoder import Encoder
from commentsvc.moderation.model_files import FOLDER, SUMS, problems, write_sums
from commentsvc.moderation.standby import StandbyEngine
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores, ToxicityEngine, Unavailable

RUDE = "You are a stupid idiot."


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "model"))


@pytest.fixture
def standing_by(model: Path) -> Iterator[Callable[[], StandbyEngine]]:
    """Makes an engine of the model's copy, looked at ten times a second."""
    made: list[StandbyEngine] = []

    def load() -> ToxicityEngine:
        if wrong := problems(model):
            return Unavailable("embedded", wrong[0])
        return EmbeddedEngine(load_model(model / "embedded.npz"), Encoder(model))

    def make() -> StandbyEngine:
        made.append(StandbyEngine(load(), load, model, look_every=0.1))
        return made[-1]

    yield make
    for engine in made:
        engine.close()


def wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("name", ["words.onnx", "toxicity.onnx", "tokenizer.json", "embedded.npz"])
def test_engine_comes_back_when_its_file_does(model: Path, standing_by: Callable[[], StandbyEngine], name: str) -> None:
    (model / name).rename(model.parent / name)
    engine = standing_by()
    with pytest.raises(ClassifierUnavailable, match=name):
        engine.score([RUDE])
    before = (engine.state, engine.version, engine.why)

    (model.parent / name).rename(model / name)

    wait_for(lambda: engine.state == "ok")
    assert before == ("unavailable", "none", f"the model file {name} is missing")
    assert (engine.why, engine.version) == ("", load_model().version)
    (scores,) = engine.score([RUDE])
    assert scores["toxicity"] is not None
    assert scores["toxicity"] > 0.5


def test_file_that_is_put_back_damaged_is_refused(model: Path, standing_by: Callable[[], StandbyEngine]) -> None:
    whole = (model / "words.onnx").read_bytes()
    (model / "words.onnx").unlink()
    engine = standing_by()

    (model / "words.onnx").write_bytes(whole[: len(whole) // 2])

    wait_for(lambda: "damaged" in engine.why)
    assert engine.state == "unavailable"
    (model / "words.onnx").write_bytes(whole)
    wait_for(lambda: engine.state == "ok")


def test_loaded_engine_stays_and_says_what_became_of_its_files(
    model: Path, standing_by: Callable[[], StandbyEngine]
) -> None:
    engine = standing_by()
    assert engine.files == ""

    (model / "tokenizer.json").touch()
    changed = engine.files
    (model / "tokenizer.json").unlink()

    assert changed == "they have changed since they were loaded"
    assert engine.files == "tokenizer.json has vanished since it was loaded"
    assert (engine.state, len(engine.score([RUDE]))) == ("ok", 1)


def test_waits_for_the_engine_that_auto_chose_and_no_other(tmp_path: Path) -> None:
    engine = standby.stand_by("detoxify", tmp_path)

    engine._try({})

    engine.close()
    assert (engine.name, engine.version, engine.state) == ("detoxify", "none", "unavailable")


class Small:
    """An engine whose memory holds so many texts at once."""

    name, version = "small", "1"

    def __init__(self, room: int, error: Exception) -> None:
        self.room = room
        self.error = error

    def score(self, texts: Sequence[str]) -> list[Scores]:
        if len(texts) > self.room:
            raise self.error
        return [dict.fromkeys(TOXICITY_LABELS, len(text) / 100) for text in texts]

    def evidence(self, text: str) -> tuple[Span, ...]:
        return ()


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[ONNXRuntimeError] Failed to allocate memory")])
def test_batch_too_large_for_the_memory_is_scored_in_parts_and_in_order(error: Exception) -> None:
    engine = StandbyEngine(small := Small(3, error), lambda: small, None)

    scores = engine.score(["x" * length for length in range(1, 12)])

    assert [one["toxicity"] for one in scores] == [length / 100 for length in range(1, 12)]


def test_text_too_large_for_the_memory_fails_and_the_engine_goes_on() -> None:
    engine = StandbyEngine(small := Small(0, MemoryError()), lambda: small, None)
    with pytest.raises(MemoryError):
        engine.score(["one", "two"])

    small.room = 2

    assert len(engine.score(["one", "two"])) == 2


def test_shipped_files_are_the_ones_that_are_listed() -> None:
    assert problems(FOLDER) == []
    listed = {line.split()[1] for line in (FOLDER / SUMS).read_text().splitlines()}
    assert listed == {path.name for path in FOLDER.iterdir() if path.is_file()} - {SUMS}


def test_problems_are_named_and_new_sums_settle_them(model: Path) -> None:
    (model / "words.onnx").write_bytes(b"no model")
    (model / "tokenizer.json").unlink()

    found = problems(model)

    assert found[0] == "the model file tokenizer.json is missing"
    assert found[1].startswith("the model file words.onnx is damaged")
    write_sums(model)
    assert problems(model) == []
    (model / SUMS).unlink()
    assert problems(model) == [f"the list of sums {SUMS} is missing"]
