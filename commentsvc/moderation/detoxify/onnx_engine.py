"""How toxic is a text, by a Detoxify checkpoint that was exported to onnx, without torch?

MODEL_DIR/detoxify-onnx/ holds model.onnx, tokenizer.json and about.json, as `commentsvc classifier install` and
`export` write them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from tokenizers import Tokenizer

from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.detoxify.about import About, read_about, sum_of
from commentsvc.moderation.detoxify.reading import DetoxifyReader, Labels, starts
from commentsvc.moderation.sessions import batches, open_session

_BATCH_TOKENS = 256
"""Tokens of one pass, padding included. More would only leave the processor's cache."""


class DetoxifyOnnxEngine(DetoxifyReader):
    """An exported checkpoint; safe to share between threads.

    One thread a call, unless told otherwise: the server's own threads already fill the cores.
    """

    name = "detoxify-onnx"

    def __init__(self, folder: Path, *, threads: int = 1) -> None:
        self.about = read_about(folder)
        for name, expected in self.about.files.items():
            if sum_of(folder / name) != expected:
                raise ClassifierUnavailable(f"{folder / name} is not the file that was exported; install it again")
        self.version = self.about.version
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._session = open_session(folder / "model.onnx", threads=threads)
        super().__init__(knows_english_only=self.about.languages == ("en",))

    def read(self, texts: Sequence[str]) -> list[Labels]:
        """Score each text as it stands, as the worst of its windows; in batches of about equal length."""
        pieces = [piece for at, text in enumerate(texts) for piece in pieces_of(at, text, self._tokenizer, self.about)]
        found: list[list[NDArray[np.float32]]] = [[] for _ in texts]
        for batch in batches(pieces, tokens=_BATCH_TOKENS):
            rows = run(self._session, [piece.ids for piece in batch], padding=self.about.padding)
            for piece, row in zip(batch, rows, strict=True):
                found[piece.owner].append(row)
        # max() lets a NaN through, so that the check fails instead of passing.
        return [dict(zip(self.about.labels, np.max(rows, axis=0).tolist(), strict=True)) for rows in found]


@dataclass(frozen=True, slots=True)
class Piece:
    """One window of a text, its end marks included."""

    owner: int
    ids: list[int]


def pieces_of(owner: int, text: str, tokenizer: Tokenizer, about: About) -> list[Piece]:
    """Cut a text's tokens into windows that the encoder can read; none is lost."""
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    cuts = (ids[start : start + about.room] for start in starts(len(ids), about.room))
    return [Piece(owner, [about.first, *cut, about.last]) for cut in cuts]


def run(session: onnxruntime.InferenceSession, rows: Sequence[Sequence[int]], *, padding: int) -> NDArray[np.float32]:
    """Return the scores of rows of tokens, rows × labels."""
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    ids = np.full((len(rows), int(lengths.max())), padding, dtype=np.int32)
    for at, row in enumerate(rows):
        ids[at, : len(row)] = row
    scores: NDArray[np.float32] = session.run(["scores"], {"ids": ids, "lengths": lengths})[0]
    return scores
