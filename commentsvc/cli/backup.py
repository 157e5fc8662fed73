"""How is an installation saved into one file, and brought back from it?"""

import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from sqlalchemy import func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from commentsvc import __version__
from commentsvc.cli.opening import open_database
from commentsvc.cli.progress import progress
from commentsvc.errors import Conflict, Malformed
from commentsvc.infra import archive
from commentsvc.infra.archive import Manifest
from commentsvc.queries import health
from commentsvc.settings import Settings, load_settings
from commentsvc.store import copying, dumping, migrate
from commentsvc.store.db import Database
from commentsvc.store.models import Table

_WORK = ".commentsvc-backup-"
_ABANDONED_S = 24 * 3600
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--without-secret-key", is_flag=True, help="Leave out the key; keep it elsewhere.")
def backup(file: Path, force: bool, without_secret_key: bool) -> None:
    """Save the database, while it serves, into one archive that only you can read.

    In it: the whole database at one moment, the secret key that was generated into DATA_DIR, and a manifest with
    versions, rows and sums. NOT in it: models in MODEL_DIR, settings, and a secret key that is set as
    COMMENTSVC_SECRET_KEY. Nobody who writes waits for it. The copy is checked before FILE appears, whole or not at all.
    """
    settings = load_settings()
    if file.exists() and not force:
        raise Conflict(f"{file} is there already; name another file, or give --force.")
    with _one_line(), _workplace(file.resolve().parent) as folder:
        members: dict[str, Path] = {}
        about = _copy(settings, folder, members)
        key, said = _secret(settings, without=without_secret_key)
        if key:
            members[archive.SECRET] = key
        size = sum(member.stat().st_size for member in members.values())
        ready = folder / "ready"
        with progress("Packing", size) as advance:
            manifest = archive.pack(ready, about, members, advance=advance)
        with progress("Checking", manifest.size) as advance:
            for name in archive.read_manifest(ready).files:
                archive.unpack(ready, manifest, name, None, advance=advance)
        _publish(ready, file, force=force)
    rows = sum(manifest.rows.values())
    click.echo(f"{file}: {rows:,} rows at revision {manifest.revision}, {file.stat().st_size:,} bytes, checked.")
    click.echo(f"{said} Models and settings are not in it.")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--force", is_flag=True, help="Replace a database that is there; it is kept beside the new one.")
def restore(file: Path, force: bool) -> None:
    """Put a backup's database, and its secret key, in the place of this installation's.

    Everything is checked first: the archive's sums, whether this version knows its revision, the database itself.
    Refused while a server or worker holds the database, and without --force when there is one. The one before is kept:
    a SQLite file as NAME.before-TIME, in PostgreSQL as the schema before_TIME. So is another secret key.
    """
    settings = load_settings()
    manifest = archive.read_manifest(file)
    _refuse_foreign(settings, manifest)
    if settings.is_embedded:
        _refuse_taken(_file_of(settings), force=force)
    stamp = datetime.now(UTC).strftime("%Y%m%dt%H%M%S")
    place = _place(settings)
    with _one_line(), _workplace(place) as folder:
        fresh = folder / manifest.database
        with progress("Unpacking", manifest.size) as advance:
            for name in manifest.files:
                with (folder / name).open("xb") as writing:
                    archive.unpack(file, manifest, name, writing, advance=advance)
                    writing.flush()
                    os.fsync(writing.fileno())
        put = _put_sqlite if settings.is_embedded else _put_postgres
        said = put(settings, manifest, fresh, f"before-{stamp}", force=force)
        said += _put_secret(settings, folder / archive.SECRET, f"before-{stamp}")
    click.echo(f"Restored {sum(manifest.rows.values()):,} rows as they were at {manifest.created_at}.{said}")
    if manifest.revision != migrate.newest():
        click.echo("It is of an earlier revision: run `commentsvc upgrade` before you start the server.")


def _copy(settings: Settings, folder: Path, members: dict[str, Path]) -> dict[str, Any]:
    """Copy the database into `folder`, prove the copy, and return what the manifest says of it."""
    engine = "sqlite" if settings.is_embedded else "postgresql"
    copy = members[archive.DATABASES[engine]] = folder / archive.DATABASES[engine]
    about = {"made_by": __version__, "created_at": datetime.now(UTC).isoformat(timespec="seconds"), "engine": engine}
    if settings.is_embedded:
        source = _file_of(settings)
        if not source.exists():
            raise Malformed(f"There is no database at {source}.")
        with ExitStack() as stack:
            copying.copy_database(
                source, copy, begin=lambda pages: stack.enter_context(progress("Copying pages", pages))
            )
        about["server"] = f"SQLite {sqlite3.sqlite_version}"
        return about | _prove(copy)
    with open_database(settings) as db, dumping.snapshot(db) as (session, name):
        about["server"] = f"PostgreSQL {session.scalar(text('SHOW server_version'))}"
        found = _looked_at(session, migrate.current(db))
        click.echo("Dumping the database.", err=True)
        dumping.dump(settings.resolved_database_url, copy, name=name)
    return about | found


def _prove(path: Path) -> dict[str, Any]:
    """Open a copied SQLite file, prove it, and return its revision and rows; raises Malformed."""
    if wrong := copying.problems(path):
        raise Malformed(f"The database is damaged: {wrong}.")
    db = Database(f"sqlite:///{path}")
    try:
        with db.reading() as session:
            found = _looked_at(session, migrate.current(db))
    finally:
        db.dispose()
    copying.settle_file(path)
    return found


def _looked_at(session: Session, revision: str | None) -> dict[str, Any]:
    """Return revision and rows of every table; says, but bears, a kept count that isn't as counted."""
    if revision is None:
        raise Malformed("The database has no tables of ours.")
    there = set(inspect(session.connection()).get_table_names())
    tables = [table for table in Table.metadata.sorted_tables if table.name in there]
    rows = {table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables}
    if revision == migrate.newest():
        for finding in health.counters(session):
            if not finding.is_well:
                click.echo(f"Kept as it is: {finding.name} {finding.message}; see `commentsvc doctor`.", err=True)
    return {"revision": revision, "rows": rows}


def _secret(settings: Settings, *, without: bool) -> tuple[Path | None, str]:
    path = settings.data_dir / archive.SECRET
    if without:
        return None, "The secret key is left out, as asked: keep it, or everybody has to sign in again."
    if settings.secret_key:
        return None, "The secret key is set by COMMENTSVC_SECRET_KEY and not in it: keep it, too."
    if not path.exists():
        return None, "There is no secret key yet, so none is in it."
    return path, "The secret key is in it: guard the file as you guard the server."


def _publish(ready: Path, file: Path, *, force: bool) -> None:
    if force:
        os.replace(ready, file)
    else:
        os.link(ready, file)
    descriptor = os.open(file.resolve().parent, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)


def _refuse_foreign(settings: Settings, manifest: Manifest) -> None:
    ours = "sqlite" if settings.is_embedded else "postgresql"
    if manifest.engine != ours:
        raise Conflict(f"This is a backup of {manifest.engine}; COMMENTSVC_DATABASE_URL names {ours}.")
    if manifest.revision not in migrate.known():
        raise Conflict(
            f"The backup is of revision {manifest.revision}, which this version doesn't know: it was made by "
            f"commentsvc {manifest.made_by}; install that one or a later one."
        )


def _refuse_taken(target: Path, *, force: bool) -> None:
    if target.exists() and not force:
        raise Conflict(
            f"There is a database at {target}; give --force to replace it. It will be kept beside the new one."
        )
    copying.refuse_held(target)


def _put_sqlite(settings: Settings, manifest: Manifest, fresh: Path, stamp: str, *, force: bool) -> str:
    target = _file_of(settings)
    if target.exists():
        shutil.copymode(target, fresh)
    else:
        fresh.chmod(0o600)
    found = _prove(fresh)
    _refuse_other(manifest, found)
    _refuse_taken(target, force=force)
    is_new, kept = not target.exists(), target.with_name(f"{target.name}.{stamp}")
    copying.replace_database(target, fresh, kept)
    return "" if is_new else f" The one before is {kept}."


def _put_postgres(settings: Settings, manifest: Manifest, fresh: Path, stamp: str, *, force: bool) -> str:
    dumping.check(fresh)
    kept = stamp.replace("-", "_")
    with open_database(settings) as db:
        with db.reading() as session:
            dumping.refuse_held(session)
            has_tables = bool(inspect(session.connection()).get_table_names())
        if has_tables and not force:
            raise Conflict(
                "The database has tables; give --force to replace them. They will be kept in another schema."
            )
        db.dispose()
        click.echo("Reading the dump.", err=True)
        dumping.load(settings.resolved_database_url, fresh, kept=kept if has_tables else None)
        with db.reading() as session:
            session.execute(text("SET LOCAL statement_timeout = 0"))
            _refuse_other(manifest, _looked_at(session, migrate.current(db)))
        db.settle()
    return f" What was there is in the schema {kept}." if has_tables else ""


def _refuse_other(manifest: Manifest, found: Mapping[str, Any]) -> None:
    if found["revision"] != manifest.revision or found["rows"] != dict(manifest.rows):
        raise Malformed("The backup's database isn't the one that its manifest describes.")


def _put_secret(settings: Settings, fresh: Path, stamp: str) -> str:
    if not fresh.exists():
        return " The secret key wasn't in it: bring your own, or everybody has to sign in again."
    if settings.secret_key:
        return " Its secret key is not used: COMMENTSVC_SECRET_KEY is set."
    target = settings.data_dir / archive.SECRET
    target.parent.mkdir(parents=True, exist_ok=True)
    said = ""
    if target.exists() and target.read_bytes() != fresh.read_bytes():
        kept = target.with_name(f"{target.name}.{stamp}")
        os.link(target, kept)
        said = f" The secret key before is {kept}."
    fresh.chmod(0o600)
    staged = target.with_name(f".{archive.SECRET}.{stamp}")
    shutil.copy(fresh, staged)  # Another file system than the database's, maybe.
    copying.adopt(staged, like=target.parent)
    os.replace(staged, target)
    return said


@contextmanager
def _one_line() -> Iterator[None]:
    """Say in one line what the disk or SQLite refuses, such as room."""
    try:
        yield
    except sqlite3.Error as error:
        raise click.ClickException(f"SQLite refused: {error}.") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'The disk'}: {error.strerror}.") from None


@contextmanager
def _workplace(parent: Path) -> Iterator[Path]:
    """Make a folder of our own beside the result; what a killed run left there is removed after a day."""
    for left in parent.glob(f"{_WORK}*"):
        if left.stat().st_mtime < time.time() - _ABANDONED_S:
            shutil.rmtree(left, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=_WORK, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _place(settings: Settings) -> Path:
    """Return where a restored database is made ready: on the file system on which it will lie."""
    place = _file_of(settings).parent if settings.is_embedded else settings.data_dir
    place.mkdir(parents=True, exist_ok=True)
    return place.resolve()


def _file_of(settings: Settings) -> Path:
    return Path(make_url(settings.resolved_database_url).database or "")
