"""Which of some texts say nearly what this one says?"""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, pairwise

from commentsvc.moderation.normalise import WORD, fold

LEAST = 0.2
MOST = 3
_MOST_APART = 20
"""With fewer than one in so many of its words and pairs, a text isn't looked at any closer."""


def nearest(text: str, others: Sequence[str], *, least: float = LEAST, most: int = MOST) -> list[tuple[int, float]]:
    """Return (index, share) of the others that share most of their wording with a text, nearest first.

    The share is a weighted Jaccard index, 0..1, over words and pairs of words in a row, disguises undone. A word counts
    by how rare it is among the texts at hand, so that "the" brings nobody together.
    """
    mine = _terms(text)
    theirs = [_terms(other) for other in others]
    spread = Counter(chain.from_iterable(theirs))
    among = 1 + len(others)
    # Never less than one each: what a wave repeats is common among the texts at hand, and the very thing to find.
    weights = [1 + math.log(among / (count or 1)) for count in range(among)]

    def weight(terms: frozenset[str]) -> float:
        return sum(map(weights.__getitem__, map(spread.__getitem__, terms)))

    shares = [(at, _share(mine, terms, weight)) for at, terms in enumerate(theirs)]
    return sorted((pair for pair in shares if pair[1] >= least), key=lambda pair: (-pair[1], pair[0]))[:most]


def _share(mine: frozenset[str], theirs: frozenset[str], weight: Callable[[frozenset[str]], float]) -> float:
    shared = mine & theirs
    if not shared or len(shared) * _MOST_APART < len(mine):
        return 0.0
    both = weight(shared)
    return both / (both + weight(mine ^ theirs))


@lru_cache(maxsize=4096)
def _terms(text: str) -> frozenset[str]:
    """Cut a text into words and pairs; kept, because card after card is compared with the same few hundred."""
    words = WORD.findall(fold(text).text)
    return frozenset(words) | {f"{left} {right}" for left, right in pairwise(words)}
