"""Is a draft about its article, its parent or its thread?"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.language import is_foreign
from commentsvc.moderation.normalise import WORD, fold
from commentsvc.moderation.terms import Draft

IDF_BUCKETS = 1 << 15
"""How many hash buckets the stems' document frequencies share."""

_LEAST_WORDS = 15
_LEAST_ARTICLE_WORDS = 30
_CHUNK_WORDS = 120
_TITLE_WEIGHT = 2.0
_STOP_WORDS = """
    a about after all also an and any are aren as at be because been before being but by can could couldn did didn do
    does doesn doing don dont down for from get got had has have haven having he her here him his how i if im in into
    is isn it its just like ll me more most my no not now of off on one only or other our out over own re really s said
    same say says she should so some such t than that thats the their them then there these they thing things think
    this those through to too under up us ve very was wasn we were what when where which while who why will with won
    would wouldn yes you your youre
"""
_STOP = frozenset(_STOP_WORDS.split())

Vector = dict[str, float]


class TfidfRelevance:
    """Cosines of TF-IDF vectors of stems.

    The score is the highest of three: cosine with the article (the better of title with text, and of the
    text's closest chunk), .8 × cosine with the parent, and .8 × cosine with the thread. The highest, because a
    reply is on topic when it answers its parent, wherever the thread has drifted; discounted, because agreeing
    with a neighbour who is off topic isn't the article. The cosine is rescaled as cosine ** .5: 0 shares no
    telling word, .2 is common among on-topic comments, 1 is a copy.
    """

    name = "tfidf"

    def __init__(self, idf: NDArray[np.float32], version: str) -> None:
        self.version = version
        self._idf = idf
        self._article = lru_cache(maxsize=256)(self._article_vectors)

    def score(self, draft: Draft) -> float | None:
        """Return 0..1, or None for short comments, articles without text, and foreign languages."""
        article = f"{draft.article_title} {draft.article_text}"
        if len(_words(draft.body)) < _LEAST_WORDS or len(_words(article)) < _LEAST_ARTICLE_WORDS:
            return None
        if is_foreign(draft.body) or is_foreign(article):
            return None
        mine = self._vector(draft.body)
        near = max(_cosine(mine, chunk) for chunk in self._article(draft.article_title, draft.article_text))
        parent = _cosine(mine, self._vector(draft.parent)) if draft.parent else 0.0
        thread = _cosine(mine, self._vector(" ".join(draft.thread))) if draft.thread else 0.0
        return min(1.0, math.sqrt(max(near, 0.8 * parent, 0.8 * thread)))

    def _article_vectors(self, title: str, text: str) -> Sequence[Vector]:
        """Return the whole article's vector, title weighted, and one for each chunk of its text with the title."""
        words = text.split()
        chunks = [words[at : at + _CHUNK_WORDS] for at in range(0, len(words), _CHUNK_WORDS)]
        heading = Counter({stem: count * _TITLE_WEIGHT for stem, count in Counter(stems(title)).items()})
        return [self._weighted(heading + Counter(stems(" ".join(chunk)))) for chunk in [words, *chunks]]

    def _vector(self, text: str) -> Vector:
        return self._weighted(Counter(stems(text)))

    def _weighted(self, counts: "Counter[str] | dict[str, float]") -> Vector:
        weights = {stem: (1 + math.log(max(count, 1.0))) * self._rarity(stem) for stem, count in counts.items()}
        norm = math.sqrt(sum(weight * weight for weight in weights.values())) or 1.0
        return {stem: weight / norm for stem, weight in weights.items()}

    def _rarity(self, stem: str) -> float:
        return float(self._idf[idf_bucket(stem)])


class UnavailableRelevance:
    """A judge of relevance that cannot answer and says why."""

    name = "tfidf"
    version = "none"

    def __init__(self, why: str) -> None:
        self.why = why

    def score(self, draft: Draft) -> float | None:
        """Raise ClassifierUnavailable."""
        raise ClassifierUnavailable(f"Relevance is not available: {self.why}")


def stems(text: str) -> list[str]:
    """Return the stems of the text's telling words, in order."""
    return [_stem(word) for word in _words(text) if word not in _STOP and (len(word) > 1 or not word.isascii())]


def idf_bucket(stem: str) -> int:
    """Return the bucket that holds the stem's inverse document frequency."""
    return crc32(stem.encode("utf-8", "replace")) % IDF_BUCKETS


def _words(text: str) -> list[str]:
    return WORD.findall(fold(text).text)


_ENDINGS: Iterable[tuple[str, str, int]] = (
    ("ations", "", 4), ("ation", "", 4), ("ingly", "", 4), ("edly", "", 4), ("iness", "y", 3), ("ness", "", 4),
    ("ments", "", 4), ("ment", "", 4), ("ities", "", 4), ("ity", "", 4), ("ies", "y", 3), ("ied", "y", 3),
    ("ians", "ia", 3), ("ian", "ia", 3), ("ers", "", 4), ("ing", "", 3), ("ed", "", 3), ("er", "", 4),
    ("es", "", 3), ("ly", "", 4), ("s", "", 3), ("e", "", 3),
)  # fmt: skip


@lru_cache(maxsize=32768)
def _stem(word: str) -> str:
    """Take one ordinary English ending off, so that tax, taxes, taxed and taxing meet; light rather than right."""
    for ending, instead, least in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= least and not word.endswith("ss"):
            return word[: len(word) - len(ending)] + instead
    return word


def _cosine(a: Vector, b: Vector) -> float:
    return sum(weight * b[stem] for stem, weight in a.items() if stem in b)
