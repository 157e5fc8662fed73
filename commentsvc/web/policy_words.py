"""How is a policy put into words: its members, what changed in it, what its thresholds would have done?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from commentsvc.actions.policies import usual_policy
from commentsvc.enums import Outcome
from commentsvc.moderation.replay import HELD_APPROVED, PUBLISHED_REJECTED, Reached, reached
from commentsvc.store.models import Backtest, PolicyChange

LABELS = {
    "toxicity": "Uncivil in general",
    "severe_toxicity": "Very uncivil",
    "obscene": "Obscene",
    "threat": "Threat",
    "insult": "Insult",
    "identity_attack": "Attack on who people are",
    "sexual_explicit": "Sexually explicit",
}
MEMBERS = {
    "mode": "What happens to a clean comment",
    "thresholds": "Thresholds",
    "sections": "Sections",
    "unscored": "What the classifier can't judge",
    "sample_share": "Share of those that is sampled",
    "relevance": "Off topic below",
    "off_topic": "What is off topic",
    "banned_words": "Banned words",
    "suspect_words": "Suspect words",
    "max_links": "Links allowed",
    "link_hosts": "Hosts that may be linked to",
    "hold_new_authors": "New authors are read first",
    "new_author_below": "Comments until an author is no longer new",
    "max_rejection_rate": "Rejected share from which an author is read first",
    "rejection_sample": "Decided comments that this needs",
    "wave_from": "People with the same text that make a wave",
    "failure": "When a check fails",
    "external": "The publisher's own judge",
    "external_url": "Its address",
    "akismet": "Akismet",
    "report_hold": "Weight of reports that holds a comment",
    "audit_share": "Share that is judged blind",
    "shadow": "On trial",
    "checks": "Checks",
    "version": "Version of the guidelines",
}
WORDS = {
    "publish": "published", "premoderate": "everything is read first", "closed": "closed", "sample": "sampled",
    "hold": "held", "ignore": "ignored", "off": "off", "before": "before publishing", "after": "after publishing",
    "stricter": "stricter", "set": "set", "True": "yes", "False": "no",
}  # fmt: skip
CHECKS = {
    "toxicity": "The classifier", "relevance": "Relevance", "external": "The publisher's own judge",
    "akismet": "Akismet", "words": "Words", "links": "Links", "repeats": "Repeats", "spam": "Spam",
}  # fmt: skip
OUTCOMES = {Outcome.PUBLISH: "Published", Outcome.HOLD: "Held", Outcome.REJECT: "Rejected"}
OTHERWISE = {
    HELD_APPROVED: "Would be held, and you approved them",
    PUBLISHED_REJECTED: "Would be published, and you rejected them",
}
_MOST_WORDS = 40
_SHARES = {"sample_share", "max_rejection_rate", "audit_share"}


@dataclass(frozen=True, slots=True)
class Line:
    """One member that changed: from what to what, or which entries went and came."""

    name: str
    before: str = ""
    after: str = ""
    removed: Sequence[str] = ()
    added: Sequence[str] = ()
    more: int = 0


def lines(change: PolicyChange) -> list[Line]:
    """Say what a change changed, member by member."""
    return differences(change.before, change.after)


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """Say what differs between two policies; a member that isn't there is as usual."""
    usual = usual_policy()
    found: list[Line] = []
    for member in [*MEMBERS, *sorted({*before, *after} - MEMBERS.keys())]:
        old, new = before.get(member, usual.get(member)), after.get(member, usual.get(member))
        if (member in before or member in after) and old != new:
            name = MEMBERS.get(member, member.replace("_", " ").capitalize())
            found += _member(name, _worded(member, old), _worded(member, new))
    return found


def consequence(backtest: Backtest | None, label: str, threshold: float | None) -> Reached | None:
    """Return what a label's threshold would have held in the latest back-test's days, where that is known."""
    curve = backtest.found.get("curves", {}).get(label) if backtest else None
    return reached(curve, threshold) if curve and threshold is not None else None


def moved(found: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """List what a back-test moves: (from, to, how many), most first."""
    rows = [(*pair.split(">"), count) for pair, count in found.get("moved", {}).items()]
    return sorted(((OUTCOMES[Outcome(a)], OUTCOMES[Outcome(b)], n) for a, b, n in rows), key=lambda row: -row[2])


def _member(name: str, old: Any, new: Any) -> list[Line]:
    if isinstance(old or new, list):
        removed, added = _without(old or [], new or []), _without(new or [], old or [])
        more = max(0, len(removed) - _MOST_WORDS) + max(0, len(added) - _MOST_WORDS)
        return [Line(name, removed=removed[:_MOST_WORDS], added=added[:_MOST_WORDS], more=more)]
    if isinstance(old or new, dict):
        old, new = old or {}, new or {}
        keys = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
        return [line for key in keys for line in _member(f"{name}: {_key(key)}", old.get(key), new.get(key))]
    return [Line(name, _value(old), _value(new))]


def _worded(member: str, value: Any) -> Any:
    """Write a share as a percentage, and a check on trial by its name: it stands there as an entry, like a word."""
    if member in _SHARES and value is not None:
        return f"{round(value * 100, 4):g} %"
    if member == "shadow":
        value = value or {}
        return {**value, "checks": [CHECKS.get(check, check) for check in value.get("checks") or ()]}
    return value


def _without(some: Sequence[str], others: Sequence[str]) -> list[str]:
    gone = set(others)
    return [one for one in some if one not in gone]


def _key(key: str) -> str:
    return (LABELS.get(key) or CHECKS.get(key) or MEMBERS.get(key) or key).replace("_", " ")


def _value(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    return WORDS.get(str(value), str(value))
