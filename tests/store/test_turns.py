"""Writers of one process take turns, and nobody keeps theirs."""

import threading

import pytest
from sqlalchemy import text

from commentsvc.store.db import Database


def test_a_writer_that_raises_lets_the_next_one_in(db: Database) -> None:
    with pytest.raises(RuntimeError, match="why not"), db.writing():
        raise RuntimeError("why not")

    with db.writing() as session:
        assert session.execute(text("SELECT 1")).scalar() == 1


def test_a_writer_waits_for_the_one_before_and_readers_do_not(db: Database) -> None:
    if not db.is_sqlite:
        pytest.skip("PostgreSQL locks rows, not databases")
    order: list[str] = []

    def second() -> None:
        with db.writing():
            order.append("second")

    with db.writing():
        waiting = threading.Thread(target=second)
        waiting.start()
        with db.reading() as session:
            session.execute(text("SELECT 1"))
        order.append("first")
    waiting.join()

    assert order == ["first", "second"]


def test_a_session_closed_twice_gives_its_turn_back_once(db: Database) -> None:
    session = db.open(write=True)
    session.close()
    other = db.open(write=True)

    session.close()

    assert not db._turn.acquire(blocking=False) or not db.is_sqlite
    other.close()
