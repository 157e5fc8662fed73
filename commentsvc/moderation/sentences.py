"""Where do a text's sentences begin and end, and where is that in its source? Pure."""

import re
from html import unescape
from itertools import pairwise

from commentsvc.moderation.terms import Span

MOST = 64
"""Longer texts get longer spans: each is scored by itself, and nobody may ask for thousands."""

_STOP = ".!?\u2026\u3002\uff01\uff1f"
_END = re.compile(rf"(?<![{_STOP}])[{_STOP}]++[\"')\]\u2019\u201d\u00bb]*+(?=\s)|\n")
_MARKUP = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9]*+)[^<>]*+>|<!--|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,31});"
)
_BREAKS = {
    "address", "article", "blockquote", "br", "dd", "div", "dl", "dt", "figure", "footer", "h1", "h2", "h3", "h4", "h5",
    "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "td", "th", "tr", "ul",
}  # fmt: skip
_HIDDEN = {"script", "style", "template", "title"}


def sentences(text: str) -> list[Span]:
    """Split a text into at most MOST ranges of code points without the space around them, ascending and apart."""
    edges = [0, *(match.end() for match in _END.finditer(text)), len(text)]
    found = [_trimmed(text, start, end) for start, end in pairwise(edges)]
    whole = [span for span in found if span[0] < span[1]]
    step = -(-len(whole) // MOST) or 1
    groups = [whole[at : at + step] for at in range(0, len(whole), step)]
    return [(group[0][0], group[-1][1]) for group in groups]


class Source:
    """A text as it came, its plain text, and the way back from ranges of the second to ranges of the first."""

    def __init__(self, source: str, *, is_html: bool) -> None:
        self._source = source
        self._pieces = _pieces(source) if is_html else [(source, 0, len(source))]
        self.text = "".join(text for text, _, _ in self._pieces)

    def utf16(self, span: Span) -> Span:
        """Return where a range of the plain text lies in the source, in UTF-16 code units."""
        start, end = self._origin(span[0], is_end=False), self._origin(span[1], is_end=True)
        before = _units(self._source[:start])
        return before, before + _units(self._source[start:end])

    def _origin(self, wanted: int, *, is_end: bool) -> int:
        seen = 0
        for text, start, end in self._pieces:
            inside = wanted - seen
            if inside < len(text) or (is_end and inside == len(text)):
                if end - start == len(text):
                    return start + inside
                return end if is_end else start
            seen += len(text)
        return len(self._source)


def _pieces(html: str) -> list[tuple[str, int, int]]:
    """Cut HTML into pieces of plain text, each with the range that it came from. Linear for any input."""
    pieces, at = [], 0
    while match := _MARKUP.search(html, at):
        pieces.append((html[at : match.start()], at, match.start()))
        text, at = _read(html, match)
        pieces.append((text, match.start(), at))
    pieces.append((html[at:], at, len(html)))
    return [piece for piece in pieces if piece[0]]


def _read(html: str, match: re.Match[str]) -> tuple[str, int]:
    """Return what a tag, a comment or a character reference says as text, and where it ends."""
    found, name = match.group(), (match.group(2) or "").lower()
    if found.startswith("&"):
        return unescape(found), match.end()
    if found == "<!--":
        end = html.find("-->", match.end())
        return "", len(html) if end < 0 else end + 3
    if name in _HIDDEN and not match.group(1):
        closing = re.compile(rf"</{name}[^<>]*>", re.IGNORECASE).search(html, match.end())
        return "", closing.end() if closing else len(html)
    return "\n" if name in _BREAKS else "", match.end()


def _trimmed(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), start + len(part.rstrip())


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)
