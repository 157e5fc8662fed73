"""Is a text surely in another language than English?"""

import py3langid

from commentsvc.moderation.normalise import WORD, fold

_LEAST_WORDS = 8
_LEAST_MARGIN = 4.0
"""Log-probability per word by which another language must win: tweets in slang stay below 4, Dutch, Italian
and Spanish begin at 5."""
_ENOUGH = 2000


def load_languages() -> None:
    """Load the language model now: it takes a second, which would eat the first comment's budget."""
    py3langid.classify("")


def is_foreign(text: str) -> bool:
    """Tell whether the text is surely not English: mostly another script, or long enough and clearly another language.

    When in doubt it is English: slang, names and typing errors must not switch a judge off.
    """
    folded = fold(text).text
    letters = [char for char in folded if char.isalpha()]
    if sum(char.isascii() for char in letters) * 2 < len(letters):
        return True
    words = len(WORD.findall(folded[:_ENOUGH]))
    if words < _LEAST_WORDS:
        return False
    ranked = py3langid.rank(text[:_ENOUGH])
    english = next(score for language, score in ranked if language == "en")
    return bool((ranked[0][1] - english) / words >= _LEAST_MARGIN)
