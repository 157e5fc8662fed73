"""Is a backup whole, also under load, and is nothing put back that isn't?"""

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from commentsvc.cli import main
from commentsvc.settings import Settings
from commentsvc.store import migrate
from commentsvc.store.db import Database
from commentsvc.store.models import Comment
from tests import factories
from tests.conftest import ENGINE, Cast

only_sqlite = pytest.mark.skipif(ENGINE != "sqlite", reason="SQLite's own ways")


@pytest.fixture
def database_url(request: pytest.FixtureRequest, database_url: str) -> str:
    """On PostgreSQL one of its own: nobody else may be connected when it is replaced."""
    if ENGINE == "sqlite":
        return database_url
    url: str = request.getfixturevalue("new_postgres_database")()
    made = Database(url)
    migrate.upgrade(made)
    made.dispose()
    return url


@pytest.fixture(autouse=True)
def environment(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COMMENTSVC_DATA_DIR", str(tmp_path / "data"))
    if ENGINE == "postgresql":
        monkeypatch.setenv("COMMENTSVC_SECRET_KEY", settings.secret_key)


@pytest.fixture
def written(db: Database, cast: Cast) -> int:
    with db.writing() as session:
        story, ada = session.merge(cast.story), session.merge(cast.ada)
        for _ in range(5):
            factories.comment(session, story, ada)
    db.dispose()
    return 5


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def count(url: str) -> int:
    found = Database(url)
    with found.reading() as session:
        number = session.scalar(select(func.count()).select_from(Comment)) or 0
    found.dispose()
    return number


@only_sqlite
def test_backup_under_load_has_all_that_was_acknowledged_before_and_keeps_nobody_waiting(
    db: Database, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acknowledged: list[int] = []
    slowest = [0.0]
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            began = time.monotonic()
            with db.writing() as session:
                made = factories.comment(session, session.merge(cast.story), session.merge(cast.ada))
            slowest[0] = max(slowest[0], time.monotonic() - began)
            acknowledged.append(made.id)

    writers = [threading.Thread(target=write) for _ in range(2)]
    for writer in writers:
        writer.start()
    while len(acknowledged) < 100:
        time.sleep(0.01)
    before = list(acknowledged)
    result = run("backup", tmp_path / "b.zip")
    after = len(acknowledged)
    stop.set()
    for writer in writers:
        writer.join()
    elsewhere = tmp_path / "elsewhere"
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", f"sqlite:///{elsewhere / 'c.db'}")
    monkeypatch.setenv("COMMENTSVC_DATA_DIR", str(elsewhere))
    restored = run("restore", tmp_path / "b.zip")

    assert (result.exit_code, restored.exit_code) == (0, 0), result.output + restored.output
    there = Database(f"sqlite:///{elsewhere / 'c.db'}")
    with there.reading() as session:
        kept = set(session.scalars(select(Comment.id)))
    there.dispose()
    assert set(before) <= kept <= set(acknowledged)
    assert after > len(before)
    # Far from the 15 s after which a writer would give up.
    assert slowest[0] < 10


def test_backup_comes_back_and_says_what_is_in_it(
    written: int, settings: Settings, db: Database, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text("s" * 40)
    file = tmp_path / "b.zip"

    made = run("backup", file)
    with db.writing() as session:
        session.execute(Comment.__table__.update().values(body="spoilt"))
    db.dispose()
    (tmp_path / "data" / "secret_key").write_text("t" * 40)
    refused = run("restore", file)
    done = run("restore", file, "--force")

    assert made.exit_code == 0, made.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert (manifest["revision"], manifest["rows"]["comments"]) == (migrate.newest(), written)
    assert (refused.exit_code, done.exit_code) == (1, 0), done.output
    assert "--force" in refused.stderr
    with db.reading() as session:
        assert "spoilt" not in set(session.scalars(select(Comment.body)))
    if ENGINE == "sqlite":
        assert set(manifest["files"]) == {"database.sqlite", "secret_key"}
        assert (tmp_path / "data" / "secret_key").read_text() == "s" * 40
        assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
        assert next((tmp_path / "data").glob("secret_key.before-*")).read_text() == "t" * 40
        olds = list(tmp_path.glob("test.db.before-*"))
        assert len(olds) == 1, (olds, done.output)
        old = olds[0]
        assert count(f"sqlite:///{old}") == written
    else:
        assert set(manifest["files"]) == {"database.pgdump"}
        assert "COMMENTSVC_SECRET_KEY" in made.output
        with db.writing() as session:
            names = session.scalars(select(func.count()).select_from(Comment)).all()
            kept = done.output.split("the schema ")[1].split(".")[0]
            spoilt = session.connection().exec_driver_sql(f"SELECT body FROM {kept}.comments").scalars().all()
        assert (names, spoilt) == ([written], ["spoilt"] * written)
    assert not list(tmp_path.glob(".commentsvc-backup-*"))


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-200])


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 0x10
    file.write_bytes(content)


def _swap(file: Path) -> None:
    """Put another database under sums that fit: the rows still tell."""
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        members = {name: archive.read(name) for name in manifest["files"]}
    manifest["rows"]["comments"] += 1
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        archive.writestr("manifest.json", json.dumps(manifest))


def _age(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        content = archive.read("manifest.json").replace(migrate.newest().encode(), b"9999")
        database = archive.read("database.sqlite")
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("database.sqlite", database)
        archive.writestr("manifest.json", content)


def _empty(file: Path) -> None:
    file.write_bytes(b"")


def _climb(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("../../climbed", "out")


@only_sqlite
@pytest.mark.parametrize("harm", [_cut, _flip, _swap, _age, _empty, _climb])
def test_harmed_backup_is_refused_and_changes_nothing(
    harm: Callable[[Path], None], written: int, tmp_path: Path
) -> None:
    file = tmp_path / "b.zip"
    assert run("backup", file).exit_code == 0
    harm(file)
    before = {path.name: path.read_bytes() for path in tmp_path.glob("*.db*")}

    result = run("restore", file, "--force")

    assert result.exit_code == 1
    assert len(result.stderr.strip().splitlines()[-1]) > 20
    assert "Error: " in result.stderr
    assert {path.name: path.read_bytes() for path in tmp_path.glob("*.db*")} == before
    assert not (tmp_path / "data").exists() or not list((tmp_path / "data").iterdir())


def test_restore_is_refused_while_somebody_holds_the_database(written: int, db: Database, tmp_path: Path) -> None:
    file = tmp_path / "b.zip"
    assert run("backup", file).exit_code == 0
    opening = "import sys, time; from commentsvc.store.db import Database; d = Database(sys.argv[1]); " \
        "s = d.open(write=False); s.close(); print('open', flush=True); time.sleep(60)"  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", opening, db.url], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        result = run("restore", file, "--force")
        holder.kill()

    assert result.exit_code == 1
    assert "stop" in result.stderr
    assert count(db.url) == written


@only_sqlite
def test_damaged_database_is_never_backed_up_but_can_be_replaced(
    written: int, settings: Settings, tmp_path: Path
) -> None:
    assert run("backup", tmp_path / "good.zip").exit_code == 0
    file = tmp_path / "test.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(file.read_bytes())
    content[4096:8192] = b"\xff" * 4096
    file.write_bytes(content)

    spoilt = run("backup", tmp_path / "bad.zip")
    mended = run("restore", tmp_path / "good.zip", "--force")

    assert (spoilt.exit_code, (tmp_path / "bad.zip").exists()) == (1, False)
    assert mended.exit_code == 0, mended.output
    assert count(settings.database_url) == written


@only_sqlite
def test_kill_leaves_no_half_file_under_the_final_name(written: int, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "test.db")) as connection:
        connection.execute("CREATE TABLE filler AS SELECT randomblob(40000000) AS stuff")
    for seconds in (0.2, 0.5):
        killed = subprocess.Popen(
            [sys.executable, "-m", "commentsvc", "backup", str(tmp_path / "b.zip")],
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=dict(os.environ),
        )  # fmt: skip
        end = time.monotonic() + 20
        while not list(tmp_path.glob(".commentsvc-backup-*/*")) and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(seconds)
        killed.send_signal(signal.SIGKILL)
        was_ready = killed.wait() == 0
        assert was_ready or not (tmp_path / "b.zip").exists()
        for left in tmp_path.glob(".commentsvc-backup-*"):
            os.utime(left, (1, 1))
        assert not was_ready

    assert run("backup", tmp_path / "b.zip").exit_code == 0
    assert not list(tmp_path.glob(".commentsvc-backup-*"))


@only_sqlite
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_restored_files_belong_to_the_service_and_old_logs_are_not_played_into_them(
    written: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret_key").write_text("s" * 40)
    assert run("backup", tmp_path / "b.zip").exit_code == 0
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    os.chown(elsewhere, 4242, 4243)
    (elsewhere / "c.db-wal").write_bytes((tmp_path / "test.db").read_bytes()[:8192])
    monkeypatch.setenv("COMMENTSVC_DATABASE_URL", f"sqlite:///{elsewhere / 'c.db'}")
    monkeypatch.setenv("COMMENTSVC_DATA_DIR", str(elsewhere))

    result = run("restore", tmp_path / "b.zip")

    assert result.exit_code == 0, result.output
    for name in ("c.db", "secret_key"):
        about = (elsewhere / name).stat()
        assert (about.st_uid, about.st_gid, stat.S_IMODE(about.st_mode)) == (4242, 4243, 0o600)
    assert not (elsewhere / "c.db-wal").exists()
    assert count(f"sqlite:///{elsewhere / 'c.db'}") == written


def test_backup_replaces_no_file_unasked(written: int, tmp_path: Path) -> None:
    (tmp_path / "b.zip").write_text("dear")

    result = run("backup", tmp_path / "b.zip")

    assert (result.exit_code, (tmp_path / "b.zip").read_text()) == (1, "dear")
