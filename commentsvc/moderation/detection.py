"""In which language is a text, as far as can be told?"""

import py3langid

from commentsvc.moderation.language import is_foreign
from commentsvc.moderation.normalise import WORD, fold

_ENOUGH = 2000


def detect(text: str) -> str | None:
    """Return an ISO 639-1 code, or None for a text without words. What isn't surely foreign counts as English."""
    if not WORD.search(fold(text).text):
        return None
    return str(py3langid.classify(text[:_ENOUGH])[0]) if is_foreign(text) else "en"
