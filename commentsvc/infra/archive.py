"""How is a backup packed into one file that says what is in it, and that shows when it has been damaged?

A ZIP file of the database's copy, the secret key when it is part of it, and last a manifest with everybody's sha256.
"""

import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from commentsvc.errors import Malformed

FORMAT = 1
SECRET = "secret_key"  # noqa: S105 - a member's name
DATABASES = {"sqlite": "database.sqlite", "postgresql": "database.pgdump"}
_MANIFEST = "manifest.json"
_MANIFEST_MOST = 1024 * 1024
_CHUNK = 1024 * 1024

Advance = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive says about itself; `created_at` is RFC 3339, `files` are members' sizes and sums."""

    format: int
    made_by: str
    created_at: str
    engine: str
    server: str
    revision: str
    rows: Mapping[str, int]
    files: Mapping[str, Mapping[str, Any]]

    @property
    def database(self) -> str:
        """The name of the member that is the database."""
        return DATABASES[self.engine]

    @property
    def size(self) -> int:
        """How many bytes its members have, unpacked."""
        return sum(about["bytes"] for about in self.files.values())


def pack(path: Path, about: Mapping[str, Any], members: Mapping[str, Path], *, advance: Advance) -> Manifest:
    """Write a new archive that only its owner can read, and return its manifest; `about` has the rest of that."""
    files: dict[str, dict[str, Any]] = {}
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b") as raw:
        with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name, source in members.items():
                with source.open("rb") as reading, archive.open(_info(name), "w", force_zip64=True) as writing:
                    files[name] = _carry(reading, writing, advance)
            manifest = Manifest(format=FORMAT, files=files, **about)
            archive.writestr(_info(_MANIFEST), json.dumps(asdict(manifest), indent=1))
        raw.flush()
        os.fsync(raw.fileno())
    return manifest


def read_manifest(path: Path) -> Manifest:
    """Read what an archive says about itself, or raise Malformed."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_MANIFEST).file_size > _MANIFEST_MOST:
                raise ValueError("a manifest of this size")
            found = json.loads(archive.read(_MANIFEST))
            names = set(archive.namelist())
        if found.get("format") != FORMAT:
            raise Malformed(f"{path} is a backup of format {found.get('format')}; this version reads {FORMAT}.")
        manifest = Manifest(**found)
        wanted = {manifest.database, *manifest.files}
        if names != wanted | {_MANIFEST} or not wanted <= {manifest.database, SECRET}:
            raise ValueError("other members than it says")
        if not all(isinstance(one["bytes"], int) and isinstance(one["sha256"], str) for one in manifest.files.values()):
            raise ValueError("no sums")
    except FileNotFoundError:
        raise
    except (
        OSError,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        NotImplementedError,
    ):
        raise Malformed(f"{path} isn't a whole backup: it is damaged, cut off, or something else.") from None
    return manifest


def unpack(path: Path, manifest: Manifest, name: str, target: IO[bytes] | None, *, advance: Advance) -> None:
    """Write one member to `target` (or only read it), or raise Malformed when it isn't what the manifest says."""
    about = manifest.files[name]
    try:
        with zipfile.ZipFile(path) as archive, archive.open(name) as reading:
            found = _carry(reading, target, advance, most=about["bytes"])
    except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, NotImplementedError, RuntimeError):
        found = {}
    if found != about:
        raise Malformed(f"{path}: {name} isn't what was packed: the file is damaged.")


def _carry(reading: IO[bytes], writing: IO[bytes] | None, advance: Advance, most: int | None = None) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    while chunk := reading.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
        if most is not None and size > most:
            raise ValueError("more than it says")
        if writing is not None:
            writing.write(chunk)
        advance(len(chunk))
    return {"bytes": size, "sha256": digest.hexdigest()}


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = 0o600 << 16
    return info
