"""Which of some texts say nearly what this one says?"""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from commentsvc.moderation.normalise import WORD, fold

LEAST = 0.1
MOST = 3


def nearest(text: str, others: Sequence[str], *, least: float = LEAST, most: int = MOST) -> list[tuple[int, float]]:
    """Return (index, share) of the others that share most of their wording with a text, nearest first.

    The share is a weighted Jaccard index, 0..1, over words and pairs of words in a row, disguises undone. A word counts
    by how rare it is among the texts at hand, so that "the" brings nobody together.
    """
    mine = _terms(text)
    theirs = [_terms(other) for other in others]
    spread = Counter(term for terms in (mine, *theirs) for term in terms)
    weight = {term: math.log((2 + len(others)) / count) for term, count in spread.items()}
    found = [(at, _share(mine, terms, weight)) for at, terms in enumerate(theirs)]
    return sorted((pair for pair in found if pair[1] >= least), key=lambda pair: (-pair[1], pair[0]))[:most]


def _share(mine: frozenset[str], theirs: frozenset[str], weight: dict[str, float]) -> float:
    shared = mine & theirs
    if not shared:
        return 0.0
    whole = sum(weight[term] for term in mine | theirs)
    return sum(weight[term] for term in shared) / whole if whole else 1.0


@lru_cache(maxsize=4096)
def _terms(text: str) -> frozenset[str]:
    """Cut a text into words and pairs; kept, because card after card is compared with the same few hundred."""
    words = WORD.findall(fold(text).text)
    return frozenset(words) | {f"{left} {right}" for left, right in pairwise(words)}
