"""What does the encoder read in texts: one logit a label, one a word for how much it tells, and what they are about?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.sessions import batches, open_session
from commentsvc.moderation.terms import Span

FOLDER = Path(__file__).parent / "model"

GRAPHS = ("words", "toxicity", "meaning")
"""The token embeddings that both halves share; the layers that were taught; the layers as they were."""
FILES = ("tokenizer.json", *(f"{name}.onnx" for name in GRAPHS))

Floats = NDArray[np.float32]

_WIDTH = 384

_ROOM = 126
"""How many of a text's own tokens it reads at once, as it was trained; two more mark its ends."""
_OVERLAP = 26
_MOST_WINDOWS = 8
"""A longer text is read in this many places, evenly chosen, its beginning and end among them: time stays bounded."""
_BATCH_TOKENS = 256
"""Twice as many cost 7 % more, being padded more; and large batches leave the processor's cache."""
_LONGEST = 20_000
"""Characters that are tokenised; five times what a comment may have."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one text: `logits` per label, and for each token read its range and its mark (a logit)."""

    logits: Floats
    spans: tuple[Span, ...]
    marks: Floats


class Encoder:
    """A small BERT with weights in 8 bits, its layers twice: taught toxicity, and as they were, which know meaning.

    Safe to share between threads. One thread a call: callers on several threads fill the cores.
    """

    def __init__(self, folder: Path) -> None:
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._words, self._toxicity, self._meaning = (open_session(folder / f"{name}.onnx") for name in GRAPHS)
        self._first, self._last = (_number(self._tokenizer, name) for name in ("[CLS]", "[SEP]"))

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """Read folded texts in batches of about equal length; of a long text's windows the worst counts."""
        pieces = [piece for at, text in enumerate(texts) for piece in self._pieces(at, text)]
        logits: dict[int, list[Floats]] = {at: [] for at in range(len(texts))}
        marked: dict[int, list[tuple[Span, float]]] = {at: [] for at in range(len(texts))}
        for batch in batches(pieces, tokens=_BATCH_TOKENS):
            for piece, row, marks in zip(batch, *self._run(self._toxicity, ["logits", "marks"], batch), strict=True):
                logits[piece.owner].append(row)
                marked[piece.owner] += zip(piece.spans, marks[1:], strict=False)
        return [_reading(logits[at], marked[at]) for at in range(len(texts))]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Return what folded texts are about: texts × width, each of length 1; their cosines say how near they are."""
        pieces = [piece for at, text in enumerate(texts) for piece in self._pieces(at, text)]
        found = np.zeros((len(texts), _WIDTH), dtype=np.float32)
        for batch in batches(pieces, tokens=_BATCH_TOKENS):
            (rows,) = self._run(self._meaning, ["meaning"], batch)
            for piece, row in zip(batch, rows, strict=True):
                found[piece.owner] += row * len(piece.ids)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        unit: Floats = found / np.maximum(lengths, 1e-12)
        return unit

    @property
    def ordinary_words(self) -> frozenset[str]:
        """The plain words that have a token of their own: common ones, which nobody mistyped."""
        return frozenset(word for word in self._tokenizer.get_vocab() if word.isalpha() and word.isascii())

    def _pieces(self, owner: int, text: str) -> list["_Piece"]:
        read = self._tokenizer.encode(text[:_LONGEST], add_special_tokens=False)
        starts = list(range(0, max(1, len(read.ids) - _OVERLAP), _ROOM - _OVERLAP))
        if len(starts) > _MOST_WINDOWS:
            starts = [starts[round(at * (len(starts) - 1) / (_MOST_WINDOWS - 1))] for at in range(_MOST_WINDOWS)]
        return [
            _Piece(
                owner,
                [self._first, *read.ids[start : start + _ROOM], self._last],
                read.offsets[start : start + _ROOM],
            )
            for start in starts
        ]

    def _run(
        self, half: onnxruntime.InferenceSession, answers: Sequence[str], batch: Sequence["_Piece"]
    ) -> Sequence[Floats]:
        lengths = np.array([len(piece.ids) for piece in batch], dtype=np.int32)
        ids = np.zeros((len(batch), int(lengths.max())), dtype=np.int32)
        for at, piece in enumerate(batch):
            ids[at, : len(piece.ids)] = piece.ids
        (hidden,) = self._words.run(["hidden"], {"ids": ids, "lengths": lengths})
        found: Sequence[Floats] = half.run(list(answers), {"hidden": hidden, "lengths": lengths})
        return found


@lru_cache(maxsize=1)
def load_encoder() -> Encoder:
    """Load the encoder that comes with the package, or raise ClassifierUnavailable."""
    for name in FILES:
        if not (FOLDER / name).is_file():
            raise ClassifierUnavailable(f"the model file {name} is missing")
    try:
        return Encoder(FOLDER)
    except Exception as error:
        # onnxruntime and tokenizers raise classes of their own, down to bare Exception.
        raise ClassifierUnavailable(f"the encoder's files can't be read ({type(error).__name__})") from None


@dataclass(frozen=True, slots=True)
class _Piece:
    owner: int
    ids: list[int]
    spans: list[Span]


def _number(tokenizer: Tokenizer, name: str) -> int:
    number = tokenizer.token_to_id(name)
    if number is None:
        raise ClassifierUnavailable(f"the tokenizer has no {name}")
    return int(number)


def _reading(logits: list[Floats], marked: list[tuple[Span, float]]) -> Reading:
    """Put windows together; where two overlap, a token keeps its higher mark."""
    best: dict[Span, float] = {}
    for span, mark in marked:
        best[span] = max(float(mark), best.get(span, -np.inf))
    spans = tuple(sorted(best))
    return Reading(np.max(logits, axis=0), spans, np.array([best[span] for span in spans], dtype=np.float32))
