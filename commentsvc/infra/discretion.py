"""What must no line of the log say? Who somebody is, where they are, and what they wrote.

Nothing of ours logs such things on purpose. But the message of an exception may quote a row, and a database names the
values that it refused: so every line goes through here before it is written.
"""

import re
from collections.abc import MutableMapping
from typing import Any

WITHHELD = "[withheld]"
_MAIL = "mail"
"""The event by which `console:` shows a developer the mails of their own installation; see infra.mail."""

_QUOTED = (
    re.compile(r"DETAIL:.*", re.DOTALL),  # PostgreSQL quotes the row.
    re.compile(r"\[parameters: .*?\](?=\n|$)", re.DOTALL),  # So does SQLAlchemy, where it isn't told otherwise.
)
_ADDRESSES = (
    re.compile(r"[^\s@<>()\[\]\"',;:=]+@[^\s@<>()\[\]\"',;:]+\.[^\s@<>()\[\]\"',;:]*[^\s@<>()\[\]\"',;:.]"),
    re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]|-)"),
    re.compile(
        r"(?<![\w:])(?:[0-9a-fA-F]{1,4}:){3,7}[0-9a-fA-F]{0,4}(?![\w:])|(?<![\w:])(?:[0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F:]*"
    ),
)
_OWN = re.compile(r"\b(?:127\.0\.0\.1|0\.0\.0\.0)\b")


def withhold(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Take addresses, of mail and of networks, and rows that errors quote out of a log line: structlog's processor."""
    if event.get("event") == _MAIL:
        return event
    for name, value in event.items():
        if isinstance(value, str) and name not in {"timestamp", "level"}:
            event[name] = discreet(value)
    return event


def discreet(text: str) -> str:
    """Return a text without addresses and without rows that an error quotes."""
    for quoted in _QUOTED:
        text = quoted.sub(WITHHELD, text)
    for address in _ADDRESSES:
        text = address.sub(lambda found: found[0] if _OWN.fullmatch(found[0]) else WITHHELD, text)
    return text
