"""Does the jobs table earn its place beside procrastinate? The same jobs before the same PostgreSQL.

    python -m benchmarks.jobs [--jobs N] [--waits N] [--alone]

Both ask for jobs in a transaction of the caller's, one worker does them one by one, and a job does nothing; then an
idle worker is asked for single jobs. procrastinate comes from PyPI, into an environment of its own. What this doesn't
show: our table is the same on SQLite, takes up to 32 jobs of a name together (a model's batch), and gives a dead
worker's job to another by itself.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks.tables import Table
from commentsvc.infra import jobs
from commentsvc.moderation.pipeline import Judge
from commentsvc.store import migrate
from commentsvc.store.db import Database, now_us
from commentsvc.worker import run_next, run_worker
from tests.postgres import running_postgres

PACKAGES = ("procrastinate[psycopg]==3.5.3", "psycopg[binary]")
_NAME = "nothing"
_WAIT_S = 0.7
_THEIRS = """
import asyncio, json, sys, time
import procrastinate, psycopg

url, count, waits, pause = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url, kwargs={}))
began = []

@app.task(name="nothing")
async def nothing(number):
    began.append(time.monotonic())

async def main():
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        start = time.perf_counter()
        for number in range(count):
            await nothing.defer_async(number=number)
        asked = (time.perf_counter() - start) / count
        start = time.perf_counter()
        await app.run_worker_async(wait=False, concurrency=1, install_signal_handlers=False)
        done = (time.perf_counter() - start) / count
        assert len(began) == count
        worker = asyncio.create_task(app.run_worker_async(concurrency=1, install_signal_handlers=False))
        await asyncio.sleep(1)
        took = []
        for number in range(waits):
            began.clear()
            sent = time.monotonic()
            await nothing.defer_async(number=number)
            while not began:
                await asyncio.sleep(0.001)
            took.append(began[0] - sent)
            await asyncio.sleep(pause)
        worker.cancel()
        print(json.dumps({"asked": asked, "done": done, "waits": took}))
        try:
            await worker
        except asyncio.CancelledError:
            pass

asyncio.run(main())
"""


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds: to ask for a job, to do one of many, and until an idle worker began a single one."""

    asked: float
    done: float
    waits: Sequence[float]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run both and print one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2_000)
    parser.add_argument("--waits", type=int, default=20)
    parser.add_argument("--alone", action="store_true", help="without procrastinate")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name, running_postgres() as server:
        found = {"ours": _ours(server.url, options.jobs, options.waits)}
        if not options.alone:
            found["procrastinate 3.5.3"] = _theirs(Path(name), server.url, options.jobs, options.waits)
    table = Table("", "asked for, ms", "done, ms", "done a second", "begun by an idle worker after, ms")
    for who, one in found.items():
        wait = statistics.median(one.waits) * 1000
        table.add(who, f"{one.asked * 1000:.2f}", f"{one.done * 1000:.2f}", f"{1 / one.done:,.0f}", f"{wait:.0f}")
    print(table.markdown())


def _ours(url: str, count: int, waits: int) -> Found:
    db = Database(url)
    migrate.upgrade(db)
    began: list[float] = []

    def nothing(_db: Database, _judge: Judge, _args: Mapping[str, Any]) -> None:
        began.append(time.monotonic())

    registry = {_NAME: nothing}
    judge = cast(Judge, _NoJudge())
    start = time.perf_counter()
    for _ in range(count):
        _ask(db)
    asked = (time.perf_counter() - start) / count
    start = time.perf_counter()
    while run_next(db, judge, worker="bench", registry=registry):
        pass
    done = (time.perf_counter() - start) / count
    stop = threading.Event()
    worker = threading.Thread(target=run_worker, args=(db, judge), kwargs={"stop": stop, "registry": registry})
    worker.start()
    took = []
    for _ in range(waits):
        began.clear()
        sent = time.monotonic()
        _ask(db)
        while not began:
            time.sleep(0.001)
        took.append(began[0] - sent)
        time.sleep(_WAIT_S)
    stop.set()
    worker.join()
    db.dispose()
    return Found(asked, done, took)


def _ask(db: Database) -> None:
    with db.writing() as session:
        jobs.enqueue(session, _NAME, {"number": 1}, now=now_us())


class _NoJudge:
    """No job here is judged."""

    is_out = True


def _theirs(folder: Path, url: str, count: int, waits: int) -> Found:
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([str(python), "-m", "pip", "install", "-qq", *PACKAGES], check=True)
    plain = url.replace("postgresql+psycopg:", "postgresql:")
    command = [str(python), "-c", _THEIRS, plain, str(count), str(waits), str(_WAIT_S)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Found(**json.loads(answer.stdout.splitlines()[-1]))


if __name__ == "__main__":
    main()
