"""Is what requests show in passing kept cheaply, and can nobody fill the table with what they make up?"""

from typing import Any

import pytest
from sqlalchemy import select

from commentsvc.actions.purging import purge
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Sighting
from commentsvc.web.seen import Seen
from tests.conftest import Cast

MINUTE = 60_000_000
NOW = now_us() // MINUTE * MINUTE


@pytest.fixture
def seen(db: Database) -> Seen:
    return Seen(db)


def kept(db: Database) -> dict[str, int]:
    with db.reading() as session:
        return {row.origin: row.seen_at for row in session.scalars(select(Sighting))}


def test_the_newest_minute_of_several_processes_is_kept(db: Database, cast: Cast, seen: Seen) -> None:
    other = Seen(db)
    seen.widget("daily", "https://daily.example", now=NOW + 5 * MINUTE + 7)
    other.widget("daily", "https://daily.example", now=NOW)
    seen.write()
    other.write()

    assert kept(db) == {"https://daily.example": NOW + 5 * MINUTE}


def test_a_flood_of_made_up_origins_keeps_five_and_never_drops_a_registered_one(
    db: Database, cast: Cast, seen: Seen
) -> None:
    seen.widget("daily", "https://daily.example", now=NOW)
    for number in range(1000):
        seen.widget("daily", f"https://evil-{number}.example", now=NOW + number)
    seen.write()
    for number in range(300):
        seen.widget("daily", f"https://later-{number}.example", now=NOW + MINUTE)
    seen.write()

    found = kept(db)
    assert found.pop("https://daily.example") == NOW
    assert len(found) == 5
    assert all(origin.startswith("https://later-") for origin in found)


def test_a_database_that_is_away_loses_a_sighting_and_no_request(db: Database, cast: Cast, seen: Seen) -> None:
    class Away:
        def writing(self) -> Any:
            raise TimeoutError("another write transaction of this process doesn't end")

    away = Seen(Away())  # type: ignore[arg-type]
    away.widget("daily", "https://daily.example", now=NOW)
    away.write()
    away.write()

    assert kept(db) == {}


def test_where_no_thread_writes_a_late_request_does(
    db: Database, cast: Cast, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen.widget("daily", "https://daily.example", now=NOW)
    seen.write_if_late()
    assert kept(db) == {}
    monkeypatch.setattr("commentsvc.web.seen._PATIENCE_S", -1.0)
    seen.write_if_late()

    assert kept(db) == {"https://daily.example": NOW}


def test_old_sightings_go(db: Database, cast: Cast, seen: Seen) -> None:
    seen.widget("daily", "https://daily.example", now=NOW - 91 * 24 * 60 * MINUTE)
    seen.write()
    with db.writing() as session:
        purge(session, now=NOW)

    assert kept(db) == {}
