"""How fast is the embedded engine, and how much memory does it need? Prints Markdown.

    python -m benchmarks.classifier [--data DIR] [--texts N]

With a folder that holds train/ts_comments.csv (column comment_text) it reads real comments, which are never copied;
otherwise the demo's. Each figure is taken in a process of its own, bound to one core or two.
"""

import argparse
import csv
import os
import random
import re
import statistics
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from commentsvc.cli.results import Table, markdown_table

_DEMO = Path(__file__).parent.parent / "commentsvc" / "actions" / "demo.toml"
_TOKENS = 80
_BATCH = 64
_SENTENCE = re.compile(r"^\s*\w+(?: \([^)]*\))?: (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Input:
    """The texts to measure with, and an article for relevance."""

    texts: Sequence[str]
    title: str
    story: str


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with train/ts_comments.csv")
    parser.add_argument("--texts", type=int, default=1000, help="how many, at most")
    options = parser.parse_args(arguments)
    given = read_input(options.data, options.texts)
    source = "real news comments" if options.data else "the demo's comments"
    words = statistics.median(len(text.split()) for text in given.texts)
    rows = [
        *_apart(_one_text, given, 1),
        *_apart(_batched, given, 1),
        *_apart(_batched, given, 2),
        *_apart(_evidence, given, 1),
        *_apart(_relevance, given, 1),
        *_apart(_memory, given, 1),
        _cold_start(),
    ]
    print(f"{len(given.texts):,} texts ({source}), {words:.0f} words in the middle.\n")
    print(markdown_table(Table("", ("embedded engine", "measured", "line"), rows)))


def read_input(data: Path | None, count: int) -> Input:
    """Read texts, in an order drawn by a fixed seed; the article is the demo's first."""
    demo = tomllib.loads(_DEMO.read_text(encoding="utf-8"))
    if data:
        csv.field_size_limit(10**8)
        with (data / "train" / "ts_comments.csv").open(encoding="utf-8", newline="") as file:
            texts = [row["comment_text"] for row in csv.DictReader(file)]
    else:
        texts = [text for one in demo["articles"] for text in _SENTENCE.findall(one.get("thread", ""))]
    random.Random(1).shuffle(texts)
    article = demo["articles"][0]
    return Input(texts[:count], article["title"], article["body"])


Row = tuple[str, str, str]


def _apart(measure: Callable[[Input, int], list[Row]], given: Input, cores: int) -> list[Row]:
    """Measure in a fresh process that may use so many cores."""
    with get_context("spawn").Pool(1, initializer=_bind, initargs=(cores,)) as pool:
        return pool.apply(measure, (given, cores))


def _bind(cores: int) -> None:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _engine() -> Any:
    from commentsvc.moderation.toxicity import load_engine  # noqa: PLC0415 - memory is measured before and after

    engine = load_engine("embedded", None)
    engine.score(["The first call also warms up."])
    return engine


def _one_text(given: Input, _cores: int) -> list[Row]:
    engine, texts = _engine(), _of_80_tokens(given.texts)
    spent = _times(lambda text: engine.score([text]), texts[:300])
    return [(f"one comment of {_TOKENS} tokens, one core", _spread(spent), "≤ 10 ms")]


def _batched(given: Input, cores: int) -> list[Row]:
    engine = _engine()
    batches = [given.texts[at : at + _BATCH] for at in range(0, len(given.texts), _BATCH)]
    with ThreadPoolExecutor(cores) as pool:
        begun = time.perf_counter()
        list(pool.map(engine.score, batches))
        rate = len(given.texts) / (time.perf_counter() - begun)
    name = "one core" if cores == 1 else f"{cores} cores, {cores} threads"
    return [(f"comments a second, batches of {_BATCH}, {name}", f"{rate:.0f}/s", "≥ 300/s" if cores == 2 else "")]


def _evidence(given: Input, _cores: int) -> list[Row]:
    engine = _engine()
    return [("evidence for one comment", _spread(_times(engine.evidence, given.texts[:200])), "≤ 50 ms")]


def _relevance(given: Input, _cores: int) -> list[Row]:
    from commentsvc.app import build_judge  # noqa: PLC0415
    from commentsvc.moderation.terms import Draft  # noqa: PLC0415
    from commentsvc.settings import Settings  # noqa: PLC0415

    judge = build_judge(Settings(classifier="embedded"))
    drafts = [Draft(text, article_title=given.title, article_text=given.story) for text in given.texts[:200]]
    judge.relevance.score(drafts[0])
    spent = _times(judge.relevance.score, drafts)
    judge.close()
    return [("relevance of one comment, article seen before", _spread(spent), "")]


def _memory(given: Input, _cores: int) -> list[Row]:
    import numpy  # noqa: F401, PLC0415 - every process has it anyway

    before = _resident()
    engine = _engine()
    loaded = _resident()
    engine.score(given.texts[:_BATCH])
    scored = _resident()
    return [("memory that the engine adds: loaded, after a batch", f"{loaded - before}, {scored - before} MB", "")]


def _cold_start() -> Row:
    code = "from commentsvc.moderation.toxicity import load_engine; load_engine('embedded', None).score(['Hello.'])"
    spent = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        spent.append(time.perf_counter() - begun)
    return "from starting Python to the first score", f"{statistics.median(spent):.1f} s", ""


def _of_80_tokens(texts: Sequence[str]) -> list[str]:
    """Cut longer comments, or several in a row, behind the 80th token."""
    from tokenizers import Tokenizer  # noqa: PLC0415

    from commentsvc.moderation.encoder import FOLDER  # noqa: PLC0415

    tokenizer = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    whole = [" ".join(texts[at : at + 10]) for at in range(len(texts))]
    read = [tokenizer.encode(text.lower(), add_special_tokens=False) for text in whole]
    return [text[: one.offsets[_TOKENS - 1][1]] for text, one in zip(whole, read, strict=True) if len(one) >= _TOKENS]


def _times(call: Callable[[Any], object], things: Sequence[Any]) -> list[float]:
    spent = []
    for thing in things:
        begun = time.perf_counter()
        call(thing)
        spent.append((time.perf_counter() - begun) * 1000)
    return sorted(spent)


def _spread(spent: Sequence[float]) -> str:
    return f"{statistics.median(spent):.1f} ms, 99 of 100 within {spent[int(len(spent) * 0.99)]:.1f} ms"


def _resident() -> int:
    """Return this process's resident memory in MB, as Linux counts it; 0 elsewhere."""
    status = Path("/proc/self/status")
    found = re.search(r"VmRSS:\s+(\d+)", status.read_text()) if status.exists() else None
    return int(found[1]) // 1024 if found else 0


if __name__ == "__main__":
    main()
