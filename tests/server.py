"""A real `commentsvc run`, in a process of its own."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from commentsvc.actions import demonstrating
from commentsvc.app import build_judge
from commentsvc.settings import Settings
from commentsvc.store import migrate
from commentsvc.store.db import Database, now_us
from tests.postgres import free_port


@dataclass
class Server:
    """Where it listens, and how to stop it."""

    port: int
    env: dict[str, str]
    log: Path
    workers: int = 1
    code: Path | None = None
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pages(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self, *, timeout: float = 60) -> None:
        """Start it and wait until it answers."""
        self.processes = [self.command("run", "--port", str(self.port), "--workers", str(self.workers))]
        if self.env["COMMENTSVC_DATABASE_URL"].startswith("postgresql"):
            self.processes.append(self.command("worker"))
        end = time.monotonic() + timeout
        while not self.is_up():
            if self.processes[0].poll() is not None or time.monotonic() > end:
                self.kill()
                raise RuntimeError(f"commentsvc run didn't start:\n{self.log.read_text()[-4000:]}")
            time.sleep(0.1)

    def restart_worker(self) -> None:
        """Kill the worker's process, which there is beside PostgreSQL, and start another."""
        worker = self.processes.pop()
        worker.kill()
        worker.wait(20)
        self.processes.append(self.command("worker"))

    def command(self, *args: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "commentsvc", *args],
                env=self.env,
                cwd=self.code,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def is_up(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.api}/healthz", timeout=2) as answer:
                return answer.status == 200
        except OSError:
            return False

    def stop(self) -> None:
        """Stop it as a service manager would, and wait until it is gone."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(20)

    def kill(self) -> None:
        """Stop it as a power cut would: master, workers and all."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait(20)


@contextmanager
def running_server(
    database_url: str,
    folder: Path,
    *,
    with_demo: bool = False,
    code: Path | None = None,
    workers: int = 1,
    **settings: str,
) -> Iterator[Server]:
    """Serve a database until the block ends; `settings` are COMMENTSVC_ names in lower case.

    `code` is the folder that holds the package to run, when it isn't this one.
    """
    port = free_port()
    prepare(database_url, port if with_demo else None)
    if with_demo:
        settings["demo"] = "true"
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMMENTSVC_")}
    wanted = {
        "database_url": database_url,
        "data_dir": str(folder),
        "base_url": f"http://127.0.0.1:{port}",
        "secret_key": "tests-only-" + "k" * 32,
        "rate_limits": "off",
        **settings,
    }
    env.update({f"COMMENTSVC_{name.upper()}": value for name, value in wanted.items()})
    server = Server(port, env, folder / "server.log", workers, code)
    try:
        server.start()
        yield server
        server.stop()
    finally:
        server.kill()


@contextmanager
def running_scorer(settings: Settings, *args: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a scorer with the embedded engine, which outlives the servers that ask it."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("COMMENTSVC_")}
    env |= {
        "COMMENTSVC_DATABASE_URL": settings.database_url,
        "COMMENTSVC_SECRET_KEY": settings.secret_key,
        "COMMENTSVC_DATA_DIR": str(settings.data_dir),
    }
    process = subprocess.Popen([sys.executable, "-m", "commentsvc", "scorer", *args], env=env)
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


def prepare(database_url: str, demo_port: int | None) -> None:
    """Make the tables, and with a port the demo whose server listens there, unless all that is there."""
    db = Database(database_url)
    migrate.upgrade(db)
    if demo_port is not None:
        pages, api = f"http://localhost:{demo_port}", f"http://127.0.0.1:{demo_port}"
        demonstrating.prepare(db, partial(build_judge, Settings()), pages=pages, api=api, now=now_us())
    db.dispose()


def wait_for(is_so: Callable[[], Any], *, seconds: float = 60) -> None:
    """Ask again and again until it is so; fail when it isn't in time."""
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it didn't happen in time"
        time.sleep(0.05)
