"""Restarts the demo whenever a source file changes."""

import subprocess
import sys
import time
from pathlib import Path

_WATCHED = ("commentsvc", "templates", "migrations")


def newest() -> float:
    """Return when the youngest source file was written."""
    return max(path.stat().st_mtime for folder in _WATCHED for path in Path(folder).rglob("*") if path.is_file())


def main() -> None:
    """Run until Ctrl-C."""
    while True:
        seen = newest()
        server = subprocess.Popen([sys.executable, "-m", "commentsvc", "demo", *sys.argv[1:]])  # noqa: S603
        try:
            while newest() == seen and server.poll() is None:
                time.sleep(0.5)
            while newest() == seen:
                time.sleep(0.5)
        except KeyboardInterrupt:
            return
        finally:
            server.terminate()
            server.wait()


main()
