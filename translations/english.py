"""Which sentences does the widget have? English is the source, in its own modules."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from babel.messages.jslexer import Token, tokenize, unquote_string

WIDGET = Path(__file__).resolve().parent.parent / "commentsvc" / "static" / "widget"
PARTS = ("", "-writing", "-notices", "-reading")
"""Each comes by itself, as `strings` with this behind it."""
_SERVICE = "-service"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `text` maps plural categories where a number decides. One that the service says is its own key."""

    key: str
    text: str | dict[str, str]
    part: str
    hint: str = ""
    is_services: bool = False


def sentences() -> list[Sentence]:
    """Read all; those of the service's belong to the part for who writes. Raises ValueError on anything else."""
    found = [Sentence(key, text, part, hint) for part in PARTS for key, text, hint in _entries(_source(part))]
    texts = [text for _, text, _ in _entries(_source(_SERVICE)) if isinstance(text, str)]
    return found + [Sentence(text, text, "-writing", is_services=True) for text in texts]


def module_name(part: str, language: str = "") -> str:
    """Return the name of a module of words, as `strings-writing.de.js`."""
    return f"strings{part}{'.' if language else ''}{language}.js"


def _source(part: str) -> str:
    return (WIDGET / module_name(part)).read_text("utf-8")


def _entries(source: str) -> Iterator[tuple[str, str | dict[str, str], str]]:
    """Yield key, text and the comment above it: our modules hold `key: "text"`, `key: {one: "…", …}` or just texts."""
    tokens = [token for token in tokenize(source) if token.type != "multilinecomment"]
    rest = iter(tokens[_start(tokens) :])
    hint: list[str] = []
    for token in rest:
        if token.type == "linecomment":
            hint.append(token.value.removeprefix("//").strip())
        elif token.value in "}]":
            return
        elif token.value != ",":
            first = _word(token)
            after = next(rest)
            if after.value == ":":
                value = next(rest)
                yield first, _plural(rest) if value.value == "{" else _word(value), " ".join(hint)
            else:
                yield first, first, ""
            hint = []
            if after.value == "]":
                return


def _start(tokens: list[Token]) -> int:
    return next(at for at, token in enumerate(tokens) if token.value == "default") + 2


def _plural(rest: Iterator[Token]) -> dict[str, str]:
    forms: dict[str, str] = {}
    for token in rest:
        if token.value == "}":
            break
        if token.value != ",":
            next(rest)
            forms[_word(token)] = _word(next(rest))
    return forms


def _word(token: Token) -> str:
    if token.type == "string":
        return unquote_string(token.value)
    if token.type == "name":
        return token.value
    raise ValueError(f"line {token.lineno}: {token.value} is no sentence that could be translated")
