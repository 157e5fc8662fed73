"""Which engine answers, and what a missing one says."""

from pathlib import Path

import pytest

from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation import embedded
from commentsvc.moderation.toxicity import Unavailable, load_engine


@pytest.mark.parametrize("name", ["auto", "embedded"])
def test_load_engine_takes_the_embedded_one_on_a_bare_machine(name: str, tmp_path: Path) -> None:
    engine = load_engine(name, tmp_path)

    assert engine.name == "embedded"
    assert engine.version == embedded.load_model().version


def test_load_engine_refuses_an_unknown_name() -> None:
    with pytest.raises(ValueError, match="auto, embedded, detoxify"):
        load_engine("oracle", None)


def test_load_engine_never_replaces_a_missing_detoxify(tmp_path: Path) -> None:
    engine = load_engine("detoxify", tmp_path)

    assert isinstance(engine, Unavailable)
    assert (engine.name, engine.version) == ("detoxify", "none")
    assert engine.why


def test_load_engine_says_why_the_embedded_model_is_unusable(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    read = embedded.load_model
    monkeypatch.setattr(embedded, "load_model", lambda: read(tmp_path / "gone.npz"))

    engine = load_engine("auto", None)

    assert isinstance(engine, Unavailable)
    assert (engine.name, engine.why) == ("embedded", "the model file gone.npz is missing")


def test_unavailable_refuses_even_nothing_and_has_no_evidence() -> None:
    engine = Unavailable("detoxify", "the disk is full")

    with pytest.raises(ClassifierUnavailable, match="the disk is full"):
        engine.score([])
    assert engine.evidence("you fool") == ()
