"""How toxic is a text, by a Detoxify checkpoint on this machine?

MODEL_DIR/detoxify/ holds one checkpoint NAME.ckpt, beside it NAME.ckpt.sha256 with its pinned sum, and the folder
config/ with the encoder's config.json, tokenizer_config.json and vocabulary. Nothing is ever fetched.
"""

import io
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from detoxify import Detoxify
from transformers import logging

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.detoxify.reading import DetoxifyReader, Labels, starts, worse

_BATCH = 16
_AS_CODE: dict[str, Any] = {"map_location": "cpu", "weights_only": False}
"""A checkpoint is a pickle and may bring code; that is why its sum is checked first."""


class DetoxifyEngine(DetoxifyReader):
    """The real Detoxify, offline; a text longer than the encoder reads is scored in windows, by the worst of them."""

    name = "detoxify"

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        path = _only_checkpoint(folder)
        content = path.read_bytes()
        digest = _verified(path, content)
        torch.set_num_threads(threads)
        self.version = f"{path.stem}-{digest[:8]}"
        self._detoxify = load_detoxify(torch.load(io.BytesIO(content), **_AS_CODE), folder / "config")
        self._room = room(self._detoxify)
        super().__init__(knows_english_only=knows_english_only(self._detoxify))
        # Fast tokenizers refuse two threads at once, and a second pass would only share the same cores.
        self._lock = threading.Lock()

    def read(self, texts: Sequence[str]) -> list[Labels]:
        """Score each text as it stands, as the worst of its windows."""
        windows = [(at, window) for at, text in enumerate(texts) for window in self._windows(text)]
        found: list[dict[str, float]] = [{} for _ in texts]
        for (at, _), scores in zip(windows, self._predict([window for _, window in windows]), strict=True):
            for label, score in scores.items():
                found[at][label] = worse(found[at].get(label), score)
        return list(found)

    def _windows(self, text: str) -> list[str]:
        with self._lock:
            read = self._detoxify.tokenizer(
                text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
            )
        places = read["offset_mapping"]
        if len(places) <= self._room:
            return [text]
        cuts = [places[at : at + self._room] for at in starts(len(places), self._room)]
        return [text[cut[0][0] : cut[-1][1]] for cut in cuts]

    def _predict(self, pieces: Sequence[str]) -> list[dict[str, float]]:
        """Score pieces in batches of about equal length: most of a mixed batch's work is padding."""
        order = sorted(range(len(pieces)), key=lambda at: len(pieces[at]))
        scores: list[dict[str, float]] = [{} for _ in pieces]
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            with self._lock:
                columns = self._detoxify.predict([pieces[at] for at in batch])
            for label, column in columns.items():
                if label not in TOXICITY_LABELS:
                    continue
                # predict() answers a bare number, not a list of one, for a single text.
                values = column if isinstance(column, list) else [column]
                for at, value in zip(batch, values, strict=True):
                    scores[at][label] = float(value)
        return scores


def _only_checkpoint(folder: Path) -> Path:
    found = sorted(folder.glob("*.ckpt"))
    if len(found) != 1:
        raise ClassifierUnavailable(f"{folder} should hold exactly one checkpoint (*.ckpt), it holds {len(found)}")
    return found[0]


def _verified(path: Path, content: bytes) -> str:
    """Return the sum of a checkpoint that is the pinned one: loading it runs code that it brings along."""
    sidecar = path.with_name(path.name + ".sha256")
    if not sidecar.is_file():
        raise ClassifierUnavailable(f"{sidecar.name} is missing, so {path.name} can't be trusted")
    digest = sha256(content).hexdigest()
    if sidecar.read_text(encoding="ascii", errors="replace").split()[:1] != [digest]:
        raise ClassifierUnavailable(f"{path.name} is not the file whose sha256 was pinned")
    return digest


def load_detoxify(checkpoint: dict[str, Any], config: Path) -> Any:
    """Build Detoxify from a loaded checkpoint, its encoder named by the local folder so that nothing is fetched."""
    if not (config / "config.json").is_file():
        raise ClassifierUnavailable(f"{config} should hold the encoder's config.json and vocabulary")
    # Its own bar would be mixed into ours, and into the server's log.
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    checkpoint["config"]["arch"]["args"]["model_type"] = str(config)
    patched = io.BytesIO()
    torch.save(checkpoint, patched)
    patched.seek(0)
    return Detoxify(checkpoint=patched, device="cpu")


def room(detoxify: Any) -> int:
    """Return how many of a text's own tokens the encoder reads, and keep its tokenizer from passing more."""
    config = detoxify.model.config
    # RoBERTa counts positions from its padding token's number on.
    lost = config.pad_token_id + 1 if "roberta" in config.model_type else 0
    most = min(detoxify.tokenizer.model_max_length, config.max_position_embeddings - lost)
    detoxify.tokenizer.model_max_length = most
    return int(most - detoxify.tokenizer.num_special_tokens_to_add())


def knows_english_only(detoxify: Any) -> bool:
    """Whether the encoder read nothing but English before it was taught."""
    return bool(detoxify.model.config.model_type != "xlm-roberta")
