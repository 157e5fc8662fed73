"""Is there room on the disks, and is the newest backup young enough?"""

import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from commentsvc.errors import Malformed
from commentsvc.infra.archive import read_manifest
from commentsvc.queries.health import Finding
from commentsvc.settings import Settings

_LEAST_FREE = 1024**3
_OLDEST_BACKUP_S = 26 * 3600
"""A nightly one, with two hours' grace."""


def examine(settings: Settings, *, now: int) -> Iterator[Finding]:
    """Look at the disks under the data and the backups, and at the newest backup where they are known to be."""
    yield _room("disk", _data(settings), _size_of(settings))
    if settings.backup_dir is not None:
        yield _backups(settings.backup_dir, now=now)
        yield _room("backups' disk", settings.backup_dir, _size_of(settings))


def _room(name: str, folder: Path, size: int) -> Finding:
    """A GB, or as much as the database again if that is more, but never more than half of the disk."""
    there = next((path for path in (folder, *folder.resolve().parents) if path.is_dir()), Path("/"))
    usage = shutil.disk_usage(there)
    wanted = min(max(_LEAST_FREE, size), usage.total // 2)
    said = f"{usage.free / 1e9:.1f} of {usage.total / 1e9:.1f} GB free at {there}"
    advice = (
        f"Keep {wanted / 1e9:.1f} GB free: the database's log and a backup's copy need room. A full disk stops posting."
    )
    return Finding(name, usage.free >= wanted, said, advice)


def _backups(folder: Path, *, now: int) -> Finding:
    advice = "Run `commentsvc backup` by a timer; see docs/operations.md."
    files = sorted(folder.glob("*.zip"), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    if not files:
        return Finding("backups", False, f"there is none at {folder}", advice)
    newest = files[-1]
    age = now / 1e6 - newest.stat().st_mtime
    said = f"{len(files)}, the newest {newest.name} is {age / 3600:.1f} hours old"
    try:
        read_manifest(newest)
    except (Malformed, OSError) as error:
        return Finding("backups", False, str(getattr(error, "message", error)), "Make another, and look at the disk.")
    return Finding("backups", age < _OLDEST_BACKUP_S, said, advice)


def _data(settings: Settings) -> Path:
    file = make_url(settings.resolved_database_url).database if settings.is_embedded else None
    return Path(file).parent if file else settings.data_dir


def _size_of(settings: Settings) -> int:
    file = Path(make_url(settings.resolved_database_url).database or "") if settings.is_embedded else None
    return file.stat().st_size if file and file.is_file() else 0
