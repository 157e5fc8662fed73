"""How is the model served on its own, for all processes of a machine or for publishers?"""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from commentsvc.infra.companion import companion
from commentsvc.serve import free_address, serve_scorer
from commentsvc.settings import Settings, load_settings

_READY_WITHIN_S = 30.0
_LONGEST_PATH = 100
"""Bytes of a socket's path that every system takes."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True, type=click.IntRange(1, 65535))
@click.option("--socket", "path", type=click.Path(path_type=Path), help="A Unix socket instead of host and port.")
@click.option("--parent", type=int, hidden=True, help="End when this process, which must be the parent, is gone.")
def scorer(host: str, port: int, path: Path | None, parent: int | None) -> None:
    """Hold the model and judge for others: `run` and `worker` with COMMENTSVC_SCORER_URL, and Perspective's clients."""
    settings = load_settings().with_secret()
    if path is None:
        host = free_address(host, port)
    else:
        if len(os.fsencode(path.resolve())) > _LONGEST_PATH:
            raise click.ClickException(f"{path}: a socket's path may have {_LONGEST_PATH} bytes.")
        path.unlink(missing_ok=True)  # Left by one that was killed; a socket can't be listened at twice.
    click.echo(f"The scorer listens at {path or f'{host}:{port}'}; Ctrl-C stops it.", err=True)
    serve_scorer(settings, host=host, port=port, path=path, parent=parent)
    # Everything is closed. Native threads of the server and of the model could still abort a process that unwinds.
    os._exit(0)


@contextmanager
def shared_scorer(settings: Settings, *, workers: int) -> Iterator[Settings]:
    """Start a scorer that several server processes share, where none is set; yield the settings that name it."""
    if workers == 1 or settings.scorer_url:
        yield settings
        return
    with tempfile.TemporaryDirectory(prefix="commentsvc-") as folder:
        path = Path(folder) / "scorer"
        command = [sys.executable, "-m", "commentsvc", "scorer", "--socket", str(path), "--parent", str(os.getpid())]
        with companion(command):
            _wait_for(path)
            yield settings.model_copy(update={"scorer_url": f"unix:{path}"})


def _wait_for(path: Path) -> None:
    """Give the scorer time to load its model; what is posted before would be held."""
    end = time.monotonic() + _READY_WITHIN_S
    while not path.exists():
        if time.monotonic() > end:
            click.echo("The scorer isn't ready yet; comments are held until it is.", err=True)
            return
        time.sleep(0.05)
