"""Is a draft about its article, its parent or its thread?"""

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.language import is_foreign, load_languages
from commentsvc.moderation.normalise import WORD, fold
from commentsvc.moderation.terms import Draft

_LEAST_WORDS = 15
_LEAST_ARTICLE_WORDS = 3
_CHUNK_WORDS = 80
_MOST_CHUNKS = 24
_KEPT = 4096
"""How many texts' embeddings are kept, 6 MB: an article and its thread are asked for with every comment."""
_SLOPE, _OFFSET = 12.6, -2.7
"""How a cosine becomes a probability; see docs/model-card.md for where they come from."""

Floats = NDArray[np.float32]
Embed = Callable[[Sequence[str]], Floats]
"""Folded texts to texts × width, each row of length 1."""


@dataclass(frozen=True, slots=True)
class Closeness:
    """Cosines of a comment's meaning with others', -1..1; None where there is nothing to compare it with.

    `article` is the nearest of title with lead, and of the chunks of its text; `thread` the mean over its comments,
    which is the cosine with their centroid, less what several texts gain by being averaged.
    """

    article: float | None
    parent: float | None
    thread: float | None


class MeaningRelevance:
    """Compares embeddings; safe to share between threads.

    Parent and article are never put together into one text: compared apart, each tells more.
    """

    name = "meaning"
    version = "1"

    def __init__(self, embed: Embed) -> None:
        self._embed = embed
        self._known: OrderedDict[str, Floats] = OrderedDict()
        self._lock = threading.Lock()
        load_languages()

    def score(self, draft: Draft) -> float | None:
        """Return how probably the draft belongs here, 0..1; None for short texts, bare articles, other languages.

        Whatever is nearest counts: a reply is on topic when it answers its parent, wherever the thread has drifted.
        """
        near = self.closeness(draft)
        return None if near is None else probability(near)

    def closeness(self, draft: Draft) -> Closeness | None:
        """Compare the draft with what is around it, or return None where that would say nothing."""
        article = " ".join((draft.article_title, draft.article_text))
        if len(_words(draft.body)) < _LEAST_WORDS or len(_words(article)) < _LEAST_ARTICLE_WORDS:
            return None
        if is_foreign(draft.body) or is_foreign(article):
            return None
        pieces = _pieces(draft.article_title, draft.article_text)
        parent = [draft.parent] if draft.parent else []
        rows = self._vectors([draft.body, *pieces, *parent, *draft.thread])
        cosines = rows[1:] @ rows[0]
        behind = len(pieces) + len(parent)
        return Closeness(
            article=float(cosines[: len(pieces)].max()),
            parent=float(cosines[len(pieces)]) if parent else None,
            thread=float(cosines[behind:].mean()) if draft.thread else None,
        )

    def _vectors(self, texts: Sequence[str]) -> Floats:
        keys = [fold(text).text for text in texts]
        with self._lock:
            known = {key: self._known[key] for key in keys if key in self._known}
        missing = list(dict.fromkeys(key for key in keys if key not in known))
        if missing:
            known.update(zip(missing, self._embed(missing), strict=True))
        with self._lock:
            for key in keys:
                self._known[key] = known[key]
                self._known.move_to_end(key)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return np.stack([known[key] for key in keys])


class UnavailableRelevance:
    """A judge of relevance that cannot answer and says why."""

    name = "meaning"
    version = "none"

    def __init__(self, why: str) -> None:
        self.why = why

    def score(self, draft: Draft) -> float | None:
        """Raise ClassifierUnavailable."""
        raise ClassifierUnavailable(f"Relevance is not available: {self.why}")

    def closeness(self, draft: Draft) -> Closeness | None:
        """Raise ClassifierUnavailable."""
        raise ClassifierUnavailable(f"Relevance is not available: {self.why}")


def probability(near: Closeness) -> float:
    """Return how probably a comment so near belongs here, rather than to another article: Platt's calibration."""
    best = max(cosine for cosine in (near.article, near.parent, near.thread) if cosine is not None)
    return 1 / (1 + math.exp(-(_SLOPE * best + _OFFSET)))


def _pieces(title: str, text: str) -> list[str]:
    words = text.split()
    chunks = [" ".join(words[at : at + _CHUNK_WORDS]) for at in range(0, len(words), _CHUNK_WORDS)]
    first = [f"{title}. {chunks[0]}" if chunks else title]
    return [*first, *chunks[1:_MOST_CHUNKS], title] if title and chunks else first + chunks[1:_MOST_CHUNKS]


def _words(text: str) -> list[str]:
    return WORD.findall(fold(text).text)
