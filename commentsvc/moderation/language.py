"""Is a text surely in another language than English?"""

import py3langid

from commentsvc.moderation.normalise import WORD, fold

_LEAST_WORDS = 8
_LEAST_MARGIN = 4.0
"""Log-probability per word by which another language must win: tweets in slang stay below 4, Dutch, Italian
and Spanish begin at 5."""
_ENOUGH = 2000
_ENGLISH = frozenset(
    ("the", "and", "of", "to", "is", "that", "this", "it", "you", "are", "was", "have", "not", "with", "they", "what")
)
_PLAINLY_ENGLISH = 0.15
"""A text with this share of such words needs no closer look, which would cost a thirtieth of judging it."""


def load_languages() -> None:
    """Load the language model now: it takes a second, which would eat the first comment's budget."""
    py3langid.classify("")


def is_foreign(text: str) -> bool:
    """Tell whether the text is surely not English: mostly another script, or long enough and clearly another language.

    When in doubt it is English: slang, names and typing errors must not switch a judge off.
    """
    folded = fold(text).text
    if not folded.isascii() and _is_another_script(folded):
        return True
    words = WORD.findall(folded[:_ENOUGH])
    if len(words) < _LEAST_WORDS or sum(word in _ENGLISH for word in words) >= _PLAINLY_ENGLISH * len(words):
        return False
    ranked = py3langid.rank(text[:_ENOUGH])
    english = next(score for language, score in ranked if language == "en")
    return bool((ranked[0][1] - english) / len(words) >= _LEAST_MARGIN)


def _is_another_script(folded: str) -> bool:
    letters = [char for char in folded if char.isalpha()]
    return sum(char.isascii() for char in letters) * 2 < len(letters)
