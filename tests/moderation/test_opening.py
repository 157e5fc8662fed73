"""When is an article open by the clock, and when does that change?"""

from datetime import UTC, datetime

import pytest

from commentsvc.moderation.opening import Opening, is_zone, opening, read_hours, read_local

BERLIN = "Europe/Berlin"


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def test_always_open_never_changes() -> None:
    assert opening(at("2026-11-25 12:00"), zone="UTC") == Opening(True, None)
    assert opening(at("2026-11-25 12:00"), zone="UTC", hours="always") == Opening(True, None)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-25 05:59:59", (False, "2026-11-25 06:00")),  # 06:59:59 in Berlin
        ("2026-11-25 06:00", (True, "2026-11-25 21:00")),
        ("2026-11-25 20:59:59", (True, "2026-11-25 21:00")),
        ("2026-11-25 21:00", (False, "2026-11-26 06:00")),
        # In summer the same clocks show another hour.
        ("2026-07-01 05:00", (True, "2026-07-01 20:00")),
        # The night in which the clocks go back: 22:00 was summer time, 07:00 is winter time.
        ("2026-10-24 20:00", (False, "2026-10-25 06:00")),
    ],
)
def test_daily_hours_go_by_the_clocks_of_the_site(now: str, expected: tuple[bool, str]) -> None:
    found = opening(at(now), zone=BERLIN, hours="07:00-22:00")

    assert found == Opening(expected[0], at(expected[1]))


@pytest.mark.parametrize(
    ("now", "is_open", "changes"),
    [("2026-11-25 23:00", True, "2026-11-26 02:00"), ("2026-11-26 01:59", True, "2026-11-26 02:00"),
     ("2026-11-26 02:00", False, "2026-11-26 20:00")],
)  # fmt: skip
def test_hours_may_go_past_midnight(now: str, is_open: bool, changes: str) -> None:
    assert opening(at(now), zone="UTC", hours="20:00-02:00") == Opening(is_open, at(changes))


def test_dates_close_and_open_again() -> None:
    dates = {"zone": "UTC", "close_at": at("2026-11-25 12:00"), "reopen_at": at("2026-11-27 12:00")}

    assert opening(at("2026-11-25 11:59"), **dates) == Opening(True, at("2026-11-25 12:00"))
    assert opening(at("2026-11-25 12:00"), **dates) == Opening(False, at("2026-11-27 12:00"))
    assert opening(at("2026-11-27 12:00"), **dates) == Opening(True, None)


def test_a_closing_date_alone_is_for_good_and_a_reopening_alone_closes_until_then() -> None:
    close, noon = at("2026-11-25 12:00"), at("2026-11-25 12:00")

    assert opening(noon, zone="UTC", close_at=close, hours="07:00-22:00") == Opening(False, None)
    assert opening(noon - 1_000_000, zone="UTC", reopen_at=noon) == Opening(False, noon)


def test_a_reopening_at_night_waits_for_the_morning() -> None:
    found = opening(
        at("2026-11-25 12:00"), zone="UTC", hours="07:00-22:00", reopen_at=at("2026-12-24 23:30"),
    )  # fmt: skip

    assert found == Opening(False, at("2026-12-25 07:00"))


@pytest.mark.parametrize("hours", ["7-22", "07:00", "07:00-07:00", "24:00-25:00", "07:00–22:00", "", "0７:00-22:00"])
def test_what_is_no_hours_is_refused(hours: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_hours(hours)


def test_zones_and_local_times() -> None:
    assert (is_zone(BERLIN), is_zone("Berlin"), is_zone("../etc/passwd")) == (True, False, False)
    assert read_local("2026-11-25T13:00", BERLIN) == at("2026-11-25 12:00")
    with pytest.raises(ValueError, match=r"."):
        read_local("tomorrow", BERLIN)
