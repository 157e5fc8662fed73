"""How does a Detoxify checkpoint become the engine that judges here?

Each step leaves something that the next run finds: fetched files stay in MODEL_DIR/fetched, a finished export is a
folder of its own, and MODEL_DIR/detoxify-onnx is a link, which is turned in one go.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from tempfile import mkdtemp

from commentsvc.cli.progress import progress
from commentsvc.errors import ClassifierUnavailable, Misconfigured
from commentsvc.infra.fetching import Unreachable, fetch
from commentsvc.moderation.detoxify.about import About, read_about, sum_of, version_of
from commentsvc.moderation.detoxify.releases import Release, verify
from commentsvc.moderation.inventory import DETOXIFY_ONNX

_MB = 1_000_000
_UNFINISHED = ".exporting-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to install: a release, or a checkpoint of one's own under its name.

    `digest` is a whole sha256; `base` is the address of a folder that replaces the published ones.
    """

    release: Release
    checkpoint: Path | None
    config: Path | None
    digest: str | None
    base: str | None


def install(wanted: Wanted, model_dir: Path) -> tuple[About, bool]:
    """Fetch, verify, export, check and activate; return what judges now, and whether anything had to be done."""
    with _alone(model_dir):
        active = _active(wanted, model_dir / DETOXIFY_ONNX)
        if active is not None:
            return active, False
        _require_extra()
        checkpoint, digest = _checkpoint(wanted, model_dir)
        config = wanted.config or _config(wanted, model_dir)
        model = wanted.release.model
        finished = model_dir / f"{DETOXIFY_ONNX}-{version_of(model, digest, 'int8')}"
        about = _whole(finished)
        if about is None:
            shutil.rmtree(finished, ignore_errors=True)
            whole = wanted.digest is not None
            about = export_to(finished, checkpoint, config=config, model=model, digest=digest, whole=whole)
        _activate(finished, model_dir)
    return about, True


def export_to(
    folder: Path, checkpoint: Path, *, config: Path, model: str, digest: str, whole: bool, int8: bool = True
) -> About:
    """Export a verified checkpoint to a new folder, which appears when it is finished and not before.

    `whole` says that the checkpoint's whole sum was given, so that it may bring code.
    """
    _require_extra()
    from commentsvc.moderation.detoxify import exporting  # noqa: PLC0415

    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    # mkdtemp lets nobody else in, and the server may be another user.
    unfinished.chmod(0o755)
    try:
        with progress("Exporting and checking", exporting.STEPS) as advance:
            source = exporting.Checkpoint(checkpoint, config, model, digest, trusted=whole)
            about = exporting.export(source, unfinished, int8=int8, done=lambda: advance(1))
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return about


def _require_extra() -> None:
    # Asked before anything is fetched: half a gigabyte is a long way to a missing package.
    missing = [name for name in ("detoxify", "onnx", "torch", "transformers") if not find_spec(name)]
    if missing:
        raise Misconfigured(f"Exporting needs {', '.join(missing)}: pip install 'commentsvc[detoxify]'.")


def _active(wanted: Wanted, folder: Path) -> About | None:
    """Return what is installed when it is what is wanted, and whole."""
    about = _whole(folder)
    if about is None or about.version != version_of(wanted.release.model, about.checkpoint, about.weights):
        return None
    if wanted.digest or not wanted.checkpoint:
        return about if about.checkpoint.startswith(wanted.digest or wanted.release.sum_start) else None
    return about if about.checkpoint == sum_of(wanted.checkpoint) else None


def _whole(folder: Path) -> About | None:
    """Return what a finished export says of itself when its files are the ones that were exported."""
    try:
        about = read_about(folder)
        return about if all(sum_of(folder / name) == digest for name, digest in about.files.items()) else None
    except ClassifierUnavailable:
        return None


def _checkpoint(wanted: Wanted, model_dir: Path) -> tuple[Path, str]:
    if wanted.checkpoint:
        return wanted.checkpoint, verify(wanted.checkpoint, expected=wanted.digest, release=wanted.release)
    path = _fetched(wanted, model_dir) / wanted.release.name
    if not path.exists():
        _fetch(wanted, f"{wanted.base or wanted.release.checkpoints}/{wanted.release.name}", path)
    try:
        return path, verify(path, expected=wanted.digest, release=wanted.release)
    except Misconfigured as error:
        # Kept, it would be found again by every later run.
        path.unlink()
        raise Misconfigured(f"{error.message} What was fetched is removed; run the command again.") from None


def _config(wanted: Wanted, model_dir: Path) -> Path:
    folder = _fetched(wanted, model_dir) / "config"
    for name in wanted.release.config_files:
        if not (folder / name).exists():
            _fetch(wanted, f"{wanted.base or wanted.release.config_url}/{name}", folder / name)
    return folder


def _fetched(wanted: Wanted, model_dir: Path) -> Path:
    return model_dir / "fetched" / wanted.release.model


def _fetch(wanted: Wanted, url: str, path: Path) -> None:
    steps = fetch(url, path)
    try:
        first = next(steps)
        # Shown in MB: the bar counts whole numbers, and nobody reads bytes.
        with progress(f"Fetching {path.name} (MB)", first.total // _MB) as advance:
            shown = 0
            for step in chain([first], steps):
                advance(step.done // _MB - shown)
                shown = step.done // _MB
    except Unreachable as error:
        raise Unreachable(f"{error.message} {_by_hand(wanted.release)}") from None


def _by_hand(release: Release) -> str:
    return (
        f"Run the command again to go on, or fetch on another machine {release.checkpoint_url} and, into a folder DIR, "
        f"{', '.join(release.config_files)} from {release.config_url}/; then run "
        f"`commentsvc classifier install detoxify --model {release.model} --checkpoint {release.name} --config DIR`."
    )


@contextmanager
def _alone(model_dir: Path) -> Iterator[None]:
    """Keep a second install out, and take away what a killed one left unfinished."""
    model_dir.mkdir(parents=True, exist_ok=True)
    with (model_dir / ".installing").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Misconfigured(f"Another install is at work in {model_dir}.") from None
        for left in model_dir.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _activate(finished: Path, model_dir: Path) -> None:
    """Turn the link to a finished export, then remove the earlier ones: a server has read its own into memory."""
    active = model_dir / DETOXIFY_ONNX
    if active.exists() and not active.is_symlink():
        # Put there by hand. A folder can't be replaced by a link in one go.
        active.rename(model_dir / f"{DETOXIFY_ONNX}-before")
    turned = model_dir / ".turned"
    turned.unlink(missing_ok=True)
    turned.symlink_to(finished.name, target_is_directory=True)
    turned.replace(active)
    for earlier in model_dir.glob(f"{DETOXIFY_ONNX}-*"):
        if earlier != finished:
            shutil.rmtree(earlier)
