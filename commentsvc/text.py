"""What is comment text: how is it normalised, linked, excerpted, made safe HTML? Pure."""

import re
import unicodedata
from functools import lru_cache
from html import escape
from urllib.parse import urlsplit

from linkify_it import LinkifyIt

from commentsvc.errors import Invalid

Span = tuple[int, int]

_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_SPACE_BEFORE_BREAK = re.compile(r"[^\S\n]+(?=\n)")
_MANY_BREAKS = re.compile(r"\n{3,}")
_NOT_INVISIBLE = re.compile("[^\\s\u200b-\u200f\u2060-\u2064\ufeff\u00ad\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]")
_MAX_MARKS = 4
_SCHEMES = {"http", "https", "mailto"}


def clean(text: str, *, field: str, max_length: int, min_length: int = 1, multiline: bool = False) -> str:
    """Normalise text that a person wrote, or raise Invalid naming the field.

    NFC; line ends are \\n; runs of more than two are two; bidirectional controls are dropped (display isolates
    instead); at most four combining marks sit on one letter. NUL, other control characters and lone surrogates
    are refused, the same on every database. Lengths are code points after normalising.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    text = text.replace("\u2028", "\n").replace("\u2029", "\n")
    if not multiline:
        text = text.replace("\n", " ")
    if _REFUSED.search(text):
        raise Invalid("Control characters and broken Unicode can't be used here.", field=field)
    text = _fewer_marks(unicodedata.normalize("NFC", _BIDI.sub("", text)))
    text = _MANY_BREAKS.sub("\n\n", _SPACE_BEFORE_BREAK.sub("", text)).strip()
    if len(text) < min_length or (min_length and not _NOT_INVISIBLE.search(text)):
        raise Invalid(
            "Please write something here." if min_length <= 1 else f"At least {min_length} characters, please.",
            field=field,
        )
    if len(text) > max_length:
        raise Invalid(f"At most {max_length:,} characters fit here; this has {len(text):,}.", field=field)
    return text


def find_links(body: str) -> list[Span]:
    """Find http, https and mailto links, as ascending code-point ranges [start, end)."""
    return list(_found_links(body))


def link_target(raw: str) -> str | None:
    """Turn the text of a link into its absolute address, or None when it isn't one we link to."""
    target = raw if re.match(r"(?i)[a-z][a-z0-9+.-]*:", raw) else f"https://{raw}"
    try:
        parts = urlsplit(target)
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES or (parts.scheme.lower() != "mailto" and not parts.hostname):
        return None
    return target


def link_host(raw: str) -> str:
    """Return the lower-case host that a link's text leads to, or an empty string."""
    target = link_target(raw)
    if target is None:
        return ""
    if target.lower().startswith("mailto:"):
        return target.rpartition("@")[2].lower()
    return (urlsplit(target).hostname or "").lower()


def to_html(body: str, links: list[Span]) -> str:
    """Render text as HTML made of p, br and a alone, for server-rendered pages, feeds and mail."""
    pieces: list[str] = []
    at = 0
    for start, end in links:
        raw = body[start:end]
        target = link_target(raw)
        if start < at or target is None:
            continue
        href = escape(target, quote=True)
        pieces += [escape(body[at:start]), f'<a href="{href}" rel="nofollow ugc noopener">{escape(raw)}</a>']
        at = end
    pieces.append(escape(body[at:]))
    paragraphs = "".join(pieces).split("\n\n")
    return "".join(f"<p>{p.replace(chr(10), '<br>')}</p>" for p in paragraphs if p)


def excerpt(body: str, length: int = 140) -> str:
    """Shorten text to one line of at most `length` code points, cut at a word where there is one."""
    line = " ".join(body.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    if line[length - 1] != " " and " " in cut[length // 2 :]:
        cut = cut.rpartition(" ")[0]
    return cut.rstrip() + "…"


@lru_cache(maxsize=64)
def _found_links(body: str) -> tuple[Span, ...]:
    """Look once, for a comment is looked at by several checks before it is kept."""
    if ":" not in body and "." not in body:
        return ()
    matches = _linkifier().match(body) or []
    return tuple((m.index, m.last_index) for m in matches if link_target(m.raw))


@lru_cache(maxsize=1)
def _linkifier() -> LinkifyIt:
    return LinkifyIt(options={"fuzzy_link": True, "fuzzy_email": False, "fuzzy_ip": False})


def _fewer_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if marks <= _MAX_MARKS:
            kept.append(char)
    return "".join(kept)
