"""What does every benchmark over HTTP need: a server of its own, a load generator, and the CPU that a request took?"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.postgres import free_port

_TICKS = os.sysconf("SC_CLK_TCK")
_MARK = re.compile(r"^MEASURED requests=(\d+) bad=(\d+) us=(\d+) p50=(\d+) p99=(\d+)$", re.MULTILINE)
_DONE = """
function done(summary, latency, requests)
  print(string.format("MEASURED requests=%d bad=%d us=%d p50=%d p99=%d", summary.requests,
    summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write +
    summary.errors.timeout, summary.duration, latency:percentile(50), latency:percentile(99)))
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What one load did: requests a second, latencies and CPU of the server in milliseconds a request."""

    rate: float
    p50: float
    p99: float
    cpu: float
    count: int
    bad: int
    """Answers other than 2xx and 3xx, and connections that broke."""


@dataclass
class Stand:
    """A server in a process group of its own."""

    process: "subprocess.Popen[bytes]"
    url: str
    start_s: float
    """From starting the process until it answered."""

    def cpu_s(self) -> float:
        """Return the seconds of CPU that its processes have used."""
        return cpu_of(pids_of(self.process.pid))

    def memory_mb(self) -> float:
        """Return what its processes hold, pages that they share counted once (PSS)."""
        total = 0
        for pid in pids_of(self.process.pid):
            found = re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
            total += int(found[1]) if found else 0
        return total / 1000

    def load(self, script: str, *, clients: int, seconds: float) -> Load:
        """Have wrk run a Lua script (its `request`) against it."""
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
            file.write(script + _DONE)
            file.flush()
            before = self.cpu_s()
            done = subprocess.run(
                ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s", file.name,
                 self.url],
                check=False, capture_output=True, text=True,
            )  # fmt: skip
            used = self.cpu_s() - before
        found = _MARK.search(done.stdout)
        if found is None:
            raise SystemExit(f"wrk failed: {done.stdout}{done.stderr}")
        requests, bad, micros, p50, p99 = map(int, found.groups())
        return Load(requests / micros * 1e6, p50 / 1000, p99 / 1000, used / max(1, requests) * 1000, requests, bad)


def pids_of(group: int) -> Iterator[int]:
    """Find the processes of a group: a server's, its workers included."""
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.getpgid(int(entry)) == group:
                    yield int(entry)
            except ProcessLookupError:
                continue


def cpu_of(pids: Iterable[int], *, with_ended: bool = False) -> float:
    """Return the seconds of CPU that processes have used, and those they waited for, if asked (see proc(5))."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += sum(int(field) for field in fields[11 : 15 if with_ended else 13])
    return total / _TICKS


@contextmanager
def serve(
    command: Sequence[str], *, port: int, probe: str, folder: Path, env: Mapping[str, str] | None = None
) -> Iterator[Stand]:
    """Run a server until the block ends; it is there once `probe` answers."""
    url = f"http://127.0.0.1:{port}"
    began = time.perf_counter()
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, **(env or {})}
        )
    try:
        _wait(process, url + probe, folder / "server.log")
        yield Stand(process, url, time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()


def serve_ours(
    database_url: str, folder: Path, *, replay: bool = False, workers: int = 1, **settings: str
) -> AbstractContextManager[Stand]:
    """Serve a database by `commentsvc run`, or with `replay` by the same server with an engine that only replays."""
    port = free_port()
    command = [sys.executable, "-m", "commentsvc", "run", "--port", str(port), "--workers", str(workers)]
    if replay:
        command = [sys.executable, "-m", "benchmarks.replaying", str(port), str(workers)]
    env = {
        "COMMENTSVC_DATABASE_URL": database_url,
        "COMMENTSVC_DATA_DIR": str(folder),
        "COMMENTSVC_BASE_URL": f"http://127.0.0.1:{port}",
        "COMMENTSVC_SECRET_KEY": "benchmarks-only-" + "k" * 32,
        "COMMENTSVC_RATE_LIMITS": "off",
        **{f"COMMENTSVC_{name.upper()}": value for name, value in settings.items()},
    }
    return serve(command, port=port, probe="/healthz", folder=folder, env=env)


def serve_floor(folder: Path) -> AbstractContextManager[Stand]:
    """Serve a constant answer of 10 kB, made by Flask on our server: what nothing made by Flask can be below."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.floor", str(port)]
    return serve(command, port=port, probe="/", folder=folder)


def getting(paths: Sequence[str], headers: Mapping[str, str] | None = None) -> str:
    """Write the script that asks for these paths in turn."""
    listed = ", ".join(f'"{path}"' for path in paths)
    heads = "".join(f'["{name}"] = [[{value}]], ' for name, value in (headers or {}).items())
    return f"""
local paths = {{{listed}}}
local headers = {{{heads}}}
local at = 0
function request()
  at = at % #paths + 1
  return wrk.format("GET", paths[at], headers)
end
"""


def fetch(url: str, headers: Mapping[str, str] | None = None) -> bytes:
    """Get an address once."""
    with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers or {})), timeout=60) as answer:
        content: bytes = answer.read()
        return content


def require_wrk() -> None:
    """Leave with a sentence when the load generator isn't there."""
    if shutil.which("wrk") is None:
        raise SystemExit("This benchmark needs wrk: apt-get install wrk.")


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"The server didn't start: {log.read_text()[-2000:]}") from None
            time.sleep(0.02)
