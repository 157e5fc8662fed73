"""What does a text say once its disguises are undone, and where in the original does it say so?"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from confusable_homoglyphs.confusables import confusables_data

from commentsvc.moderation.terms import Span

WORD = re.compile(
    "[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|[^\\W_\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
)
"""A word of folded text; scripts that are written without spaces count each character as one."""

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_ACCENT = re.compile("[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]")
_LONGEST_FORM = 4
"""Some Arabic signs stand for whole sentences; longer forms than ⑽ would only multiply the work."""
_TOKEN = re.compile(r"\S+")
_NOT_ALNUM = re.compile(r"[\W_]+")
_LEET = str.maketrans("0134578@$!|+", "oieastbasiit")
_LEET_CHARS = re.compile(r"[0134578@$!|+]")
_LETTER = r"[^\W\d_]"
_LEET_TAIL = re.compile(r"[!|+.,?;:)\"'”’]+$")
_MEANT = re.compile(r"\W*\d[\d.,]*\W?([^\W\d_]|th|st|nd|rd|am|pm|bn|mb|gb|kg|km)?\W*|.*(://|www\.).*")
"""Numbers with an ending or a unit, and addresses: their digits and signs are no letters."""
_SPACED = re.compile(rf"(?<!{_LETTER}){_LETTER}(?P<gap>[ .\-_*,/]{{1,2}}){_LETTER}(?:(?P=gap){_LETTER})+(?!{_LETTER})")
_STRETCHED = re.compile(rf"({_LETTER})\1{{2,}}")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text with, for each of its code points, the original one that it came from (ascending)."""

    text: str
    origins: Sequence[int]
    length: int
    """How many code points the original has."""

    def span(self, start: int, end: int) -> Span:
        """Return the original's range behind the non-empty range [start, end) of the folded text.

        What was dropped inside or right behind it (accents, zero-width characters) is part of it.
        """
        behind = self.origins[end] if end < len(self.origins) else self.length
        return self.origins[start], max(self.origins[end - 1] + 1, behind)


@lru_cache(maxsize=32)
def fold(text: str) -> Folded:
    """Undo what only the eye forgives: case, compatibility forms, accents, invisible characters, look-alikes.

    Look-alike letters become Latin only in words that also have Latin letters, or, when most of the words could
    be Latin, in words made of nothing else: Russian stays Russian. The latest answers are kept, because every
    check asks for the same text.
    """
    if text.isascii():
        return Folded(text.lower(), range(len(text)), len(text))
    pieces = [_fold_char(char) for char in text]
    folded = "".join(pieces)
    origins = [at for at, piece in enumerate(pieces) for _ in piece]
    return Folded(_undo_look_alikes(folded), origins, len(text))


@lru_cache(maxsize=32)
def second_view(text: str) -> Folded:
    """Fold, and also undo leetspeak, stretched letters and words that are spelled out letter by letter.

    This view is a guess: use it beside the folded text, never instead of it.
    """
    folded = fold(text)
    plain = _TOKEN.sub(_undo_leet, folded.text)
    kept = [True] * len(plain)
    for match in _SPACED.finditer(plain):
        step = 1 + len(match["gap"])
        for at in range(match.start(), match.end()):
            kept[at] = (at - match.start()) % step == 0
    for match in _STRETCHED.finditer(plain):
        kept[match.start() + 1 : match.end()] = [False] * (match.end() - match.start() - 1)
    if all(kept):
        return Folded(plain, folded.origins, folded.length)
    return Folded(
        "".join(char for char, keep in zip(plain, kept, strict=True) if keep),
        [origin for origin, keep in zip(folded.origins, kept, strict=True) if keep],
        folded.length,
    )


def fingerprint(body: str) -> int:
    """Return a signed 64-bit number that is equal for texts that differ only in disguise, spaces and punctuation."""
    folded = fold(body).text
    letters = _NOT_ALNUM.sub("", folded) or "".join(folded.split())
    return int.from_bytes(blake2b(letters.encode("utf-8", "replace"), digest_size=8).digest(), signed=True)


def looks_latin(word: str) -> str:
    """Return the word with every look-alike letter replaced by the ASCII one that it resembles."""
    return word.translate(_look_alikes())


@lru_cache(maxsize=8192)
def _fold_char(char: str) -> str:
    if char.isspace():
        return " "
    if unicodedata.category(char) in {"Cf", "Cc", "Cs"} or _INVISIBLE.match(char):
        return ""
    plain = _ACCENT.sub("", unicodedata.normalize("NFKD", char.casefold()))
    return unicodedata.normalize("NFKC", plain).casefold()[:_LONGEST_FORM]


def _undo_look_alikes(text: str) -> str:
    if text.isascii():
        return text
    looks = [looks_latin(word).isascii() for word in WORD.findall(text)]
    mostly_latin = sum(looks) * 2 > len(looks)

    def undo(match: re.Match[str]) -> str:
        word = match[0]
        if word.isascii():
            return word
        latin = looks_latin(word)
        has_latin = any("a" <= char <= "z" for char in word)
        return latin if has_latin or (mostly_latin and latin.isascii()) else word

    return WORD.sub(undo, text)


def _undo_leet(match: re.Match[str]) -> str:
    token = match[0]
    if not _LEET_CHARS.search(token) or not any(char.isalpha() for char in token):
        return token
    if _MEANT.fullmatch(token):
        return token
    tail = _LEET_TAIL.search(token)
    end = tail.start() if tail else len(token)
    return token[:end].translate(_LEET) + token[end:]


@lru_cache(maxsize=1)
def _look_alikes() -> dict[int, str]:
    """Map non-ASCII characters to the one ASCII letter or digit each resembles, after folding case."""
    table: dict[int, str] = {}
    for char, entries in confusables_data.items():
        shapes = {_without_overlay(entry["c"]) for entry in entries}
        letters = sorted((shape.lower() for shape in shapes if _is_ascii_letter(shape)), key=_unlike(char))
        if letters and len(char) == 1 and not char.isascii():
            table.setdefault(ord(char), letters[0])
    return table


def _without_overlay(shape: str) -> str:
    return _ACCENT.sub("", unicodedata.normalize("NFKD", shape))


def _is_ascii_letter(shape: str) -> bool:
    return len(shape) == 1 and shape.isascii() and shape.isalpha()


def _unlike(char: str) -> Callable[[str], tuple[bool, str]]:
    """Prefer the letter that the character's own name contains: GREEK IOTA is an i, though it resembles l too."""
    name = unicodedata.name(char, "") if len(char) == 1 else ""
    return lambda letter: (not name.endswith(f" {letter.upper()}"), letter)
