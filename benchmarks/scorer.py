"""What does putting calls together bring, and what does one model for all workers save?

    python benchmarks/scorer.py [--data DIR]     DIR/train/ts_comments.csv has the texts; without it they are made up

Calls of one text each, by so many callers at once: texts a second and the slowest of a hundred, the engine asked
directly, through the batcher, and through a scorer in a process of its own; "late" are those given up after two
seconds. Then the memory of `commentsvc run`.
"""

import argparse
import csv
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from commentsvc.errors import ClassifierUnavailable
from commentsvc.infra.scoring import RemoteEngine
from commentsvc.moderation.batching import Batcher, BatchingEngine, usable_cores
from commentsvc.moderation.toxicity import ToxicityEngine, load_engine
from commentsvc.web.scoring import scorer_key

_CALLERS = (1, 8, 32)
_SECRET = "benchmarks-only-" + "k" * 32
_WORDS = (
    "the a of and to in that is it was for on are with as be this have from or had by but some what there "
    "we can were all you your one about how which when not if their said will up other use out many time "
    "people way could like into has look two more write go see number no than first been call who its now "
    "find long down day did get come made may part council ferry budget mayor school traffic tax reader "
    "comment stupid liar ridiculous idiot nonsense hate wrong shame "
)


def main() -> None:
    """Measure and print two tables."""
    args = _arguments()
    texts = _texts(args.data, args.count)
    print(f"{len(texts)} texts of {sum(map(len, texts)) / len(texts):.0f} characters, {usable_cores()} cores\n")
    _print_speed(texts)
    _print_memory()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with train/ts_comments.csv")
    parser.add_argument("--count", type=int, default=600, help="how many texts")
    return parser.parse_args()


def _texts(data: Path | None, count: int) -> list[str]:
    lots = random.Random(1)
    if data is None:
        words = _WORDS.split()
        return [" ".join(lots.choices(words, k=round(lots.lognormvariate(3.3, 0.8)) + 1)) for _ in range(count)]
    csv.field_size_limit(10**8)
    with (data / "train" / "ts_comments.csv").open(encoding="utf-8", newline="") as file:
        rows = [row["comment_text"] for row in csv.DictReader(file)]
    return lots.sample(rows, min(count, len(rows)))


def _print_speed(texts: Sequence[str]) -> None:
    engine = load_engine("embedded", None)
    batcher = Batcher()
    batching = BatchingEngine(engine, batcher)
    engine.score(texts[:50])
    print(f"{'texts/s (ms, 99 of 100)':24}" + "".join(f"{f'{callers} callers':>18}" for callers in _CALLERS))
    with _running("scorer", "--socket", "{folder}/s") as (_, folder):
        remote = RemoteEngine(f"unix:{folder}/s", scorer_key(_SECRET))
        _wait_for(lambda: not remote.why)
        for name, asked in (("engine alone", engine), ("batcher", batching), ("scorer", remote)):
            cells = [_one_by_one(asked, texts, callers) for callers in _CALLERS]
            print(f"{name:24}" + "".join(f"{cell:>18}" for cell in cells))
        remote.close()
    for name, asked in (("engine alone", engine), ("batcher", batching)):
        begun = time.perf_counter()
        asked.score(texts)
        print(f"{name + ', one call':24}{len(texts) / (time.perf_counter() - begun):>12.0f}")
    batcher.close()


def _one_by_one(engine: ToxicityEngine, texts: Sequence[str], callers: int) -> str:
    def ask(text: str) -> float | None:
        begun = time.perf_counter()
        try:
            engine.score([text])
        except ClassifierUnavailable:
            return None
        return time.perf_counter() - begun

    begun = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        found = list(pool.map(ask, texts))
    elapsed = time.perf_counter() - begun
    times = sorted(seconds for seconds in found if seconds is not None)
    late = f", {len(found) - len(times)} late" if len(times) < len(found) else ""
    return f"{len(times) / elapsed:.0f} ({times[int(len(times) * 0.99)] * 1000:.0f}{late})"


def _print_memory() -> None:
    print(f"\n{'memory, MB':24}{'RSS':>12}{'PSS':>12}   (RSS counts shared pages once a process)")
    for workers, is_shared in ((1, False), (2, True), (4, True), (2, False), (4, False)):
        # Without the shared scorer, as many servers of one worker stand in: each has its own model.
        rss, pss = _memory(workers) if is_shared else _memory(1, servers=workers)
        kind = "one scorer" if is_shared else "a model each"
        print(f"{f'{workers} workers, {kind}':24}{rss:>12.0f}{pss:>12.0f}")


def _memory(workers: int, *, servers: int = 1) -> tuple[float, float]:
    """Return the memory of some servers that run at the same time."""
    ports = [_free_port() for _ in range(servers)]
    with ExitStack() as running:
        args = [("run", "--port", str(port), "--workers", str(workers)) for port in ports]
        pids = [running.enter_context(_running(*each))[0].pid for each in args]
        for port in ports:
            _wait_for(partial(_answers, port))
            _warm(port)
        measured = [_measured(pid) for pid in pids]
    return sum(rss for rss, _ in measured), sum(pss for _, pss in measured)


def _warm(port: int) -> None:
    for _ in range(30):
        _answers(port)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return b'"classifier":"ok"' in answer.read()
    except OSError:
        return False


def _measured(pid: int) -> tuple[float, float]:
    """Return resident and proportional memory of a process and all of its descendants, in MB."""
    rss = pss = 0.0
    for one in _family(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            name, _, value = line.partition(":")
            rss += int(value.split()[0]) / 1024 if name == "Rss" else 0
            pss += int(value.split()[0]) / 1024 if name == "Pss" else 0
    return rss, pss


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))


@contextmanager
def _running(*args: str) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    folder = tempfile.mkdtemp(prefix="bench-")
    env: dict[str, Any] = {name: value for name, value in os.environ.items() if not name.startswith("COMMENTSVC_")}
    env |= {"COMMENTSVC_DATA_DIR": folder, "COMMENTSVC_SECRET_KEY": _SECRET}
    command = [sys.executable, "-m", "commentsvc", *(arg.format(folder=folder) for arg in args)]
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        yield process, folder
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        shutil.rmtree(folder)


def _wait_for(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit("It doesn't answer.")
        time.sleep(0.2)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


if __name__ == "__main__":
    main()
