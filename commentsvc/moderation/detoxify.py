"""How toxic is a text, by a Detoxify checkpoint on this machine?

MODEL_DIR/detoxify/ holds one checkpoint NAME.ckpt, beside it NAME.ckpt.sha256 with its pinned sum, and the folder
config/ with the encoder's config.json, tokenizer_config.json and vocabulary. Nothing is ever fetched.
"""

import io
import math
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from detoxify import Detoxify

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.language import is_foreign, load_languages
from commentsvc.moderation.normalise import WORD, second_view
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores

_BATCH = 16
_OVERLAP = 32
"""How many tokens two windows share, so that no phrase is cut in all of them."""
_FEW_WORDS = 3
_MULTILINGUAL = {"en", "es", "fr", "it", "pt", "ru", "tr"}
"""What Detoxify's multilingual model was taught."""
_KEPT_SHARE = 0.6
"""One half of a text is its evidence when it alone keeps this share of the whole's score."""


class DetoxifyEngine:
    """The real Detoxify, offline; a text longer than the encoder reads is scored in windows, by the worst of them."""

    name = "detoxify"

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        path = _only_checkpoint(folder)
        content = path.read_bytes()
        digest = _verified(path, content)
        torch.set_num_threads(threads)
        self.version = f"{path.stem}-{digest[:8]}"
        self._detoxify = _load(content, folder / "config")
        self._room = _room(self._detoxify)
        load_languages()
        self._knows_english_only = self._detoxify.model.config.model_type != "xlm-roberta"
        self.languages = {"en"} if self._knows_english_only else _MULTILINGUAL
        # Fast tokenizers refuse two threads at once, and a second pass would only share the same cores.
        self._lock = threading.Lock()

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text as the worst of its windows, and of its view without disguises where that differs."""
        pieces: list[str] = []
        owners: list[int] = []
        for at, text in enumerate(texts):
            if self._can_judge(text):
                windows = [window for view in _views(text) for window in self._windows(view)]
                pieces += windows
                owners += [at] * len(windows)
        found: list[dict[str, float | None]] = [dict.fromkeys(TOXICITY_LABELS) for _ in texts]
        for at, scores in zip(owners, self._predict(pieces), strict=True):
            for label, score in scores.items():
                found[at][label] = _worse(found[at][label], score)
        return list(found)

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Narrow the text down to the few words that alone keep most of its highest score."""
        found = [match.span() for match in WORD.finditer(text)]
        if not found or not self._can_judge(text):
            return ()
        (whole,) = self._predict([text])
        label = max(whole, key=lambda name: whole[name])
        kept = whole[label] * _KEPT_SHARE
        while len(found) > _FEW_WORDS:
            middle = len(found) // 2
            halves = (found[:middle], found[middle:])
            scores = self._predict([text[half[0][0] : half[-1][1]] for half in halves])
            best = int(scores[1][label] > scores[0][label])
            if scores[best][label] < kept:
                break
            found = halves[best]
        return ((found[0][0], found[-1][1]),)

    def _can_judge(self, text: str) -> bool:
        return bool(WORD.search(text)) and not (self._knows_english_only and is_foreign(text))

    def _windows(self, text: str) -> list[str]:
        with self._lock:
            read = self._detoxify.tokenizer(
                text, add_special_tokens=False, return_offsets_mapping=True, truncation=False, verbose=False
            )
        places = read["offset_mapping"]
        if len(places) <= self._room:
            return [text]
        step = max(1, self._room - _OVERLAP)
        cuts = [places[at : at + self._room] for at in range(0, len(places) - min(_OVERLAP, self._room - 1), step)]
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


def _load(content: bytes, config: Path) -> Any:
    """Build Detoxify from a verified checkpoint, its encoder named by the local folder so that nothing is fetched."""
    if not (config / "config.json").is_file():
        raise ClassifierUnavailable(f"{config} should hold the encoder's config.json and vocabulary")
    checkpoint = torch.load(io.BytesIO(content), map_location="cpu", weights_only=False)
    checkpoint["config"]["arch"]["args"]["model_type"] = str(config)
    patched = io.BytesIO()
    torch.save(checkpoint, patched)
    patched.seek(0)
    return Detoxify(checkpoint=patched, device="cpu")


def _room(detoxify: Any) -> int:
    """Return how many of a text's own tokens the encoder reads, and keep its tokenizer from passing more."""
    config = detoxify.model.config
    # RoBERTa counts positions from its padding token's number on.
    lost = config.pad_token_id + 1 if "roberta" in config.model_type else 0
    most = min(detoxify.tokenizer.model_max_length, config.max_position_embeddings - lost)
    detoxify.tokenizer.model_max_length = most
    return int(most - detoxify.tokenizer.num_special_tokens_to_add())


def _views(text: str) -> list[str]:
    plain = second_view(text).text
    return [text] if plain == text.lower() else [text, plain]


def _worse(known: float | None, score: float) -> float:
    # A score that is no number must come through, so that the check fails instead of passing.
    return score if known is None or math.isnan(score) or score > known else known
