"""What has changed between two versions of a text, so that one sees it at a glance?"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_WORD = re.compile(r"\s*\S+")
_KEPT = 12
"""How many unchanged words stay on each side of a change; what lies between is left out."""


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of text: in both versions, only in the old one, only in the new one, or left out."""

    kind: Literal["same", "gone", "new", "gap"]
    text: str


def changes(before: str, after: str) -> Sequence[Change]:
    """Compare two texts word by word."""
    # difflib's own rule for long texts (words that are everywhere start no match) keeps hostile texts from taking long.
    old, new = _WORD.findall(before), _WORD.findall(after)
    found: list[Change] = []
    steps = SequenceMatcher(None, [word.strip() for word in old], [word.strip() for word in new]).get_opcodes()
    for at, (kind, a, b, c, d) in enumerate(steps):
        if kind == "equal":
            found += _shortened(new[c:d], is_first=at == 0, is_last=at == len(steps) - 1)
            continue
        if b > a:
            found.append(Change("gone", "".join(old[a:b])))
        if d > c:
            found.append(Change("new", "".join(new[c:d])))
    return found


def _shortened(words: Sequence[str], *, is_first: bool, is_last: bool) -> Iterator[Change]:
    head, tail = (0 if is_first else _KEPT), (0 if is_last else _KEPT)
    if len(words) <= head + tail + _KEPT:
        yield Change("same", "".join(words))
        return
    if head:
        yield Change("same", "".join(words[:head]))
    yield Change("gap", " … ")
    if tail:
        yield Change("same", "".join(words[-tail:]))
