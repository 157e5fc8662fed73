"""How is a SQLite database copied while others write, and another put in its place?"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from commentsvc.errors import Conflict

_PAGES = 2000
_SHARED, _SHARED_BYTES = 0x40000002, 510
"""Where SQLite's own locks lie in the file: whoever has it open in WAL mode holds one of these bytes."""
_IN_USE = "A server or worker holds the database {path}; stop it first."


def copy_database(source: Path, target: Path, *, begin: Callable[[int], Callable[[int], None]]) -> None:
    """Copy the database as it is at this moment, by SQLite's online backup, into a file of its own.

    One read transaction is held throughout: in WAL mode it keeps no writer waiting, and what they write meanwhile
    doesn't make the copy begin anew. `begin` is told how many pages there are, and gives what counts them.
    """
    uri = f"{source.resolve().as_uri()}?mode=rw"
    with closing(sqlite3.connect(uri, uri=True, timeout=15, isolation_level=None)) as reading:
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM sqlite_master").fetchone()  # From here on, this is what is seen.
        advance, left = begin(reading.execute("PRAGMA page_count").fetchone()[0]), None

        def step(_status: int, remaining: int, total: int) -> None:
            nonlocal left
            advance((total if left is None else left) - remaining)
            left = remaining

        with closing(sqlite3.connect(target, isolation_level=None)) as writing:
            reading.backup(writing, pages=_PAGES, progress=step)
            settle(writing)
    _sync(target)


def settle(connection: sqlite3.Connection) -> None:
    """Make a copy one file, without a log beside it."""
    connection.execute("PRAGMA journal_mode=DELETE").fetchone()


def settle_file(path: Path) -> None:
    """Make a file that was opened as the service does one file again, and have the disk keep it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        settle(connection)
    _sync(path)


def problems(path: Path) -> str:
    """Say what SQLite finds wrong with a file, or nothing."""
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
            if found != "ok":
                return found
            broken = connection.execute("PRAGMA foreign_key_check").fetchone()
            return f"a row of {broken[0]} points to nothing" if broken else ""
    except sqlite3.Error as error:
        return str(error)


def replace_database(target: Path, fresh: Path, kept: Path) -> None:
    """Put `fresh` in `target`'s place in one step, and keep that one as `kept`; raise Conflict while it is held."""
    adopt(fresh, like=target if target.exists() else target.parent)
    if not target.exists():
        _move_logs(target, kept)  # Of a database that is gone; beside another they would be played into it.
        os.link(fresh, target)  # Refuses what has come into being meanwhile.
        fresh.unlink()
    else:
        with _held(target):
            _keep(target, kept)
            os.replace(fresh, target)
    _sync(target.parent)


def adopt(path: Path, *, like: Path) -> None:
    """Give a file that root has put there to whom the place belongs: the service couldn't write it otherwise."""
    if os.geteuid() == 0:
        about = like.stat()
        os.chown(path, about.st_uid, about.st_gid)


def refuse_held(path: Path) -> None:
    """Raise Conflict while another process has the database open."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_BYTES, _SHARED)
        except OSError:
            raise Conflict(_IN_USE.format(path=path)) from None


@contextmanager
def _held(path: Path) -> Iterator[None]:
    """Hold a database so that nobody else can, its log written back into it."""
    refuse_held(path)
    with closing(sqlite3.connect(path, timeout=0, isolation_level=None)) as connection:
        try:
            settle(connection)
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise Conflict(_IN_USE.format(path=path)) from None
        except sqlite3.DatabaseError:
            pass  # It is damaged, which is why another takes its place.
        yield


def _keep(target: Path, kept: Path) -> None:
    os.link(target, kept)
    _move_logs(target, kept)  # A whole one has none by now.


def _move_logs(target: Path, kept: Path) -> None:
    for ending in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            os.replace(f"{target}{ending}", f"{kept}{ending}")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
