"""Which engines are on this machine, and what do their files say of them?"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

EMBEDDED = "embedded"
DETOXIFY = "detoxify"
DETOXIFY_ONNX = "detoxify-onnx"

_SHIPPED = Path(__file__).parent / "model"
_PACKAGES = ("detoxify", "torch", "transformers")


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine: why it isn't here (empty when it is), the bytes its files take, and whether it reads English only."""

    name: str
    why_not: str
    size: int
    english_only: bool

    @property
    def is_present(self) -> bool:
        """Whether there is something to load, be it broken."""
        return not self.why_not


def take_stock(model_dir: Path | None) -> tuple[Engine, ...]:
    """Look at every engine, the best first: exported Detoxify, Detoxify itself, and what the package brings."""
    return (*([] if model_dir is None else [_exported(model_dir), _original(model_dir)]), _embedded())


def best(model_dir: Path | None) -> str:
    """Name the engine that `auto` stands for: the best whose files are present.

    One that is present and broken stays the choice, and says what is wrong: nothing changes silently.
    """
    return next(engine.name for engine in take_stock(model_dir) if engine.is_present)


def _exported(model_dir: Path) -> Engine:
    folder = model_dir / DETOXIFY_ONNX
    why_not = "" if folder.exists() or folder.is_symlink() else "no checkpoint was exported"
    return Engine(DETOXIFY_ONNX, why_not, _size(folder.glob("*")), _languages(folder / "about.json") == ["en"])


def _original(model_dir: Path) -> Engine:
    folder = model_dir / DETOXIFY
    missing = [package for package in _PACKAGES if not find_spec(package)]
    why_not = f"{', '.join(missing)} not installed" if missing else ""
    if not any(folder.glob("*.ckpt")):
        why_not = f"no checkpoint in {folder}"
    kind = _read(folder / "config" / "config.json").get("model_type")
    return Engine(DETOXIFY, why_not, _size(folder.rglob("*")), kind != "xlm-roberta")


def _embedded() -> Engine:
    return Engine(EMBEDDED, "", _size(_SHIPPED.glob("*")), english_only=True)


def _size(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.is_file())


def _languages(path: Path) -> object:
    return _read(path).get("languages")


def _read(path: Path) -> dict[str, object]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
