"""Which n-grams does a text have, as hash buckets that training and serving share?"""

import re
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from commentsvc.moderation.normalise import WORD

BUCKETS = 1 << 18
"""How many hash buckets all n-grams share."""

Ints = NDArray[np.int64]

_SPACES = re.compile(r"\s+")
_LONGEST = 5
_SPACE = ord(" ")
_PRIME = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, slots=True)
class Ngrams:
    """N-grams of one kind, in parallel arrays: hash bucket, start and end in the text."""

    buckets: Ints
    starts: Ints
    ends: Ints


def word_ngrams(text: str) -> Ngrams:
    """Return the words of folded text, and the pairs of words in a row."""
    found = list(WORD.finditer(text))
    pairs = list(pairwise(found))
    buckets = [_bucket(match[0]) for match in found]
    buckets += [_bucket(f"{left[0]} {right[0]}") for left, right in pairs]
    starts = [match.start() for match in found] + [left.start() for left, _ in pairs]
    ends = [match.end() for match in found] + [right.end() for _, right in pairs]
    return Ngrams(np.array(buckets, np.int64), np.array(starts, np.int64), np.array(ends, np.int64))


def character_ngrams(text: str) -> Ngrams:
    """Return the runs of two to five characters of folded text that stay within a word, its two borders included."""
    # Hashed all at once: a comment of 500 characters has some 2,000, too many to touch one by one.
    # The bounding spaces stand for the borders of the first and last word; positions shift by one.
    spaced = _SPACES.sub(lambda match: " " * len(match[0]), text)
    codes = np.frombuffer(f" {spaced} ".encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    gap = codes == _SPACE
    hashed, has_inner_gap = codes, np.zeros(len(codes), dtype=bool)
    buckets, starts, ends = [], [], []
    for length in range(2, min(_LONGEST, len(codes)) + 1):
        count = len(codes) - length + 1
        hashed = hashed[:count] * _PRIME + codes[length - 1 :]
        has_inner_gap = has_inner_gap[:count]
        if length > 2:
            has_inner_gap = has_inner_gap | gap[length - 2 : length - 2 + count]
        kept = np.flatnonzero(~has_inner_gap & ~(gap[:count] & gap[length - 1 :] & (length == 2)))
        mixed = (hashed[kept] ^ np.uint64(length)) * _PRIME
        buckets.append((mixed >> np.uint64(64 - 18)).astype(np.int64))
        starts.append(np.maximum(kept - 1, 0))
        ends.append(np.minimum(kept + length - 1, len(text)))
    return Ngrams(np.concatenate(buckets), np.concatenate(starts), np.concatenate(ends))


def _bucket(word: str) -> int:
    return crc32(word.encode("utf-8", "replace")) % BUCKETS
