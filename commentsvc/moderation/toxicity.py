"""Which engine says how toxic a text is, and what does every engine promise?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.inventory import DETOXIFY, DETOXIFY_ONNX, EMBEDDED, best
from commentsvc.moderation.model_files import FOLDER, problems
from commentsvc.moderation.terms import Span

Scores = Mapping[str, float | None]
"""A probability for each of enums.TOXICITY_LABELS, or None where the engine doesn't know; all None: abstained."""

ENGINES = ("auto", EMBEDDED, DETOXIFY, DETOXIFY_ONNX)


class ToxicityEngine(Protocol):
    """One judge of toxicity; both methods may be called from several threads."""

    @property
    def name(self) -> str:
        """Which engine it is."""
        ...

    @property
    def version(self) -> str:
        """What else its scores' meaning depends on."""
        ...

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text, in order, or raise ClassifierUnavailable."""
        ...

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Return the ranges of the text that drove its score, ascending and apart."""
        ...


class Unavailable:
    """An engine that cannot answer and says why; every score() raises ClassifierUnavailable."""

    version = "none"

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self.why = why

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Raise ClassifierUnavailable, for no text at all too."""
        raise ClassifierUnavailable(f"The classifier {self.name} is not available: {self.why}")

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Return nothing: who can't score has no evidence."""
        return ()


def load_engine(name: str, model_dir: Path | None) -> ToxicityEngine:
    """Load the named engine; one that can't be loaded comes back as Unavailable, never as another engine.

    `auto` is the best that is present; see inventory.take_stock.
    """
    if name not in ENGINES:
        raise ValueError(f"classifier: may be {', '.join(ENGINES)}")
    if name == "auto":
        name = best(model_dir)
    try:
        return _load(name, model_dir)
    except ImportError as error:
        return Unavailable(name, f"{error}; install the extra [detoxify]" if name == DETOXIFY else str(error))
    except Exception as error:
        # A broken checkpoint can raise anything, and the service must start and say so.
        return Unavailable(name, str(error) or type(error).__name__)


def _load(name: str, model_dir: Path | None) -> ToxicityEngine:
    # Imported late: torch costs seconds and 1 GB, and a bare machine has none.
    if name == DETOXIFY:
        from commentsvc.moderation.detoxify.torch_engine import DetoxifyEngine  # noqa: PLC0415

        return DetoxifyEngine(_required(model_dir) / name)
    if name == DETOXIFY_ONNX:
        from commentsvc.moderation.detoxify.onnx_engine import DetoxifyOnnxEngine  # noqa: PLC0415

        return DetoxifyOnnxEngine(_required(model_dir) / name)
    from commentsvc.moderation.embedded import EmbeddedEngine, load_model  # noqa: PLC0415
    from commentsvc.moderation.encoder import load_encoder  # noqa: PLC0415

    if wrong := problems(FOLDER):
        return Unavailable(name, wrong[0])
    return EmbeddedEngine(load_model(), load_encoder())


def _required(model_dir: Path | None) -> Path:
    if model_dir is None:
        raise ClassifierUnavailable("there is no MODEL_DIR, and Detoxify is looked for in it")
    return model_dir
