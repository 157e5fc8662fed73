"""A throw-away PostgreSQL, in a directory of its own, gone with the tests."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Postgres:
    """An empty server: the address of its `postgres` database, and a way to restart it, which ends every connection."""

    url: str
    data: Path
    restart: Callable[[], None]

    def processes(self) -> list[int]:
        """Return the ids of the server's process and of those that serve a connection each."""
        first = (self.data / "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        return [int(pid) for pid in (first, *children)]


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a server until the block ends."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="commentsvc-pg-"))
    # PostgreSQL refuses to run as root, so root lends the directory to the packaged account.
    as_user = {}
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_user = {"user": "postgres", "group": account.pw_gid, "extra_groups": []}
    data, port = folder / "data", free_port()

    def run(*command: object) -> None:
        subprocess.run([str(part) for part in command], check=True, cwd=folder, capture_output=True, **as_user)

    try:
        run(binaries / "initdb", "-D", data, "-U", "tests", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder}"
        speed = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200"
        run(binaries / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", f"{options} {speed}", "start")
        try:
            yield Postgres(
                f"postgresql+psycopg://tests@127.0.0.1:{port}/postgres",
                data,
                lambda: run(binaries / "pg_ctl", "-D", data, "-m", "fast", "-w", "-l", folder / "log", "restart"),
            )
        finally:
            run(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    """Return a port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _binaries() -> Path:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not versions:
        raise RuntimeError("PostgreSQL isn't installed: apt-get install postgresql")
    return versions[-1].parent
