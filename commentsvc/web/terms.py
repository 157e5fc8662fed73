"""How long is a sanction meant to last, as a form says it?"""

from datetime import UTC, date, datetime, time, timedelta

from commentsvc.errors import Invalid

_DAY_US = 24 * 3600 * 1_000_000
LASTS = {
    "1": "1 day",
    "3": "3 days",
    "7": "a week",
    "30": "30 days",
    "365": "a year",
    "date": "until a day…",
    "": "without end",
}
"""What the forms offer: days, a day of one's own, or no end."""


def end_of(lasts: str, until: str, *, now: int) -> int | None:
    """Return when a sanction ends (None: never), or raise Invalid; a day lasts until midnight, UTC."""
    if lasts not in LASTS:
        raise Invalid("Please choose how long.", field="lasts")
    if lasts == "":
        return None
    if lasts != "date":
        return now + int(lasts) * _DAY_US
    try:
        day = date.fromisoformat(until.strip()) + timedelta(days=1)
        return int(datetime.combine(day, time(), UTC).timestamp()) * 1_000_000
    except (ValueError, OverflowError):
        raise Invalid("Please give a day, as in 2026-12-31.", field="until") from None
