"""Is a link's host the one that it seems to be, and one that the site lists?"""

import unicodedata
from collections.abc import Iterable

from commentsvc.moderation.normalise import fold, looks_latin


def on_list(host: str, listed: Iterable[str]) -> bool:
    """Tell whether the host is a listed one or below one; labels count whole: evil-news.example isn't news.example."""
    host = _readable(host)
    return any(host == _readable(entry) or host.endswith("." + _readable(entry)) for entry in listed if entry)


def look_alike(raw: str, host: str, listed: Iterable[str] = ()) -> bool:
    """Tell whether a link pretends: another name before an @, letters of two scripts, foreign ones that read as Latin.

    Accents alone don't pretend (café.example), nor do names under a foreign top-level domain, unless with their
    disguise undone they would be on the list.
    """
    if not host or raw.lower().startswith("mailto:"):
        return False
    before_path = raw.partition("//")[2].partition("/")[0] if "//" in raw else raw.partition("/")[0]
    if "@" in before_path:
        return True
    readable = _readable(host)
    if readable.isascii():
        return False
    listed = list(listed)
    if on_list(looks_latin(fold(readable).text), listed) and not on_list(readable, listed):
        return True
    *labels, top = [_without_accents(label) for label in readable.split(".")]
    return top.isascii() and any(_pretends(label) for label in labels)


def _pretends(label: str) -> bool:
    latin = looks_latin(label)
    if latin == label:
        return False
    return latin.isascii() or any(char.isascii() and char.isalpha() for char in label)


def _readable(host: str) -> str:
    """Decode punycode labels; one that doesn't decode stays as it is."""
    return ".".join(_decoded(label) for label in host.casefold().strip(".").split("."))


def _decoded(label: str) -> str:
    if not label.startswith("xn--"):
        return label
    try:
        return label[4:].encode("ascii").decode("punycode").casefold()
    except UnicodeError:
        return label


def _without_accents(label: str) -> str:
    return "".join(char for char in unicodedata.normalize("NFKD", label) if not unicodedata.combining(char))
