"""How toxic is a text, by the small models that come with the package?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.encoder import Encoder, Reading, load_encoder
from commentsvc.moderation.language import is_foreign, load_languages
from commentsvc.moderation.mending import Mender
from commentsvc.moderation.ngrams import BUCKETS, Ints, Ngrams, character_ngrams, word_ngrams
from commentsvc.moderation.normalise import WORD, Folded, fold, second_view
from commentsvc.moderation.relevance import Embed, MeaningRelevance, UnavailableRelevance
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores

MODEL_FILE = Path(__file__).parent / "model" / "embedded.npz"

Floats = NDArray[np.float32]

_ABSTAINED: Scores = dict.fromkeys(TOXICITY_LABELS)
_TELLING_SHARE = 0.4
"""Words are evidence from this share of the strongest word's contribution on."""
_TELLING_MARK = 0.3
"""Words are evidence when the encoder expects at least this share of raters to mark them."""


@dataclass(frozen=True, slots=True)
class Model:
    """The weights as served: `weights` is labels × buckets, `idf` per bucket.

    `hostile` are words that raters marked, `harsh` those that the engine itself finds so when it reads nothing else,
    `vocabulary` all words that its training texts had often; the most marked, or the most frequent, come first.
    Logits are slope × (blend × encoder + (1 - blend) × linear) + offset, per label: Platt's calibration of a blend.
    """

    version: str
    labels: tuple[str, ...]
    weights: Floats
    bias: Floats
    idf: Floats
    hostile: tuple[str, ...]
    harsh: tuple[str, ...]
    vocabulary: tuple[str, ...]
    blend: float
    slope: Floats
    offset: Floats


class EmbeddedEngine:
    """A small encoder and a linear model over hashed word and character n-grams, their logits blended; English only.

    The encoder knows contexts, the n-grams know spellings that it never met. Neither needs torch.
    """

    name = "embedded"

    def __init__(self, model: Model, encoder: Encoder) -> None:
        self.version = model.version
        self._model = model
        self._encoder = encoder
        self._mender = Mender((*model.hostile, *model.harsh), encoder.ordinary_words.union(model.vocabulary))
        load_languages()

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text as the worse of its folded and its second view; None for each label without words."""
        owners = [(at, view) for at, text in enumerate(texts) if _can_judge(text) for view in self.views(text)]
        highest: dict[int, Floats] = {}
        for (at, _), logits in zip(owners, self._logits([view.text for _, view in owners])[0], strict=True):
            highest[at] = np.maximum(highest.get(at, logits), logits)
        return [self._named(highest[at]) if at in highest else _ABSTAINED for at in range(len(texts))]

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Return the words that drove the score, neighbours merged: those that the encoder marks as raters would.

        Where it marks none, the words that raised the linear model's highest label most.
        """
        views = self.views(text)
        if not _can_judge(text):
            return ()
        logits, readings = self._logits([view.text for view in views])
        best = int(np.argmax(logits.max(axis=1)))
        view = views[best]
        found = [(match.start(), match.end()) for match in WORD.finditer(view.text)]
        telling = _marked(found, readings[best]) or self._pulled(found, view.text, int(np.argmax(logits[best])))
        return _joined([view.span(start, end) for start, end in telling], text)

    def views(self, text: str) -> list[Folded]:
        """Return the text as folded and, where that differs, with disguises undone as well as can be guessed."""
        first, second = fold(text), self._mender.mend(second_view(text))
        return [first] if second.text == first.text else [first, second]

    def _named(self, logits: Floats) -> Scores:
        known = dict(zip(self._model.labels, (_sigmoid(float(value)) for value in logits), strict=True))
        return {label: known.get(label) for label in TOXICITY_LABELS}

    def _logits(self, texts: Sequence[str]) -> tuple[Floats, list[Reading]]:
        """Return calibrated logits, texts × labels, and what the encoder read."""
        if not texts:
            return np.zeros((0, len(self._model.labels)), dtype=np.float32), []
        readings = self._encoder.read(texts)
        linear = np.stack([self._linear(text) for text in texts])
        read = np.stack([reading.logits for reading in readings])
        share = self._model.blend
        logits: Floats = self._model.slope * (share * read + (1 - share) * linear) + self._model.offset
        return logits, readings

    def _linear(self, text: str) -> Floats:
        buckets, values = features(text, self._model.idf)
        logits: Floats = self._model.weights[:, buckets] @ values + self._model.bias
        return logits

    def _pulled(self, found: Sequence[Span], text: str, label: int) -> list[Span]:
        totals = np.concatenate([[0.0], np.cumsum(self._pull(text, label))])
        pulls = [float(totals[end] - totals[start]) for start, end in found]
        least = max(pulls, default=0.0) * _TELLING_SHARE
        return [span for span, value in zip(found, pulls, strict=True) if value >= least > 0]

    def _pull(self, text: str, label: int) -> NDArray[np.float64]:
        """Spread each n-gram's part in the label's logit evenly over its characters."""
        pull = np.zeros(len(text) + 1)
        for kind in (word_ngrams(text), character_ngrams(text)):
            distinct, inverse, counts = np.unique(kind.buckets, return_inverse=True, return_counts=True)
            values = _weighed(distinct, counts, self._model.idf) * self._model.weights[label, distinct]
            share = (values / counts)[inverse] / np.maximum(kind.ends - kind.starts, 1)
            np.add.at(pull, kind.starts, share)
            np.add.at(pull, kind.ends, -share)
        spread: NDArray[np.float64] = np.cumsum(pull)[:-1]
        return spread


@lru_cache(maxsize=2)
def load_model(path: Path = MODEL_FILE) -> Model:
    """Read the weights, or raise ClassifierUnavailable when the file is missing, broken or of another shape."""
    try:
        # Opened here because numpy leaves its own file open when the content is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
            model = Model(
                version=str(kept["version"]),
                labels=tuple(str(label) for label in kept["labels"]),
                weights=kept["weights"].astype(np.float32) * kept["scales"].astype(np.float32)[:, None],
                bias=kept["bias"].astype(np.float32),
                idf=kept["idf"].astype(np.float32) * np.float32(kept["idf_step"]),
                hostile=_words(kept, "hostile"),
                harsh=_words(kept, "harsh"),
                vocabulary=_words(kept, "vocabulary"),
                blend=float(kept["blend"]),
                slope=kept["slope"].astype(np.float32),
                offset=kept["offset"].astype(np.float32),
            )
    except FileNotFoundError:
        raise ClassifierUnavailable(f"the model file {path.name} is missing") from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ClassifierUnavailable(f"the model file {path.name} can't be read ({type(error).__name__})") from None
    count = len(model.labels)
    shapes = [part.shape for part in (model.weights, model.bias, model.slope, model.offset)]
    fits = shapes == [(count, BUCKETS), (count,), (count,), (count,)]
    if not fits or model.idf.shape != (BUCKETS,) or not set(model.labels) <= set(TOXICITY_LABELS):
        raise ClassifierUnavailable(f"the model file {path.name} was made for another version")
    return model


def embed_texts(texts: Sequence[str]) -> Floats:
    """Return what folded texts are about, by the encoder that is loaded now; see Encoder.embed."""
    return load_encoder().embed(texts)


def load_relevance(embed: Embed = embed_texts) -> MeaningRelevance | UnavailableRelevance:
    """Make the judge of relevance, which asks the same encoder; without it, one that says so."""
    try:
        load_encoder()
    except ClassifierUnavailable as error:
        return UnavailableRelevance(error.message)
    return MeaningRelevance(embed)


def features(text: str, idf: Floats) -> tuple[Ints, Floats]:
    """Return distinct buckets and their weights: words and characters each of length 1/√2, so that the whole has 1."""
    parts = [_part(kind, idf) for kind in (word_ngrams(text), character_ngrams(text))]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _part(kind: Ngrams, idf: Floats) -> tuple[Ints, Floats]:
    distinct, counts = np.unique(kind.buckets, return_counts=True)
    return distinct, _weighed(distinct, counts, idf)


def _weighed(distinct: Ints, counts: Ints, idf: Floats) -> Floats:
    values = (1 + np.log(counts)) * idf[distinct]
    norm = float(np.linalg.norm(values)) or 1.0
    weighed: Floats = (values / (norm * math.sqrt(2))).astype(np.float32)
    return weighed


def _words(kept: Mapping[str, NDArray[Any]], name: str) -> tuple[str, ...]:
    return tuple(str(word) for word in kept[name])


def _can_judge(text: str) -> bool:
    return bool(WORD.search(fold(text).text)) and not is_foreign(text)


def _marked(found: Sequence[Span], reading: Reading) -> list[Span]:
    """Return the words of which a token is marked strongly enough; both lists are ascending."""
    strong = [span for span, mark in zip(reading.spans, reading.marks, strict=True) if _sigmoid(mark) >= _TELLING_MARK]
    return [word for word in found if any(start < word[1] and end > word[0] for start, end in strong)]


def _joined(spans: list[Span], text: str) -> tuple[Span, ...]:
    """Merge spans with nothing but a little space between them."""
    joined: list[Span] = []
    for start, end in spans:
        if joined and not text[joined[-1][1] : start].strip():
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, value))))
