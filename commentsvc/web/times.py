"""How are times written and read in JSON, pages and feeds? As RFC 3339."""

from datetime import UTC, datetime

# Seconds since 1970 of the years that RFC 3339's four digits can write, whatever the offset was.
_YEAR_1000, _YEAR_10000 = -30_610_224_000, 253_402_300_800


def time_text(us: int | None) -> str | None:
    """Write microseconds since 1970 as RFC 3339, UTC."""
    if us is None:
        return None
    whole = datetime.fromtimestamp(us // 1_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{us % 1_000_000:06d}Z"


def parse_time(text: str) -> int:
    """Read RFC 3339 as microseconds since 1970, or raise ValueError."""
    # A plus sign that nobody escaped arrives in a query string as a space.
    try:
        time = datetime.fromisoformat(text.strip().replace(" ", "+"))
    except (ValueError, OverflowError):
        raise ValueError("This isn't a time as in 2026-11-23T09:30:00Z.") from None
    if time.tzinfo is None:
        raise ValueError("A time needs its offset, as in 2026-11-23T09:30:00Z.")
    whole = int(time.replace(microsecond=0).timestamp())
    if not _YEAR_1000 <= whole < _YEAR_10000:
        raise ValueError("This time is too far away.")
    return whole * 1_000_000 + time.microsecond
