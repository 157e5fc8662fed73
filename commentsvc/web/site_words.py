"""How do we say what was changed about a site?"""

from collections.abc import Callable
from typing import Any

from commentsvc.enums import SiteChangeKind
from commentsvc.queries.staff import Change
from commentsvc.web.cards import ago
from commentsvc.web.site_forms import ROLE_WORDS

LOCAL = {"127.0.0.1", "localhost", "::1"}
"""Hosts for which browsers keep secure cookies without https."""

_MINUTE_US = 60 * 1_000_000
_MEMBERS = {
    "name": "name", "locale": "language", "second_factor": "rule that managers sign in in two steps",
    "verified_email": "rule that comments need a confirmed address",
}  # fmt: skip
_SWITCH = {True: "on", False: "off"}


def change_words(change: Change) -> str:
    """Say in a few words what was done, without by whom."""
    what = change.change
    if not (what.before or what.after) and what.kind != SiteChangeKind.CREATED:
        return "changed what somebody may do whose account is deleted"
    return _WORDS[SiteChangeKind(what.kind)](what.before, what.after, change.about or "somebody")


def since(then: int, now: int) -> str:
    """Say when something happened that is known to the minute."""
    return "just now" if now - then < 2 * _MINUTE_US else f"{ago(then, now)} ago"


def role_word(role: str) -> str:
    """Say a role within a sentence."""
    return next((words[0].lower() for one, words in ROLE_WORDS.items() if one == role), "reader")


def _details(before: dict[str, Any], after: dict[str, Any]) -> str:
    return "; ".join(
        f"{_MEMBERS.get(name, name)}: {_value(before.get(name))} → {_value(after[name])}" for name in sorted(after)
    )


def _value(value: Any) -> str:
    return _SWITCH[value] if isinstance(value, bool) else str(value)


_WORDS: dict[SiteChangeKind, Callable[[dict[str, Any], dict[str, Any], str], str]] = {
    SiteChangeKind.CREATED: lambda _b, _a, _who: "created the site",
    SiteChangeKind.DETAILS: lambda before, after, _who: f"changed the {_details(before, after)}",
    SiteChangeKind.ORIGIN_ADDED: lambda _b, after, _who: f"registered {after['origin']}",
    SiteChangeKind.ORIGIN_REMOVED: lambda before, _a, _who: f"removed {before['origin']}",
    SiteChangeKind.INVITED: lambda _b, after, _who: f"invited {after['email']} as {role_word(after['role'])}",
    SiteChangeKind.UNINVITED: lambda before, _a, _who: f"took the invitation of {before['email']} back",
    SiteChangeKind.JOINED: lambda _b, after, who: f"invited {who}, who accepted: {role_word(after['role'])}",
    SiteChangeKind.ROLE: lambda before, after, who: (
        f"changed the role of {who}: {role_word(before['role'])} → {role_word(after['role'])}"
    ),
    SiteChangeKind.REMOVED: lambda before, _a, who: f"removed {who}, who was {role_word(before['role'])}",
    SiteChangeKind.TOKEN_CREATED: lambda _b, after, _who: f"made the token “{after['name']}”",
    SiteChangeKind.TOKEN_REVOKED: lambda before, _a, who: f"revoked the token “{before['name']}” of {who}",
}
