"""How is a PostgreSQL database written to a file and read back? By its own pg_dump, pg_restore and psql."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from commentsvc.errors import Conflict, Misconfigured
from commentsvc.store.db import Database

_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


@contextmanager
def snapshot(db: Database) -> Iterator[tuple[Session, str]]:
    """Hold the database as it is at this moment; yields a session that sees it, and its name for pg_dump."""
    with db.engine.connect() as plain:
        connection = plain.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin(), Session(connection) as session:
            for timeout in ("statement_timeout", "idle_in_transaction_session_timeout"):
                session.execute(text(f"SET LOCAL {timeout} = 0"))
            yield session, str(session.scalar(text("SELECT pg_export_snapshot()")))


def dump(url: str, target: Path, *, name: str) -> None:
    """Write the database, as the snapshot of that name shows it, and read the file through once."""
    program, env = _program("pg_dump"), _env(url)
    _run([program, "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={name}", f"--file={target}"], env)
    check(target)


def check(path: Path) -> None:
    """Read a dump from its first to its last byte, or raise Misconfigured."""
    _run([_program("pg_restore"), "--file=/dev/null", str(path)], dict(os.environ))


def others(session: Session) -> int:
    """Count who else is connected to the database."""
    return session.scalar(_OTHERS) or 0


def load(url: str, source: Path, *, kept: str | None) -> None:
    """Read a dump into the database in one transaction; what is there becomes the schema `kept`, when one is given."""
    script = source.with_suffix(".sql")
    _run([_program("pg_restore"), "--no-owner", "--no-privileges", f"--file={script}", str(source)], dict(os.environ))
    before = source.with_name("before.sql")
    before.write_text(f"ALTER SCHEMA public RENAME TO {kept};\nCREATE SCHEMA public;\n" if kept else "")
    command = [_program("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    _run([*command, f"--file={before}", f"--file={script}", "--output=/dev/null"], _env(url))


def refuse_held(session: Session) -> None:
    """Raise Conflict while others are connected."""
    if number := others(session):
        raise Conflict(f"{number} other connections use the database; stop every server and worker first.")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Misconfigured(f"{name} isn't here; install PostgreSQL's client programs (postgresql-client).")
    return found


def _env(url: str) -> dict[str, str]:
    """Say where the database is in the environment: a password among arguments could be read by everybody."""
    parts = make_url(url)
    said = {
        "PGHOST": parts.host, "PGPORT": parts.port, "PGUSER": parts.username, "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database, **{f"PG{key.upper()}": value for key, value in parts.query.items()},
    }  # fmt: skip
    return {**os.environ, **{key: str(value) for key, value in said.items() if value is not None}}


def _run(command: list[str], env: dict[str, str]) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()] or [f"it ended with {done.returncode}"]
        raise Misconfigured(f"{Path(command[0]).name}: {lines[0].strip()}")
