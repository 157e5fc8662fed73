"""May readers write now, and when does the clock change that?

Hours are written as "07:00-22:00" in the site's time zone, every day; the end may lie after midnight, and "always"
means around the clock.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

ALWAYS = "always"
MAX_SLOW_MODE = 24 * 3600
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)", re.ASCII)
_SECOND = 1_000_000
_DAYS = 3
"""How far ahead daily hours are looked through: within a day and a night each of them has come."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether readers may write, and when (microseconds since 1970) the clock next changes that; None for never."""

    is_open: bool
    changes_at: int | None


def opening(
    now: int, *, zone: str, hours: str | None = None, close_at: int | None = None, reopen_at: int | None = None
) -> Opening:
    """Say whether it is open at a time: not from `close_at` until `reopen_at`, and within the daily hours.

    Without `close_at` it is closed until `reopen_at`; without that, for good.
    """
    span, where = read_hours(hours), _zone(zone)

    def is_open(at: int) -> bool:
        shut = at >= close_at if close_at is not None else reopen_at is not None
        if shut and (reopen_at is None or at < reopen_at):
            return False
        return span is None or _is_within(span, datetime.fromtimestamp(at // _SECOND, where).time())

    state = is_open(now)
    edges = {at for at in (close_at, reopen_at) if at is not None}
    if span is not None:
        edges.update(edge for start in (now, *edges) if start >= now for edge in _edges(span, start, where))
    return Opening(state, next((at for at in sorted(edges) if at > now and is_open(at) != state), None))


def read_hours(hours: str | None) -> tuple[time, time] | None:
    """Read daily hours, None when they are around the clock; raises ValueError for what isn't hours."""
    if hours is None or hours == ALWAYS:
        return None
    match = _HOURS.fullmatch(hours)
    if match is None:
        raise ValueError("Hours are written as 07:00-22:00.")
    start, end = (time(int(hour), int(minute)) for hour, minute in (match.groups()[:2], match.groups()[2:]))
    if start == end:
        raise ValueError("The end is another time than the beginning.")
    return start, end


def is_zone(name: str) -> bool:
    """Say whether this names a time zone."""
    return name in zones()


@cache
def zones() -> tuple[str, ...]:
    """List the names of all time zones."""
    return tuple(sorted(available_timezones()))


def local_time(at: int, zone: str) -> datetime:
    """Return a time as the clocks of a zone show it."""
    return datetime.fromtimestamp(at // _SECOND, _zone(zone))


def read_local(text: str, zone: str) -> int:
    """Read what a form's date and time mean in a zone; raises ValueError."""
    local = datetime.fromisoformat(text).replace(tzinfo=_zone(zone), fold=0)
    if not 1970 <= local.year < 9999:
        raise ValueError("too far away")
    return int(local.timestamp()) * _SECOND


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def _is_within(span: tuple[time, time], at: time) -> bool:
    start, end = span
    return start <= at < end if start < end else at >= start or at < end


def _edges(span: tuple[time, time], now: int, zone: ZoneInfo) -> Iterator[int]:
    today = datetime.fromtimestamp(now // _SECOND, zone).date()
    for day in range(-1, _DAYS):
        for edge in span:
            local = datetime.combine(today + timedelta(days=day), edge, zone)
            yield int(local.astimezone(UTC).timestamp()) * _SECOND
