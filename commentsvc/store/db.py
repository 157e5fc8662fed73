"""How do we reach the database: engines, transactions, time?"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

_BUSY_TIMEOUT_MS = 15_000
_CONNECT_TIMEOUT_S = 5


class Database:
    """One engine, and the two kinds of transaction: `reading` never locks, `writing` locks from its first line.

    On SQLite a write begins with BEGIN IMMEDIATE: a deferred one that reads first and writes later loses to
    "database is locked" when another writer came between.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.engine = _sqlite_engine(url) if self.is_sqlite else _postgres_engine(url)
        self._turn = threading.Lock()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a read transaction: one snapshot, rolled back at the end."""
        session = self.open(write=False)
        try:
            yield session
        finally:
            session.close()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Open a write transaction: committed when the block returns, undone when it raises."""
        session = self.open(write=True)
        try:
            yield session
            session.commit()
        except BaseException:
            session.rollback()
            raise
        finally:
            session.close()

    def open(self, *, write: bool) -> Session:
        """Open a session for someone who commits and closes it themselves (the request cycle in app.py)."""
        turn = self._turn if write and self.is_sqlite else None
        session = _Turn(self.engine, turn) if turn else Session(self.engine, expire_on_commit=False)
        try:
            session.connection(execution_options={"commentsvc_write": write})
        except BaseException:
            session.close()
            raise
        return session

    def settle(self) -> None:
        """Make reading as fast after very many rows were written at once as it will be when that is long ago.

        PostgreSQL's planner knows nothing of new rows before they are counted, which is minutes later by itself. SQLite
        looks into its log for every page until the log has been copied back, for which readers are waited for a second.
        """
        connection = self.engine.raw_connection()
        try:
            if not self.is_sqlite:
                connection.driver_connection.autocommit = True  # type: ignore[union-attr]
                connection.cursor().execute("SET statement_timeout = 0")
            else:
                connection.cursor().execute("PRAGMA busy_timeout=1000")
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)" if self.is_sqlite else "ANALYZE")
        finally:
            connection.invalidate()

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


class _Turn(Session):
    """A write transaction on SQLite that waits for its turn among this process's threads.

    SQLite's own wait is a sleep that grows and knows no queue: without this, the slowest of four writers took a
    second. Writers of other processes are still waited for by SQLite.
    """

    def __init__(self, engine: Engine, turn: threading.Lock) -> None:
        super().__init__(engine, expire_on_commit=False)
        self._held: threading.Lock | None = None
        if not turn.acquire(timeout=_BUSY_TIMEOUT_MS / 1000):
            raise TimeoutError("another write transaction of this process doesn't end")
        self._held = turn

    def close(self) -> None:
        """End the transaction and let the next writer in."""
        held, self._held = self._held, None
        try:
            super().close()
        finally:
            if held is not None:
                held.release()


def now_us() -> int:
    """Return the time as integer microseconds since 1970, UTC: how every time is stored."""
    return time.time_ns() // 1000


def _sqlite_engine(url: str) -> Engine:
    file = make_url(url).database
    if file:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,
        connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_TIMEOUT_MS}",
        "cache_size=-16000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Any) -> None:
    write = connection.get_execution_options().get("commentsvc_write", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def _postgres_engine(url: str) -> Engine:
    engine = create_engine(
        url, pool_size=10, max_overflow=20, pool_pre_ping=True, hide_parameters=True,
        connect_args={"connect_timeout": _CONNECT_TIMEOUT_S},
    )  # fmt: skip
    event.listen(engine, "connect", _prepare_postgres)
    return engine


def _prepare_postgres(connection: Any, _record: Any) -> None:
    connection.execute("SET statement_timeout = '30s'")
    connection.execute("SET lock_timeout = '10s'")
    connection.execute("SET idle_in_transaction_session_timeout = '60s'")
    connection.commit()
