"""What takes long to make is made once for all processes that test at once."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(
    factory: pytest.TempPathFactory, worker: str, name: str, make: Callable[[Path], None], into: Path
) -> None:
    """Copy what `make` writes into an empty folder into another one; the first process that asks has it made.

    `worker` is xdist's name of the process, "master" when there is but one.
    """
    shared = factory.getbasetemp() if worker == "master" else factory.getbasetemp().parent
    done = shared / f"{name}.done"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            fresh = shared / f"{name}.making"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            make(fresh)
            fresh.rename(shared / name)
            done.touch()
    shutil.copytree(shared / name, into, dirs_exist_ok=True)
