"""May somebody go by this name?"""

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

from confusable_homoglyphs import categories, confusables

from commentsvc.errors import Invalid
from commentsvc.text import clean

MIN_LENGTH = 3
MAX_LENGTH = 30

_SEPARATORS = " -_.'’·"
_WORDS = re.compile(f"[{re.escape(_SEPARATORS)}]+")
_LOOK_ALIKE = str.maketrans({"i": "l", "1": "l", "|": "l", "0": "o"})
_MAX_SKELETON = 200
_MAX_GIVEN = 1000
_SCRIPTS_WRITTEN_TOGETHER = (
    {"LATIN", "HAN", "HIRAGANA", "KATAKANA"},
    {"LATIN", "HAN", "HANGUL"},
    {"LATIN", "HAN", "BOPOMOFO"},
)


def check_name(name: str, *, field: str = "name") -> str:
    """Return the name as it is to be shown, or raise Invalid: length, characters, one script, nobody's office."""
    name = " ".join(clean(name, field=field, min_length=MIN_LENGTH, max_length=MAX_LENGTH).split())
    if len(name) < MIN_LENGTH:
        raise Invalid(f"At least {MIN_LENGTH} characters, please.", field=field)
    _check_look(name, field)
    return name


def check_given_name(name: str, *, reserved: Collection[str] = ()) -> str | None:
    """Return the name that a publisher's system gives somebody as it is to be shown, or None for what can't be shown.

    Lengths are the publisher's affair, so a long one is cut; posing as the newsroom isn't anybody's.
    """
    try:
        cleaned = clean(name[:_MAX_GIVEN], field="name", max_length=_MAX_GIVEN)
        name = " ".join(cleaned.split())[:MAX_LENGTH].strip()
        _check_look(name, "name")
    except Invalid:
        return None
    return None if skeleton(name) in {skeleton(word) for word in reserved} else name


def skeleton(name: str) -> str:
    """Reduce a name to what the eye can tell apart: names with equal skeletons are the same name.

    After UTS #39, and stricter: case, accents and separators don't count, nor does i against l against 1.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    kept = "".join(_prototype(char) for char in folded if char not in _SEPARATORS and not "\u0300" <= char <= "\u036f")
    return kept.casefold().translate(_LOOK_ALIKE).replace("rn", "m").replace("vv", "w")[:_MAX_SKELETON]


def is_reserved(name: str) -> bool:
    """Whether the name would pass for the newsroom's staff or for the service itself."""
    whole = skeleton(name)
    return (
        whole in _RESERVED
        or any(skeleton(word) in _STAFF for word in _WORDS.split(name))
        or whole.startswith(_OFFICES)
        or whole.endswith(_OFFICES)
    )


def numbered(name: str, number: int) -> str:
    """Write a name that is taken with a number behind it."""
    return name if number == 1 else f"{name[: MAX_LENGTH - 6]} {number}"


def _check_look(name: str, field: str) -> None:
    if not all(char in _SEPARATORS or unicodedata.category(char)[0] in "LMN" for char in name):
        raise Invalid("Letters, digits, spaces and . - _ ' can be used in a name.", field=field)
    if unicodedata.category(name[0])[0] == "M" or not skeleton(name):
        raise Invalid("A name begins with a letter or a digit.", field=field)
    if _mixes_scripts(name):
        raise Invalid("Please write the name in one alphabet.", field=field)
    if _poses_in_capitals(name):
        raise Invalid("These capitals look like Latin letters; please write the name in small letters.", field=field)
    if is_reserved(name):
        raise Invalid("This name is reserved for the newsroom.", field=field)


def _mixes_scripts(name: str) -> bool:
    scripts = categories.unique_aliases(name) - {"COMMON", "INHERITED"}
    return len(scripts) > 1 and not any(scripts <= together for together in _SCRIPTS_WRITTEN_TOGETHER)


def _poses_in_capitals(name: str) -> bool:
    # Cyrillic "ВОВ" reads BOB, but its skeleton is that of "вов", so that upper and lower case stay one name.
    if name.isascii() or "LATIN" in categories.unique_aliases(name):
        return False
    seen = "".join(_prototype(char) for char in name)
    return seen.isascii() and not skeleton(name).isascii()


@lru_cache(maxsize=4096)
def _prototype(char: str) -> str:
    if char.isascii():
        return char
    # The data are stars: a prototype lists its look-alikes, and each of them lists the prototype.
    near = {char, *_look_alikes(char)}
    alike = near.union(*(_look_alikes(other) for other in near))
    return min(alike, key=lambda other: (not other.isascii(), len(other), other))


def _look_alikes(char: str) -> list[str]:
    return [str(other["c"]) for other in confusables.confusables_data.get(char, ())]


_OFFICES = tuple(
    skeleton(word)
    for word in ("admin", "administrator", "moderator", "editor", "newsroom", "webmaster", "communitymanager")
)
_STAFF = {
    skeleton(word)
    for word in (
        *("admins", "administrators", "mod", "mods", "moderators", "moderation", "staff", "editors", "editorial"),
        *("manager", "managers", "support", "helpdesk", "official", "publisher"),
    )
}
_RESERVED = _STAFF | {
    skeleton(word)
    for word in (
        *("abuse", "anonymous", "automatic", "comments", "commentsvc", "contact", "deleted", "everyone", "help"),
        *("info", "nobody", "null", "owner", "postmaster", "removed", "root", "security", "system", "team"),
        *("deletedaccount", "undefined", "withdrawn", "you"),
    )
}
