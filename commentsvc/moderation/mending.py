"""Which hostile word does a mangled word stand for: masked, mistyped, joined to another or broken in two?"""

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass

from commentsvc.moderation.normalise import Folded

_MASKED = re.compile(
    r"(?<![a-z*#])[a-z]{1,20}(?:[*#_\-.$%@+]{1,4}[a-z]{1,20}){1,4}(?![a-z*#])"
    r"|(?<![a-z*#])[a-z]{1,3}[*#]{2,6}(?![a-z*#])"
)
_SIGNS = re.compile(r"[^a-z]+")
_PLAIN = re.compile(r"(?<![^\W_])[a-z]+(?![^\W_])")
_PAIR = re.compile(r"(?<![^\W_])([a-z]{1,12})([ \-.])([a-z]{1,12})(?![^\W_])")
_LEAST_MASKED = 4
_LEAST_TYPO = 5
_LEAST_PART = 4
_LONGEST = 40
"""Longer runs of letters are no two words written as one, and looking at every cut of them would take long."""


@dataclass(frozen=True, slots=True)
class _Change:
    """What stands in folded[start:end) instead; `gap` is where a space goes, counted in the new word."""

    start: int
    end: int
    word: str
    gap: int | None = None


class Mender:
    """Undoes what people do to words that would be noticed; never touches a word that it knows to be ordinary.

    `hostile` are the words that are looked for: of several that fit, the first one is taken. `ordinary` are all words.
    """

    def __init__(self, hostile: Sequence[str], ordinary: Container[str]) -> None:
        self._hostile = {word: rank for rank, word in enumerate(dict.fromkeys(hostile))}
        self._ordinary = ordinary
        self._shapes: dict[tuple[str, str], list[str]] = defaultdict(list)
        self._heads: dict[str, list[str]] = defaultdict(list)
        self._near: dict[str, list[str]] = defaultdict(list)
        for word in self._hostile:
            if len(word) >= _LEAST_MASKED:
                self._shapes[word[0], word[-1]].append(word)
                self._heads[word[:1]].append(word)
            if len(word) >= _LEAST_TYPO:
                for key in deletes(word):
                    self._near[key].append(word)

    def mend(self, folded: Folded) -> Folded:
        """Return the text with such words mended, or the same object when there are none."""
        text = folded.text
        changes: list[_Change] = []
        taken = bytearray(len(text))
        for find in (self._masked, self._halves, self._single):
            for change in find(text):
                if not any(taken[change.start : change.end]):
                    changes.append(change)
            for change in changes:
                taken[change.start : change.end] = b"\1" * (change.end - change.start)
        return _changed(folded, sorted(changes, key=lambda change: change.start)) if changes else folded

    def _masked(self, text: str) -> Iterator[_Change]:
        for match in _MASKED.finditer(text):
            token = match[0]
            if token.isalpha():
                continue
            if token[-1].isalpha():
                candidates = self._shapes.get((token[0], token[-1]), [])
            else:
                candidates = self._heads.get(token[0], [])
            # Behind the last sign stands as much of the word as was written; a star is one letter, a run may be more.
            parts = [re.escape(part) for part in _SIGNS.split(token)]
            signs = [len(run) for run in _SIGNS.findall(token)]
            pattern = re.compile(
                parts[0]
                + "".join(
                    f"[a-z]{{{1 if count > 1 else count},{max(count, 1) + (count > 2)}}}{part}"
                    for count, part in zip(signs, parts[1:], strict=True)
                )
            )
            word = next((word for word in candidates if pattern.fullmatch(word)), None)
            if word is not None:
                yield _Change(match.start(), match.end(), word)

    def _halves(self, text: str) -> Iterator[_Change]:
        at = 0
        while match := _PAIR.search(text, at):
            left, right = match[1], match[3]
            whole = left + right
            strange = left not in self._ordinary or right not in self._ordinary
            if len(whole) >= _LEAST_TYPO and whole in self._hostile and strange and right not in self._hostile:
                yield _Change(match.start(), match.end(), whole)
                at = match.end()
            else:
                at = match.start(3)

    def _single(self, text: str) -> Iterator[_Change]:
        for match in _PLAIN.finditer(text):
            word = match[0]
            if len(word) > _LONGEST or word in self._hostile or word in self._ordinary:
                continue
            if meant := self._typo(word):
                yield _Change(match.start(), match.end(), meant)
            elif gap := self._seam(word):
                yield _Change(match.start(), match.end(), word, gap)

    def _typo(self, word: str) -> str | None:
        if len(word) < _LEAST_TYPO - 1:
            return None
        found = {near for key in deletes(word) for near in self._near.get(key, ()) if is_slip(word, near)}
        return min(found, key=lambda near: self._hostile[near], default=None)

    def _seam(self, word: str) -> int | None:
        """Return where two words were joined, one of them hostile and the other one known."""
        for cut in range(2, len(word) - 1):
            left, right = word[:cut], word[cut:]
            if len(left) >= _LEAST_PART and left in self._hostile and self._is_known(right):
                return cut
            if len(right) >= _LEAST_PART and right in self._hostile and self._is_known(left):
                return cut
        return None

    def _is_known(self, word: str) -> bool:
        return word in self._hostile or word in self._ordinary


def deletes(word: str) -> set[str]:
    """Return the word and what is left of it without any one letter: two words one slip apart share one of these."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def is_slip(word: str, meant: str) -> bool:
    """Whether one letter was dropped, doubled, replaced or swapped with its neighbour, and not the first one."""
    if word[0] != meant[0] or word == meant:
        return False
    if len(word) == len(meant):
        differ = [at for at in range(len(word)) if word[at] != meant[at]]
        swapped = len(differ) == 2 and differ[1] == differ[0] + 1
        swapped = swapped and word[differ[0]] == meant[differ[1]] and word[differ[1]] == meant[differ[0]]
        return len(differ) == 1 or swapped
    longer, shorter = (word, meant) if len(word) > len(meant) else (meant, word)
    at = next((at for at in range(len(shorter)) if shorter[at] != longer[at]), len(shorter))
    if longer[at + 1 :] != shorter[at:]:
        return False
    # Endings are grammar: an s or a y more is another word, not a slip.
    return len(word) < len(meant) or longer[at] == longer[at - 1]


def _changed(folded: Folded, changes: Sequence[_Change]) -> Folded:
    pieces: list[str] = []
    origins: list[int] = []
    at = 0
    for change in changes:
        pieces.append(folded.text[at : change.start])
        origins += folded.origins[at : change.start]
        word = change.word if change.gap is None else f"{change.word[: change.gap]} {change.word[change.gap :]}"
        width = change.end - change.start
        pieces.append(word)
        origins += [
            folded.origins[change.start + min(width - 1, place * width // len(word))] for place in range(len(word))
        ]
        at = change.end
    pieces.append(folded.text[at:])
    origins += folded.origins[at:]
    return Folded("".join(pieces), origins, folded.length)
