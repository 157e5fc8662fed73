"""How is an export written down? A zip with one JSON document for programs and pages of HTML for people."""

import json
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import IO, Any

from jinja2 import Environment, FileSystemLoader, Undefined

from commentsvc.infra.paths import TEMPLATES

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of an export: its name for programs, its heading for people, and its rows some at a time."""

    name: str
    title: str
    chunks: Callable[[], Iterable[Rows]]


def write(file: IO[bytes], sections: Sequence[Section], about: Mapping[str, Any]) -> None:
    """Write the zip, with never more than some rows in memory; `about` says whose it is and when it was made."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        with packed.open("data.json", "w", force_zip64=True) as document:
            for piece in _json(sections, about):
                document.write(piece.encode())
        counted: list[dict[str, Any]] = []
        for section in sections:
            pages, number = [], 0
            for place, rows in enumerate(_whole(section), 1):
                name = f"pages/{section.name}-{place}.html"
                packed.writestr(name, _page("page.html", section=section, rows=rows, place=place, about=about))
                pages.append(name)
                number += len(rows)
            counted.append({"title": section.title, "pages": pages, "number": number})
        packed.writestr("index.html", _page("index.html", sections=counted, about=about))


def _whole(section: Section) -> Iterable[Rows]:
    return (rows for rows in section.chunks() if rows)


def _json(sections: Sequence[Section], about: Mapping[str, Any]) -> Iterable[str]:
    yield '{"about": ' + _text(about) + ', "sections": {'
    for place, section in enumerate(sections):
        yield (",\n" if place else "\n") + _text(section.name) + ': {"title": ' + _text(section.title) + ', "rows": ['
        separator = "\n"
        for rows in section.chunks():
            for row in rows:
                yield separator + _text(row)
                separator = ",\n"
        yield "]}"
    yield "\n}}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _page(template: str, **facts: Any) -> str:
    return _words().get_template(f"export/{template}").render(facts)


@lru_cache(maxsize=1)
def _words() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=Undefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    made.filters["words"] = lambda name: str(name).replace("_at", "").replace("_", " ").strip().capitalize()
    made.filters["said"] = _said
    return made


def _said(name: str, value: Any) -> str:
    if value in ([], {}):
        return "none"
    if isinstance(value, str) and name.endswith(("_at", "until")):
        return datetime.fromisoformat(value).strftime("%-d %B %Y, %H:%M UTC")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return ", ".join(value)
    if isinstance(value, dict | list):
        return _text(value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)
