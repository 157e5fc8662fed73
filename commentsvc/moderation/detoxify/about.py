"""What does an exported checkpoint say of itself?"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable

FILE = "about.json"
FILES = ("model.onnx", "tokenizer.json")
"""What is exported beside it."""

_REVISION = 1
"""Part of an engine's version: count it up when the same checkpoint would be exported to other scores."""


@dataclass(frozen=True, slots=True)
class About:
    """The member names are those of about.json.

    `checkpoint` and `files` are sha256 sums. `weights` is int8 or fp32. `room` is how many of a text's own tokens are
    read at once; `first`, `last` and `padding` are the numbers of the tokens around them. `parity` is how far a
    probability was from Detoxify's own, at most, with weights in 32 bits; `drift` the same for the weights as served.
    """

    model: str
    version: str
    checkpoint: str
    kind: str
    weights: str
    labels: tuple[str, ...]
    languages: tuple[str, ...]
    room: int
    first: int
    last: int
    padding: int
    parity: float
    drift: float
    drift_mean: float
    made_with: Mapping[str, str]
    files: Mapping[str, str]


def version_of(model: str, digest: str, weights: str) -> str:
    """Return the version of the engine that a checkpoint of this sha256 is exported to."""
    return f"{model}-{digest[:8]}-{weights}.{_REVISION}"


def read_about(folder: Path) -> About:
    """Read about.json, or raise ClassifierUnavailable when it is missing, broken or of another version."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        about = About(**{**kept, "labels": tuple(kept["labels"]), "languages": tuple(kept["languages"])})
    except FileNotFoundError:
        raise ClassifierUnavailable(f"{folder / FILE} is missing; `commentsvc classifier install` writes it") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ClassifierUnavailable(f"{folder / FILE} can't be read ({type(error).__name__})") from None
    if not set(about.labels) <= set(TOXICITY_LABELS) or not about.labels or set(about.files) != set(FILES):
        raise ClassifierUnavailable(f"{folder / FILE} was made for another version")
    return about


def write_about(about: About, folder: Path) -> None:
    """Write about.json."""
    (folder / FILE).write_text(json.dumps(asdict(about), indent=1) + "\n", encoding="utf-8")


def sum_of(path: Path) -> str:
    """Return a file's sha256, or raise ClassifierUnavailable when it can't be read."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ClassifierUnavailable(f"{path} can't be read: {error.strerror}") from None
