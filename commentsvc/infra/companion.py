"""Which process runs beside this one, is started again when it dies, and never outlives it?"""

import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

_AGAIN_AFTER_S = 1.0
_END_WITHIN_S = 8.0

log = structlog.get_logger(__name__)


@contextmanager
def companion(command: Sequence[str]) -> Iterator[None]:
    """Keep the command running until the block ends.

    The command must itself look whether its parent is still there: nothing can be sent after a kill -9 of this process.
    """
    stop = threading.Event()
    keeping = threading.Thread(target=_keep, args=(list(command), stop), name="companion", daemon=True)
    keeping.start()
    try:
        yield
    finally:
        stop.set()
        keeping.join(_END_WITHIN_S + 2 * _AGAIN_AFTER_S)


def _keep(command: list[str], stop: threading.Event) -> None:
    while not stop.is_set():
        process = subprocess.Popen(command)  # noqa: S603
        while process.poll() is None and not stop.wait(_AGAIN_AFTER_S / 4):
            pass
        if not stop.is_set():
            log.error("A companion process ended; it is started again.", code=process.returncode)
            stop.wait(_AGAIN_AFTER_S)
    _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
