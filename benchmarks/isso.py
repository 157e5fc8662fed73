"""How fast is Isso with the same comments? Installed from PyPI into an environment of its own, served by gunicorn."""

import sqlite3
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import quote

from benchmarks.filling import BIG, SMALL
from benchmarks.stand import Stand, serve
from tests.postgres import free_port

PACKAGES = ("isso==0.14.0", "gunicorn")
_WORKERS = 2
_CONFIGURATION = """[general]
dbpath = {database}
host = http://127.0.0.1/
notify = stdout
[server]
listen = http://localhost:{port}/
[guard]
enabled = false
"""
_TABLES = """
CREATE TABLE threads (id INTEGER PRIMARY KEY, uri VARCHAR(256) UNIQUE, title VARCHAR(256));
CREATE TABLE comments (tid REFERENCES threads(id), id INTEGER PRIMARY KEY, parent INTEGER, created FLOAT NOT NULL,
  modified FLOAT, mode INTEGER, remote_addr VARCHAR, text VARCHAR NOT NULL, author VARCHAR, email VARCHAR,
  website VARCHAR, likes INTEGER DEFAULT 0, dislikes INTEGER DEFAULT 0, voters BLOB NOT NULL,
  notification INTEGER DEFAULT 0);
CREATE TABLE preferences (key VARCHAR PRIMARY KEY, value VARCHAR);
PRAGMA user_version = 5;
"""
"""As Isso 0.14 makes them, so that it needn't bring them up to date."""


def install(folder: Path) -> Path:
    """Install Isso, and return its environment's Python."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-qq", *PACKAGES], check=True)
    return python


def copy(ours: Path, theirs: Path) -> None:
    """Write our published comments into a database of Isso's, replies below their topmost comment, as Isso has them."""
    theirs.unlink(missing_ok=True)
    with sqlite3.connect(ours) as source, sqlite3.connect(theirs) as target:
        target.executescript(_TABLES)
        keys = dict(source.execute("SELECT id, key FROM articles"))
        rows = [(at, path(key), key) for at, key in keys.items()]
        target.executemany("INSERT INTO threads VALUES (?, ?, ?)", rows)
        top: dict[int, int] = {}
        written = []
        for comment, article, parent, body, created, up, down in source.execute(
            "SELECT id, article_id, parent_id, body, created_at, up, down FROM comments "
            "WHERE status = 'published' ORDER BY id"
        ):
            top[comment] = top.get(parent, comment) if parent else comment
            above = top[comment] if top[comment] != comment else None
            written.append((article, comment, above, created / 1e6, body, f"Reader {comment % 97}", up + down, down))
        target.executemany(
            "INSERT INTO comments (tid, id, parent, created, mode, remote_addr, text, author, likes, dislikes, voters) "
            "VALUES (?, ?, ?, ?, 1, '127.0.0.0', ?, ?, ?, ?, x'00')",
            written,
        )


def serve_isso(python: Path, database: Path, folder: Path) -> AbstractContextManager[Stand]:
    """Serve a database of Isso's by two workers."""
    port = free_port()
    settings = folder / "isso.cfg"
    settings.write_text(_CONFIGURATION.format(database=database, port=port))
    command = [str(python), "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "-w", str(_WORKERS), "--preload",
               "--no-control-socket", "isso.run"]  # fmt: skip
    return serve(command, port=port, probe=page(SMALL[0]), folder=folder, env={"ISSO_SETTINGS": str(settings)})


def path(key: str) -> str:
    """Return the page that a thread of Isso's belongs to."""
    return f"/{key}/"


def page(key: str = BIG) -> str:
    """Return the address of the first page of a thread: 20 comments with 3 replies each."""
    return f"/?uri={quote(path(key))}&limit=20&nested_limit=3"
