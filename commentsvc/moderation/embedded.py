"""How toxic is a text, by the small linear model that comes with the package?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.language import is_foreign, load_languages
from commentsvc.moderation.ngrams import BUCKETS, Ints, Ngrams, character_ngrams, word_ngrams
from commentsvc.moderation.normalise import WORD, Folded, fold, second_view
from commentsvc.moderation.relevance import IDF_BUCKETS, TfidfRelevance, UnavailableRelevance
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores

MODEL_FILE = Path(__file__).parent / "model" / "embedded.npz"

Floats = NDArray[np.float32]

_ABSTAINED: Scores = dict.fromkeys(TOXICITY_LABELS)
_TELLING_SHARE = 0.4
"""Words are evidence from this share of the strongest word's contribution on."""


@dataclass(frozen=True, slots=True)
class Model:
    """The weights as served: `weights` is labels × buckets, `idf` per bucket, `relevance_idf` per stem's bucket."""

    version: str
    labels: tuple[str, ...]
    weights: Floats
    bias: Floats
    idf: Floats
    relevance_idf: Floats


class EmbeddedEngine:
    """Hashed word and character n-grams, TF-IDF, one logistic regression a label; English only, numpy alone."""

    name = "embedded"

    def __init__(self, model: Model) -> None:
        self.version = model.version
        self._model = model
        load_languages()

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text as the worse of its folded and its second view; None for each label without words."""
        return [self._score_one(text) for text in texts]

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Return the words that raised the score most, neighbours merged."""
        view, logits = max(((view, self._logits(view.text)) for view in _views(text)), key=lambda pair: pair[1].max())
        label = int(np.argmax(logits))
        pull = self._pull(view.text, label)
        totals = np.concatenate([[0.0], np.cumsum(pull)])
        found = [(match.start(), match.end()) for match in WORD.finditer(view.text)]
        pulls = [float(totals[end] - totals[start]) for start, end in found]
        least = max(pulls, default=0.0) * _TELLING_SHARE
        telling = [span for span, value in zip(found, pulls, strict=True) if value >= least > 0]
        return _joined([view.span(start, end) for start, end in telling], text)

    def _score_one(self, text: str) -> Scores:
        if not WORD.search(fold(text).text) or is_foreign(text):
            return _ABSTAINED
        logits = np.max([self._logits(view.text) for view in _views(text)], axis=0)
        known = dict(zip(self._model.labels, (_sigmoid(float(value)) for value in logits), strict=True))
        return {label: known.get(label) for label in TOXICITY_LABELS}

    def _logits(self, text: str) -> Floats:
        buckets, values = features(text, self._model.idf)
        logits: Floats = self._model.weights[:, buckets] @ values + self._model.bias
        return logits

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
                relevance_idf=kept["relevance_idf"].astype(np.float32) * np.float32(kept["idf_step"]),
            )
    except FileNotFoundError:
        raise ClassifierUnavailable(f"the model file {path.name} is missing") from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise ClassifierUnavailable(f"the model file {path.name} can't be read ({type(error).__name__})") from None
    shapes = (model.weights.shape, model.bias.shape, model.idf.shape, model.relevance_idf.shape)
    count = len(model.labels)
    fits = shapes == ((count, BUCKETS), (count,), (BUCKETS,), (IDF_BUCKETS,))
    if not fits or not set(model.labels) <= set(TOXICITY_LABELS):
        raise ClassifierUnavailable(f"the model file {path.name} was made for another version")
    return model


def load_relevance() -> TfidfRelevance | UnavailableRelevance:
    """Make the judge of relevance, whose stems' frequencies lie in the same file; without it, one that says so."""
    try:
        model = load_model()
    except ClassifierUnavailable as error:
        return UnavailableRelevance(error.message)
    return TfidfRelevance(model.relevance_idf, model.version)


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


def _views(text: str) -> list[Folded]:
    first, second = fold(text), second_view(text)
    return [first] if second.text == first.text else [first, second]


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
