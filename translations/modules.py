"""What does a browser fetch of a language: one module for each part of the widget's words?"""

import json
import re
from collections.abc import Sequence

from babel.messages.catalog import Catalog

from translations.catalogues import by_key, categories, forms
from translations.english import PARTS, WIDGET, Sentence, module_name

_NAME = re.compile(r"[A-Za-z_]\w*")


def modules(sentences: Sequence[Sentence], language: str, catalog: Catalog) -> dict[str, str]:
    """Return the modules of a language by name; what isn't translated yet is said in English."""
    messages = by_key(catalog)
    made = {}
    for part in PARTS:
        lines = [
            f"// Made of translations/{language}/widget.po by `python -m translations`: change that.",
            "export default {",
        ]
        for sentence in sentences:
            if sentence.part != part:
                continue
            message = messages.get(sentence.key)
            texts = forms(message) if message and not message.fuzzy else []
            value = _value(sentence, texts, categories(language)) if texts and all(texts) else sentence.text
            # Apart from the widget's own: a site may have called a guideline "spam", which is a key of ours.
            name = f"={sentence.key}" if sentence.is_services else sentence.key
            key = name if _NAME.fullmatch(name) else _quoted(name)
            lines.append(f"  {key}: {_written(value)},")
        made[module_name(part, language)] = "\n".join([*lines, "};", ""])
    return made


def outdated(made: dict[str, str]) -> list[str]:
    """Return the names of those modules that aren't what they should be."""
    return [
        name
        for name, text in made.items()
        if not (WIDGET / name).exists() or (WIDGET / name).read_text("utf-8") != text
    ]


def _value(sentence: Sentence, texts: list[str], names: list[str]) -> str | dict[str, str]:
    if isinstance(sentence.text, str):
        return texts[0]
    return dict(zip(names, texts, strict=True))


def _written(value: str | dict[str, str]) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return f"{{ {', '.join(f'{name}: {_quoted(text)}' for name, text in value.items())} }}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
