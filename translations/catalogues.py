"""How are translations kept? As gettext's .po files, one a language, in step with the English sentences.

The key of a sentence is its context, so that one English word may be two elsewhere. Plural forms are CLDR's categories
in CLDR's order, as browsers choose them by `Intl.PluralRules`.
"""

import re
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from babel import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from babel.plural import to_gettext

from translations.english import Sentence, module_name

HERE = Path(__file__).resolve().parent
TEMPLATE = HERE / "widget.pot"
_ORDER = ("zero", "one", "two", "few", "many", "other")
_HEADER = """msgid ""
msgstr ""
"Project-Id-Version: commentsvc\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals};\\n"
"""


def languages() -> list[str]:
    """Return those that have a catalogue."""
    return sorted(path.parent.name for path in HERE.glob("*/widget.po"))


def address(language: str) -> Path:
    """Return where a language's catalogue is."""
    return HERE / language / "widget.po"


def categories(language: str) -> list[str]:
    """Return a language's plural categories, in the order of its plural forms."""
    tags = Locale.parse(language, sep="-").plural_form.tags
    return [tag for tag in _ORDER if tag in tags or tag == "other"]


def read(language: str) -> Catalog:
    """Read a language's catalogue; one that is new is empty."""
    path = address(language)
    return read_po(BytesIO(path.read_bytes() if path.exists() else _header(language)))


def written(sentences: Sequence[Sentence], language: str | None, earlier: Catalog | None) -> bytes:
    """Write a catalogue of these sentences with the earlier one's translations; without a language the template.

    Where the English has changed, the translation is kept and marked as fuzzy until somebody has looked at it.
    """
    header = _header(language)
    catalog = read_po(BytesIO(header))
    known = {_key(message): message for message in earlier or () if message.id}
    for sentence in sentences:
        wanted = _message(sentence)
        was = known.get(_key(wanted))
        if was and type(was.id) is type(wanted.id):
            wanted.string, wanted.flags, wanted.user_comments = was.string, was.flags, was.user_comments
            if was.id != wanted.id:
                wanted.flags.add("fuzzy")
        catalog[wanted.id] = wanted
    body = BytesIO()
    # Babel's own header names the minute, so that no two would be the same.
    write_po(body, catalog, width=120, omit_header=True, include_lineno=False)
    return header + b"\n" + body.getvalue()


def forms(message: Message) -> list[str]:
    """Return what a message is translated to, a plural form after the other; "" where there is nothing."""
    return [message.string] if isinstance(message.string, str) else [form or "" for form in message.string or ()]


def by_key(catalog: Catalog) -> dict[str, Message]:
    """Return the messages by the keys of their sentences."""
    return {_key(message): message for message in catalog if message.id}


def _message(sentence: Sentence) -> Message:
    text = sentence.text
    where = [(module_name("-service" if sentence.is_services else sentence.part), 1)]
    hints = [sentence.hint] if sentence.hint else []
    context = None if sentence.is_services else sentence.key
    if isinstance(text, str):
        return Message(text, locations=where, auto_comments=hints, context=context)
    return Message((text["one"], text["other"]), locations=where, auto_comments=hints, context=context)


def _key(message: Message) -> str:
    return str(message.context or message.id)


def _header(language: str | None) -> bytes:
    if language is None:
        return _HEADER.replace('"Language: {language}\\n"\n', "").format(plurals="nplurals=2; plural=(n != 1)").encode()
    # Gettext knows no exponents (1e6 or 1.0c6), and none of our numbers has one.
    rule = re.sub(r"\be\b", "0", to_gettext(Locale.parse(language, sep="-").plural_form)).rstrip(";")
    return _HEADER.format(language=language.replace("-", "_"), plurals=rule).encode()
