"""What did an admin type into the policy's form, and what is wrong with it?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from commentsvc.enums import TOXICITY_LABELS, FailureRule, Mode, Unscored, When
from commentsvc.errors import Unanswered
from commentsvc.infra.http import check_url

FAILING = ("toxicity", "relevance", "external", "akismet")
"""The checks that can fail in earnest; the others are rules that only need the text."""
TRIABLE = ("words", "links", "repeats", "spam", "toxicity", "relevance", "external", "akismet")
"""The checks that can be on trial: all that observe a text."""
MOST_WORDS, LONGEST_WORD = 20_000, 253
MOST_WEIGHT = 1_000
_WORDS = {"mode": Mode, "unscored": Unscored, "off_topic": Unscored, "external": When, "akismet": When}
_SHARES = ("sample_share", "max_rejection_rate", "audit_share")
_COUNTS = ("max_links", "new_author_below", "rejection_sample", "wave_from")
_LISTS = ("banned_words", "suspect_words", "link_hosts")
_MOST_COUNT = 1_000_000

Form = MultiDict[str, str]


@dataclass
class Typed:
    """The policy's members as typed, where they could be read, and what is wrong beside which field."""

    members: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)


def read(form: Form, policy: Mapping[str, Any]) -> Typed:
    """Read a form over a policy: members that the form doesn't have stay as they are there."""
    typed = Typed()
    for name, words in _WORDS.items():
        value = form.get(name, "")
        if value in {word.value for word in words}:
            typed.members[name] = value
        else:
            typed.problems[name] = "Choose one of these."
    for name in _SHARES:
        _put(typed, name, _percent(form.get(name, "")), "Give a percentage from 0 to 100.")
    for name in _COUNTS:
        _put(typed, name, _whole(form.get(name, "")), "Give a whole number.")
    for name in _LISTS:
        _put_list(typed, name, form.get(name, ""))
    typed.members["hold_new_authors"] = "hold_new_authors" in form
    typed.members["thresholds"] = _thresholds(typed, form, "threshold")
    typed.members["relevance"] = None
    if form.get("relevance", "").strip():
        _put(typed, "relevance", _score(form["relevance"]), "Give a number from 0 to 1, or nothing.")
    typed.members["report_hold"] = None
    if form.get("report_hold", "").strip():
        _put(
            typed,
            "report_hold",
            _weight(form["report_hold"]),
            f"Give a number above 0, to {MOST_WEIGHT:,}, or nothing.",
        )
    typed.members["shadow"] = _shadow(typed, form, policy.get("shadow", {}))
    typed.members["failure"] = _failure(form, policy.get("failure", {}))
    typed.members["sections"] = _sections(typed, form, policy.get("sections", {}))
    _read_url(typed, form.get("external_url", "").strip())
    return typed


def lines(text: str) -> list[str]:
    """Return a text's lines, trimmed, each once, in their order."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _put(typed: Typed, name: str, value: float | None, problem: str) -> None:
    if value is None:
        typed.problems[name] = problem
    else:
        typed.members[name] = value


def _put_list(typed: Typed, name: str, text: str) -> None:
    found = lines(text.lower() if name == "link_hosts" else text)
    longest = max(found, key=len, default="")
    if len(found) > MOST_WORDS:
        typed.problems[name] = f"{MOST_WORDS:,} lines at most; these are {len(found):,}."
    elif len(longest) > LONGEST_WORD:
        typed.problems[name] = f"{LONGEST_WORD} characters a line at most; “{longest[:30]}…” is longer."
    else:
        typed.members[name] = found


def _thresholds(typed: Typed, form: Form, prefix: str) -> dict[str, float]:
    found = {}
    for label in TOXICITY_LABELS:
        text = form.get(f"{prefix}_{label}", "").strip()
        score = _score(text)
        if score is not None:
            found[label] = score
        elif text:
            typed.problems[f"{prefix}_{label}"] = "A number from 0 to 1, or nothing."
    return found


def _sections(typed: Typed, form: Form, known: Mapping[str, Any]) -> dict[str, Any]:
    """Read the overrides of sections; what else the policy says of a section isn't this form's to change."""
    found = {name: {key: value for key, value in rules.items() if key != "thresholds"} for name, rules in known.items()}
    for at, raw in enumerate(form.getlist("section")):
        name = raw.strip()
        limits = _thresholds(typed, form, f"section_{at}")
        if not name and limits:
            typed.problems[f"section_{at}"] = "Name the section."
        elif name and limits:
            found.setdefault(name, {})["thresholds"] = limits
    return {name: rules for name, rules in found.items() if any(value is not None for value in rules.values())}


def _shadow(typed: Typed, form: Form, known: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read what is on trial; what means the same as before stays as it was written."""
    chosen, before = form.getlist("shadow_check"), known.get("checks", ())
    if not set(chosen) <= set(TRIABLE):
        typed.problems["shadow_check"] = "Choose some of these."
    limits = _thresholds(typed, form, "shadow")
    if set(chosen) == set(before) and limits == known.get("thresholds", {}) and known:
        return known
    return {"checks": [check for check in TRIABLE if check in chosen], "thresholds": limits}


def _failure(form: Form, known: Mapping[str, str]) -> dict[str, str]:
    others = {check: rule for check, rule in known.items() if check not in FAILING}
    chosen = {check: form.get(f"failure_{check}", "") for check in FAILING}
    return {**others, **{check: rule for check, rule in chosen.items() if rule in _values(FailureRule)}}


def _values(words: Iterable[FailureRule]) -> set[str]:
    return {word.value for word in words}


def _read_url(typed: Typed, url: str) -> None:
    typed.members["external_url"] = url
    if not url:
        if typed.members.get("external", When.OFF) != When.OFF:
            typed.problems["external_url"] = "Give the judge's address, or switch it off."
        return
    try:
        check_url(url)
    except Unanswered as error:
        typed.problems["external_url"] = error.message
    if len(url) > 1000:
        typed.problems["external_url"] = "An address of 1,000 characters at most."


def _score(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if 0 <= value <= 1 else None


def _percent(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return round(value / 100, 6) if 0 <= value <= 100 else None


def _weight(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if 0 < value <= MOST_WEIGHT else None


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 and int(text) <= _MOST_COUNT else None
