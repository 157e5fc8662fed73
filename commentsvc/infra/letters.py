"""How is a mail worded? From the templates in templates/mail: a text whose first line is the subject, and HTML."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from commentsvc.infra.paths import TEMPLATES


def write(kind: str, facts: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return a mail's subject, text and HTML; a member that a template needs and `facts` lacks is an error."""
    words = _words()
    # Split before it is filled in: a fact of several lines must not push the subject into the text.
    subject, _, text = (TEMPLATES / "mail" / f"{kind}.txt").read_text().partition("\n")
    html = words.get_template(f"mail/{kind}.html").render(facts)
    return words.from_string(subject).render(facts), words.from_string(text).render(facts).strip() + "\n", html


@lru_cache(maxsize=1)
def _words() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(["html"], default_for_string=False, default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
