"""Are a model's files there, and those that were shipped?"""

from hashlib import sha256
from pathlib import Path

FOLDER = Path(__file__).parent / "model"
"""Where the embedded models lie, with a list of their sums."""
SUMS = "SHA256SUMS"

Stamp = dict[str, tuple[int, int]]
"""Size and time of change of each file: what looking often costs little for."""


def write_sums(folder: Path) -> Path:
    """Write the list of a folder's files with their sha256, as `sha256sum` would, and return where it is."""
    path = folder / SUMS
    lines = [f"{_sum_of(file)}  {file.name}\n" for file in _files(folder)]
    path.write_text("".join(lines), encoding="ascii")
    return path


def problems(folder: Path) -> list[str]:
    """Return what is wrong with a folder's files, one clause each: missing, unreadable, or not the ones listed."""
    try:
        listed = (folder / SUMS).read_text(encoding="ascii", errors="replace")
    except OSError:
        return [f"the list of sums {SUMS} is missing"]
    return [wrong for line in listed.splitlines() if (wrong := _problem(folder, line))]


def stamp(folder: Path) -> Stamp:
    """Return the state of all files below a folder; empty when there is none."""
    found: Stamp = {}
    for path in sorted(folder.rglob("*")):
        try:
            kept = path.stat()
        except OSError:
            continue
        if path.is_file():
            found[str(path.relative_to(folder))] = (kept.st_size, kept.st_mtime_ns)
    return found


def _problem(folder: Path, line: str) -> str:
    wanted, _, name = line.partition("  ")
    try:
        found = _sum_of(folder / name)
    except FileNotFoundError:
        return f"the model file {name} is missing"
    except OSError as error:
        return f"the model file {name} can't be read ({error.strerror})"
    return "" if found == wanted else f"the model file {name} is damaged: its sha256 isn't the one it was shipped with"


def _sum_of(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.is_file() and file.name != SUMS)
