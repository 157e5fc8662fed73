"""How do people disguise a word? Used to make training texts noisy and to measure what is still found.

Nothing here is shared with what undoes disguises in the package, so that a measurement isn't circular.
"""

import random
import re
from collections.abc import Callable, Container, Sequence
from zlib import crc32

from commentsvc.moderation.terms import Span

_WORD = re.compile(r"[A-Za-z]{3,}")
_LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7"}
_TWINS = dict(zip("aeopcxyis", "аеорсхуіѕ", strict=True))
_NEIGHBOURS = {
    "a": "sq",
    "e": "wr",
    "i": "uo",
    "o": "ip",
    "s": "ad",
    "t": "ry",
    "n": "bm",
    "r": "et",
    "l": "k",
    "d": "sf",
}
_MASKS = "*#_-."

Disguise = Callable[[str, random.Random], str]


def masked(word: str, chance: random.Random) -> str:
    """Put a sign in the place of one or two inner letters: f*ck, id**t."""
    at = chance.randrange(1, len(word) - 1)
    end = min(len(word) - 1, at + chance.choice((1, 1, 2)))
    return word[:at] + chance.choice(_MASKS[:2]) * (end - at) + word[end:]


def stretched(word: str, chance: random.Random) -> str:
    """Repeat one letter two to five times more."""
    at = chance.randrange(1, len(word))
    return word[:at] + word[at] * chance.randint(2, 5) + word[at:]


def mistyped(word: str, chance: random.Random) -> str:
    """Swap, drop, double or hit the key beside one letter."""
    at = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 1:
        return word[:at] + word[at + 1 :]
    if kind == 2:
        return word[:at] + word[at] + word[at:]
    return word[:at] + chance.choice(_NEIGHBOURS.get(word[at].lower(), "x")) + word[at + 1 :]


def leet(word: str, chance: random.Random) -> str:
    """Write digits and signs for letters."""
    return "".join(chance.choice(_LEET[char]) if char in _LEET else char for char in word.lower())


def spaced(word: str, chance: random.Random) -> str:
    """Spell the word out."""
    return chance.choice(" .-").join(word)


def split(word: str, chance: random.Random) -> str:
    """Break the word in two."""
    at = chance.randrange(1, len(word))
    return word[:at] + chance.choice(" -.") + word[at:]


def twins(word: str, _chance: random.Random) -> str:
    """Write letters of another script that look the same."""
    return "".join(_TWINS.get(char, char) for char in word)


def invisible(word: str, _chance: random.Random) -> str:
    """Put zero-width spaces between the letters."""
    return "\u200b".join(word)


def full_width(word: str, _chance: random.Random) -> str:
    """Write full-width letters."""
    return "".join(chr(ord(char) + 0xFEE0) for char in word)


DISGUISES: dict[str, Disguise] = {
    "homoglyphs": twins, "zero-width": invisible, "full-width": full_width, "leet": leet, "spaced": spaced,
    "repeated letters": stretched, "masked": masked, "typos": mistyped, "split": split,
}  # fmt: skip


_WAYS: tuple[Disguise, ...] = (masked, masked, stretched, mistyped, mistyped, leet, spaced, split)
"""How training texts are disguised; folding undoes the first three of DISGUISES exactly, so they aren't among them."""


def disguise(text: str, how: Disguise, chance: random.Random, words: Container[str]) -> str:
    """Disguise every word of the text that is in `words` (lower case)."""
    return _WORD.sub(lambda found: how(found[0], chance) if found[0].lower() in words else found[0], text)


def join(text: str, words: Container[str]) -> str:
    """Write each of these words together with the one behind it."""
    pieces = re.split(r"(?<=[a-z]) (?=[a-z])", text, flags=re.IGNORECASE)
    joined = pieces[:1]
    for piece in pieces[1:]:
        last = re.search(r"[A-Za-z]+$", joined[-1])
        if last and last[0].lower() in words:
            joined[-1] += piece
        else:
            joined.append(piece)
    return " ".join(joined)


def is_kept_plain(word: str) -> bool:
    """Whether a word is one of the fourth that no training text disguises, so that measuring has some never seen so."""
    return crc32(word.lower().encode()) % 4 == 0


def noisy(
    text: str, marks: Sequence[Span], hostile: Container[str], chance: random.Random, *, hot: float, cold: float
) -> tuple[str, tuple[Span, ...]]:
    """Disguise marked and hostile words with probability `hot`, others with `cold`; return the text and its marks.

    Hostile words have to be hit more often than others: while one of them stays readable, nothing is learnt from
    the disguised ones. Harmless words have to be hit too, or a disguise would itself become the offence.
    """
    one_way = chance.choice(_WAYS) if chance.random() < 0.7 else None
    pieces: list[str] = []
    places: list[tuple[int, int, int]] = []
    """Where each original word starts and ends, and where what stands there now starts."""
    at = length = 0
    for found in _WORD.finditer(text):
        is_hot = found[0].lower() in hostile or any(a < found.end() and b > found.start() for a, b in marks)
        word = found[0]
        if chance.random() < (hot if is_hot else cold) and not (is_hot and is_kept_plain(word)):
            word = (one_way or chance.choice(_WAYS))(word, chance)
        pieces += [text[at : found.start()], word]
        length += found.start() - at
        places.append((found.start(), found.end(), length))
        length += len(word)
        at = found.end()
    changed = "".join([*pieces, text[at:]])
    return changed, tuple((_moved(a, places), _moved(b, places, len(changed) - len(text))) for a, b in marks)


def _moved(edge: int, places: Sequence[tuple[int, int, int]], grown: int = 0) -> int:
    """Return where an edge of a mark is now: words move whole, so that a mark covers what became of them."""
    behind = next((place for place in places if edge < place[1]), None)
    if behind is None:
        return edge + grown
    start, _, now = behind
    return now if edge >= start else now - (start - edge)
