"""Which texts are nearly the same? A short signature by MinHash, cut into bands that a database can look up.

Two texts share a band with the probability s³, where s is how much of their pieces they have in common (Jaccard). Of
twelve bands, texts that share nine tenths agree in at least three nearly always (.998), those that share seven tenths
mostly (.83), those that share three tenths hardly ever (.004).
"""

from rensa import RMinHash

from commentsvc.moderation.normalise import WORD, fold

BANDS = 12
_ROWS = 3
_PIECE = 5
_FEWEST_WORDS = 3
_LONGEST = 1000
"""A longer text is told by its beginning: the signature must not slow its posting."""
_SEED = 20_26


def bands(body: str) -> tuple[int, ...]:
    """Return a text's bands, numbers of 63 bits each; a text of one or two words has none: many say "Well said!"."""
    words = WORD.findall(fold(body[:_LONGEST]).text)
    if len(words) < _FEWEST_WORDS:
        return ()
    text = " ".join(words)
    pieces = {text[at : at + _PIECE] for at in range(max(1, len(text) - _PIECE + 1))}
    signature = RMinHash(num_perm=BANDS * _ROWS, seed=_SEED)
    signature.update(list(pieces))
    rows: list[int] = signature.digest()
    return tuple(_band(rows[at : at + _ROWS]) for at in range(0, len(rows), _ROWS))


def _band(rows: list[int]) -> int:
    # Three rows of 21 bits each fill a signed 64-bit column; a chance meeting costs nothing, three do.
    return sum((row & 0x1FFFFF) << (21 * place) for place, row in enumerate(rows))
