"""Which shape do the tables have, and how do they get the next one? Alembic, called from code."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from commentsvc.errors import Misconfigured
from commentsvc.store.db import Database

_PACKAGE = Path(__file__).resolve().parent.parent
_LOCK = 0x636F6D6D656E74
"""Any number will do, as long as every process asks for the same one."""


def upgrade(db: Database) -> str:
    """Bring the database to the newest revision and return its name.

    Safe when several processes start at once: all wait for one lock, and the later ones find nothing to do. Either
    every pending step is applied or none is.
    """
    with _alone(db) as connection:
        command.upgrade(_config(connection), "head")
    return newest()


def downgrade(db: Database, revision: str) -> None:
    """Take the database back to a revision; `base` removes every table."""
    with _alone(db) as connection:
        command.downgrade(_config(connection), revision)


def current(db: Database) -> str | None:
    """Return the database's revision, or None when it has none yet."""
    with db.reading() as session:
        return MigrationContext.configure(session.connection()).get_current_revision()


@cache
def newest() -> str:
    """Return the revision that this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise Misconfigured("No migrations were found beside the code; install commentsvc again.")
    return head


@cache
def known() -> frozenset[str]:
    """Return every revision that this code can bring up to its own."""
    script = ScriptDirectory.from_config(_config())
    return frozenset(step.revision for step in script.walk_revisions())


@contextmanager
def _alone(db: Database) -> Iterator[Connection]:
    if not db.is_sqlite:
        with db.engine.begin() as connection:
            for timeout in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout"):
                connection.execute(text(f"SET LOCAL {timeout} = 0"))
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            yield connection
        return
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection
        # SQLite alters by copying and dropping tables; with the keys on, dropping would delete what points there.
        raw.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        # Or it would refuse to rename the copy, because triggers and views name the table that isn't there just then.
        raw.execute("PRAGMA legacy_alter_table=ON")  # type: ignore[union-attr]
        try:
            with connection.begin():
                yield connection
        finally:
            raw.execute("PRAGMA legacy_alter_table=OFF")  # type: ignore[union-attr]
            raw.execute("PRAGMA foreign_keys=ON")  # type: ignore[union-attr]


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    folder = _PACKAGE / "migrations"
    if not folder.is_dir():
        folder = _PACKAGE.parent / "migrations"
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
