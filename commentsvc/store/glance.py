"""Has what a query reads changed? Asked before each answer that is given again, so by the cheapest way there is."""

import sqlite3
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import make_url
from sqlalchemy.sql.compiler import SQLCompiler

from commentsvc.store.db import Database

Rows = list[tuple[Any, ...]]
Question = tuple[str, tuple[Any, ...]]
"""A query as SQLite's driver takes it."""


class Glance:
    """A read-only connection to a SQLite file for one thread, without SQLAlchemy: some 15 µs a question.

    Each answer is of the moment: no transaction stays open.
    """

    def __init__(self, db: Database) -> None:
        self._dialect = db.engine.dialect
        self._path = make_url(db.url).database
        self._open: sqlite3.Connection | None = None

    def phrase(self, query: Select[Any]) -> Question:
        """Write a query, with its values, as `ask` takes it."""
        written = query.compile(dialect=self._dialect, compile_kwargs={"render_postcompile": True})
        assert isinstance(written, SQLCompiler)
        values = written.construct_params()
        return str(written), tuple(values[name] for name in written.positiontup or ())

    def ask(self, question: Question) -> Rows:
        """Return the rows now."""
        return self._connection().execute(*question).fetchall()

    def moves(self) -> int:
        """Return a number that is another one as soon as anybody has committed anything."""
        found: int = self._connection().execute("PRAGMA data_version").fetchone()[0]
        return found

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            # Opened in the thread that asks; never waits, since readers of a WAL don't.
            self._open = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, isolation_level=None, timeout=1)
        return self._open
