"""How are rules, their changes and what a circuit breaker did said in words?"""

from collections.abc import Iterator, Mapping
from typing import Any

from commentsvc.actions.rules import Rules
from commentsvc.enums import ArticleState, BreakerAction, Measure, Mode
from commentsvc.moderation.opening import ALWAYS, local_time
from commentsvc.store.models import BreakerTrip, RuleChange

MODES = {
    Mode.PUBLISH: "Publish at once",
    Mode.PREMODERATE: "Premoderate: the team reads first",
    Mode.CLOSED: "Closed",
}
STATES = {
    ArticleState.OPEN: "Open",
    ArticleState.CLOSED: "Closed by hand",
    ArticleState.ARCHIVED: "Archived: no votes or reports either",
}
ACTIONS = {
    BreakerAction.STRICTER: "Stricter thresholds",
    BreakerAction.PREMODERATE: "Premoderate: the team reads first",
}
MEASURES = {
    Measure.REJECTED: "rejected",
    Measure.REPORTED: "reported by readers",
    Measure.OFF_TOPIC: "off topic",
}
SLOW_MODES = (0, 10, 30, 60, 120, 300, 900, 3600)
_NAMES = {
    "state": "State",
    "mode": "Mode",
    "slow_mode": "Slow mode",
    "hours": "Hours",
    "close_at": "Closes",
    "reopen_at": "Opens again",
    "breaker": "Circuit breaker",
    "time_zone": "Time zone",
}
_SECOND = 1_000_000
_UNITS = ((3600, "hour"), (60, "minute"), (1, "second"))


def duration(seconds: int) -> str:
    """Write a time span in its largest whole unit: 90 seconds, 2 minutes."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    count = seconds // size
    return f"{count:,} {unit}{'' if count == 1 else 's'}"


def slow_words(seconds: int | None) -> str:
    """Say how slow a conversation is."""
    return f"one comment every {duration(seconds)}" if seconds else "off"


def hours_words(hours: str | None) -> str:
    """Say when it is open each day."""
    return "around the clock" if hours in {None, ALWAYS} else f"{hours}".replace("-", " to ")


def moment(at: int, zone: str) -> str:
    """Write a date and time as the site's clocks show it."""
    return f"{local_time(at, zone):%-d %b %Y, %H:%M}"


def state_words(rules: Rules, zone: str) -> str:
    """Say whether readers may write now, and until when."""
    if rules.is_open:
        return f"Open until {moment(rules.closes_at, zone)}" if rules.closes_at else "Open"
    if rules.opens_at:
        return f"Closed, opens again at {moment(rules.opens_at, zone)}"
    if rules.state == ArticleState.ARCHIVED:
        return "Archived"
    return "Closed"


def trip_words(trip: BreakerTrip) -> str:
    """Say what tripped a breaker."""
    share = trip.troubled / max(trip.counted, 1)
    return f"{trip.troubled} of {trip.counted} comments were trouble ({share:.0%}, the line is {trip.line:.0%})"


def does_words(action: str) -> str:
    """Say what a tripped breaker does."""
    return "is premoderated" if action == BreakerAction.PREMODERATE else "has stricter thresholds"


def changed_words(change: RuleChange, zone: str) -> list[tuple[str, str, str]]:
    """List what a change changed: the rule, what it was, what it became."""
    return [
        (_NAMES.get(name, name), _value(name, change.before.get(name), zone), _value(name, value, zone))
        for name, value in change.after.items()
    ]


def _value(name: str, value: Any, zone: str) -> str:
    if value is None:
        return {"breaker": "off", "close_at": "never", "reopen_at": "not set"}.get(name, "as elsewhere")
    if name in {"close_at", "reopen_at"}:
        return moment(value, zone)
    if name == "breaker":
        return ", ".join(_members(value))
    if name in {"mode", "state"}:
        return _short(MODES[Mode(value)] if name == "mode" else STATES[ArticleState(value)])
    if name == "slow_mode":
        return slow_words(value)
    return hours_words(value) if name == "hours" else str(value)


def _short(words: str) -> str:
    return words.partition(":")[0].lower()


def _members(breaker: Mapping[str, Any]) -> Iterator[str]:
    if "share" in breaker:
        yield f"{breaker['share']:.0%} of {breaker.get('minimum', 10)} or more in {breaker.get('window', 60)} min"
    yield _short(ACTIONS[BreakerAction(breaker.get("action", BreakerAction.STRICTER))])
    yield f"for {breaker.get('cool_down', 60)} min at least"
    if breaker.get("measure"):
        yield "counts " + " and ".join(MEASURES[Measure(one)] for one in breaker["measure"])
