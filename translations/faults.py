"""What is wrong with a translation: missing sentences, other placeholders, plural forms that aren't there?"""

import re
from collections.abc import Iterator, Sequence

from babel import Locale
from babel.messages.catalog import Catalog, Message

from translations.catalogues import by_key, categories, forms
from translations.english import Sentence

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SOME = range(200)


def faults(sentences: Sequence[Sentence], language: str, catalog: Catalog) -> Iterator[str]:
    """Yield a line for each."""
    messages = by_key(catalog)
    for sentence in sentences:
        message = messages.get(sentence.key)
        for fault in _of(sentence, message, language) if message else ["is missing"]:
            yield f"{language}: {sentence.key}: {fault}"
    known = {sentence.key for sentence in sentences}
    yield from (f"{language}: {key}: is said no more" for key in messages if key not in known)
    direction = messages.get("dir")
    written = {"right-to-left": "rtl"}.get(Locale.parse(language, sep="-").character_order, "ltr")
    if direction is not None and direction.string != written:
        yield f"{language}: dir: is written {written}"


def _of(sentence: Sentence, message: Message, language: str) -> Iterator[str]:
    if message.fuzzy:
        yield "the English has changed: look at it and remove “fuzzy”"
    names = [""] if isinstance(sentence.text, str) else categories(language)
    texts = forms(message)
    if len(texts) != len(names):
        yield f"has {len(texts)} forms instead of {', '.join(names)}"
        return
    for name, text in zip(names, texts, strict=True):
        if not text:
            yield f"is missing{f' for {name}' if name else ''}"
        elif different := (_placeholders(sentence.text) ^ set(_PLACEHOLDER.findall(text))) - _spared(name, language):
            yield f"differs in {', '.join(f'{{{one}}}' for one in sorted(different))}: {text}"


def _placeholders(text: str | dict[str, str]) -> set[str]:
    return set(_PLACEHOLDER.findall(text if isinstance(text, str) else text["other"]))


def _spared(category: str, language: str) -> set[str]:
    """Return what a plural form may leave out: "one new comment" needs no figure, if it is for one number alone."""
    rule = Locale.parse(language, sep="-").plural_form
    alone = category and sum(rule(number) == category for number in _SOME) == 1
    return {"n", "count"} if alone else set()
