"""What does every engine with Detoxify's weights promise, whichever library runs them?"""

import math
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from threading import Lock

from commentsvc.enums import TOXICITY_LABELS
from commentsvc.moderation.language import is_foreign, load_languages
from commentsvc.moderation.normalise import WORD, Folded, second_view
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores

Labels = Mapping[str, float]
"""A probability for each label that the checkpoint knows."""

OVERLAP = 32
"""How many tokens two windows of a long text share, so that no phrase is cut in all of them."""

_MULTILINGUAL = {"en", "es", "fr", "it", "pt", "ru", "tr"}
"""What Detoxify's multilingual model was taught."""
_PARTS = 4
_FEW_WORDS = 3
_KEPT_SHARE = 0.6
"""One part of a text is its evidence when it alone keeps this share of the whole's score."""
_REMEMBERED = 256


class DetoxifyReader(ABC):
    """Scores texts by `read`, which is all that one library or the other has to bring."""

    def __init__(self, *, knows_english_only: bool) -> None:
        self._knows_english_only = knows_english_only
        self.languages = {"en"} if knows_english_only else _MULTILINGUAL
        self._read_lately: OrderedDict[str, Labels] = OrderedDict()
        self._reading = Lock()
        load_languages()

    @abstractmethod
    def read(self, texts: Sequence[str]) -> list[Labels]:
        """Score each text as it stands; of a text longer than the encoder reads, the worst of its windows."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Score each text as the worse of itself and of its view without disguises, where that differs."""
        pieces: list[str] = []
        owners: list[int] = []
        for at, text in enumerate(texts):
            if self._can_judge(text):
                views = _views(text)
                pieces += views
                owners += [at] * len(views)
        found: list[dict[str, float | None]] = [dict.fromkeys(TOXICITY_LABELS) for _ in texts]
        read = self.read(pieces) if pieces else []
        self._remember(pieces, read)
        for at, labels in zip(owners, read, strict=True):
            for label, score in labels.items():
                found[at][label] = worse(found[at][label], score)
        return list(found)

    def evidence(self, text: str) -> tuple[Span, ...]:
        """Narrow the text down to the few words that alone keep most of its highest score.

        A text that was scored lately isn't read whole again: with parts of a quarter each, what is left to read is
        about as much as the text once more.
        """
        if not self._can_judge(text):
            return ()
        views = [Folded(text, range(len(text)), len(text)), second_view(text)][: len(_views(text))]
        read = [self._recall(view.text) for view in views]
        at, label = max(
            ((at, label) for at, labels in enumerate(read) for label in labels), key=lambda one: read[one[0]][one[1]]
        )
        start, end = self._narrow(views[at].text, label, read[at][label] * _KEPT_SHARE)
        return (views[at].span(start, end),)

    def _narrow(self, text: str, label: str, kept: float) -> Span:
        found = [match.span() for match in WORD.finditer(text)]
        while len(found) > _FEW_WORDS:
            cuts = [round(len(found) * part / _PARTS) for part in range(_PARTS + 1)]
            parts = [found[start:end] for start, end in pairwise(cuts) if end > start]
            scores = [labels[label] for labels in self.read([text[part[0][0] : part[-1][1]] for part in parts])]
            best = max(range(len(parts)), key=scores.__getitem__)
            if not scores[best] >= kept:
                break
            found = parts[best]
        return found[0][0], found[-1][1]

    def _can_judge(self, text: str) -> bool:
        return bool(WORD.search(text)) and not (self._knows_english_only and is_foreign(text))

    def _remember(self, texts: Sequence[str], read: Sequence[Labels]) -> None:
        with self._reading:
            self._read_lately.update(zip(texts, read, strict=True))
            while len(self._read_lately) > _REMEMBERED:
                self._read_lately.popitem(last=False)

    def _recall(self, text: str) -> Labels:
        with self._reading:
            known = self._read_lately.get(text)
        return known or self.read([text])[0]


def worse(known: float | None, score: float) -> float:
    """Return the higher score; one that is no number comes through, so that the check fails instead of passing."""
    return score if known is None or math.isnan(score) or score > known else known


def starts(count: int, room: int) -> list[int]:
    """Say where the windows of a text of `count` tokens begin, when the encoder reads `room` at once."""
    if count <= room:
        return [0]
    overlap = min(OVERLAP, room - 1)
    return list(range(0, count - overlap, room - overlap))


def _views(text: str) -> list[str]:
    plain = second_view(text).text
    return [text] if plain == text.lower() or not WORD.search(plain) else [text, plain]
