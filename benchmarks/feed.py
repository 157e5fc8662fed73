"""What does the service make of real comments? Posts two files of them through the public API and reports.

Serve a demo with limits off, then give the files (CSV with a header; they are read, never copied):

    COMMENTSVC_RATE_LIMITS=off commentsvc demo
    python benchmarks/feed.py --rude ts_comments.csv --rude-column comment_text \
        --harmless cat_gn.csv --harmless-column text --manager-token "$(commentsvc token cam@demo.example --site demo)"
"""

import argparse
import csv
import random
import statistics
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

_MAX_LENGTH = 5000
_local = threading.local()


@dataclass(frozen=True)
class Text:
    """One comment to post, and the file it came from."""

    source: str
    body: str


@dataclass(frozen=True)
class Answer:
    """What became of it: the status or the error's code, the guidelines named, and how many seconds it took."""

    source: str
    status: str
    guidelines: tuple[str, ...]
    seconds: float


def main() -> None:
    """Post, wait, and say what happened."""
    args = _arguments()
    csv.field_size_limit(10**8)
    texts = [
        *_read(args.rude, args.rude_column, "rude", args.count),
        *_read(args.harmless, args.harmless_column, "harmless", args.count),
    ]
    random.Random(args.seed).shuffle(texts)
    tokens = [_reader(args.api, number) for number in range(args.readers)]
    begin = time.perf_counter()
    with ThreadPoolExecutor(args.clients) as pool:
        answers = list(pool.map(lambda pair: _post(args, tokens[pair[0] % len(tokens)], pair[1]), enumerate(texts)))
    _report(answers, time.perf_counter() - begin, args.clients)
    if args.manager_token:
        _show_queue(args)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--api", default="http://127.0.0.1:8000")
    parser.add_argument(
        "--page", default="http://localhost:8000/articles/open-thread", help="a page of the site's origin"
    )
    parser.add_argument("--site", default="demo")
    parser.add_argument("--rude", type=Path, required=True)
    parser.add_argument("--rude-column", required=True)
    parser.add_argument("--harmless", type=Path, required=True)
    parser.add_argument("--harmless-column", required=True)
    parser.add_argument("--count", type=int, default=1000, help="how many of each file")
    parser.add_argument("--readers", type=int, default=100, help="how many accounts they are spread over")
    parser.add_argument("--clients", type=int, default=4, help="how many post at once")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--manager-token", default="", help="shows the ten first cards of the queue")
    return parser.parse_args()


def _read(path: Path, column: str, source: str, count: int) -> list[Text]:
    with path.open(encoding="utf-8", newline="") as file:
        bodies = [row[column].strip() for row in csv.DictReader(file)]
    usable = [body for body in bodies if 0 < len(body) <= _MAX_LENGTH]
    return [Text(source, body) for body in usable[:count]]


def _reader(api: str, number: int) -> str:
    mark = f"{time.time_ns():x}{number}"
    account = {"email": f"reader-{mark}@feed.example", "password": f"feed {mark} feed"}
    made = requests.post(f"{api}/api/v1/accounts", json={**account, "name": f"Reader {mark[-8:]}"}, timeout=30)
    made.raise_for_status()
    given = requests.post(f"{api}/api/v1/token", json={"grant_type": "password", "site": "demo", **account}, timeout=30)
    given.raise_for_status()
    return str(given.json()["access_token"])


def _post(args: argparse.Namespace, token: str, text: Text) -> Answer:
    http = getattr(_local, "http", None)
    if http is None:
        http = _local.http = requests.Session()
    article = {"key": "feed", "url": args.page, "title": "Open thread"}
    begin = time.perf_counter()
    answer = http.post(
        f"{args.api}/api/v1/comments",
        json={"site": args.site, "article": article, "body": text.body},
        headers={"Authorization": f"Bearer {token}"},
        timeout=60,
    )
    seconds = time.perf_counter() - begin
    body = answer.json()
    if answer.status_code != 201:
        return Answer(text.source, body["error"]["code"], (), seconds)
    return Answer(text.source, body["status"], tuple(str(r["guideline"]) for r in body.get("reasons", ())), seconds)


def _report(answers: list[Answer], elapsed: float, clients: int) -> None:
    for source in ("rude", "harmless"):
        mine = [answer for answer in answers if answer.source == source]
        statuses = Counter(answer.status for answer in mine)
        named = Counter(guideline for answer in mine for guideline in set(answer.guidelines))
        print(f"{source:9} {len(mine):5} posted: {dict(statuses)}; guidelines named: {dict(named)}")
    times = sorted(answer.seconds * 1000 for answer in answers)
    p99 = times[int(len(times) * 0.99)]
    print(
        f"{len(answers)} posts in {elapsed:.1f} s with {clients} clients: {len(answers) / elapsed:.0f}/s, "
        f"median {statistics.median(times):.0f} ms, p99 {p99:.0f} ms"
    )


def _show_queue(args: argparse.Namespace) -> None:
    answer = requests.get(
        f"{args.api}/api/v1/moderation/cases",
        params={"site": args.site, "limit": "10"},
        headers={"Authorization": f"Bearer {args.manager_token}"},
        timeout=60,
    )
    answer.raise_for_status()
    for case in answer.json()["cases"]:
        _show_case(case)


def _show_case(case: dict[str, Any]) -> None:
    print(f"\n#{case['id']} priority {case['priority']:.2f}, {', '.join(case['reasons'])}")
    print("  " + case["comment"]["body"][:400].replace("\n", " "))
    for signal in case["signals"]:
        if signal.get("score"):
            print(f"  {signal['check']}: {signal['score']:.2f} ({signal.get('engine')} {signal.get('version')})")


if __name__ == "__main__":
    main()
