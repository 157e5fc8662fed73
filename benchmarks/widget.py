"""How long does a reader wait for the comments, on a slow line or a slow phone, and does a long thread stay light?

    python -m benchmarks.widget [--comments N] [--pages N] [--rounds N] [--no-network]

Fills one article by `commentsvc seed`, serves it by `commentsvc run`, and opens a page with the widget on another host
name in Chromium, with nothing cached. The browser slows itself down as its developer tools do. The walk presses "Show
more comments" again and again; memory is what is left after the garbage has been collected. Needs what the browser
tests need.
"""

import argparse
import http.server
import statistics
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright
from sqlalchemy import select

from commentsvc.store import migrate
from commentsvc.store.db import Database
from commentsvc.store.models import Article
from tests import factories
from tests.server import Server, running_server

_KEY = "bench"
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A story</title>
<style>@media (scripting: enabled) {{ article-comments:not(:defined) {{ display: block; min-height: 100vh }} }}</style>
<h1>A story</h1><article-comments site="bench" article="{article}" loading="eager"></article-comments>
<script type="module" src="{api}/embed.js"></script><p>Below it.</p>"""
_WATCH = """window.moved = 0; window.ready = 0; window.busy = 0;
document.addEventListener("comments:ready", () => { window.ready = performance.now(); });
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.moved += one.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) window.busy = Math.max(window.busy, one.duration);
}).observe({ type: "longtask", buffered: true });"""
_TIMES = """() => {
  const script = performance.getEntriesByType("resource").find(({ name }) => name.endsWith("/first.js"));
  return { ready: window.ready, script: script.responseEnd, moved: window.moved, busy: window.busy };
}"""
_MORE = """() => new Promise((done) => {
  const root = document.querySelector("article-comments").shadowRoot;
  const button = root.querySelector(".more");
  const place = button.parentElement;
  const begin = performance.now();
  const look = new MutationObserver(() => {
    if (place.firstElementChild === button || !root.activeElement?.matches("article")) return;
    look.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - begin)));
  });
  look.observe(root, { childList: true, subtree: true });
  button.click();
})"""
_SLOW_3G = {"offline": False, "latency": 2000, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
_3G = {"offline": False, "latency": 562, "downloadThroughput": 180_000, "uploadThroughput": 84_000}
"""As Chromium's developer tools define them: 400 kbit/s with 2 s a request, 1.4 Mbit/s with .56 s a request."""


@dataclass(frozen=True)
class View:
    """One first view: milliseconds from the navigation, bytes received, requests, layout shift."""

    ready: float
    after_script: float
    busy: float
    moved: float
    received: int
    requests: int


@dataclass(frozen=True)
class Step:
    """One press of "Show more": milliseconds, and what the page holds then."""

    wait: float
    heap: float
    nodes: int
    comments: int


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, serve, look, walk and print two tables."""
    args = _arguments(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'widget.db'}"
        with running_server(url, Path(folder)) as server:
            article = _fill(server, url, args.comments)
            with _newspaper(server, article) as address, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
                _report_views(browser, address, args.rounds, with_network=not args.no_network)
                _report_walk(browser, address, args)
                browser.close()


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=10_000, help="how many comments the article has")
    parser.add_argument("--pages", type=int, default=50, help='how often "Show more" is pressed')
    parser.add_argument("--rounds", type=int, default=5, help="how many first views of each kind")
    parser.add_argument("--no-network", action="store_true", help="without the slow lines")
    return parser.parse_args(arguments)


def _fill(server: Server, url: str, comments: int) -> str:
    db = Database(url)
    migrate.upgrade(db)
    with db.writing() as session:
        site = factories.site(session, _KEY)
    seeding = server.command("seed", "--site", _KEY, "--articles", "1", "--comments", str(comments))
    if seeding.wait():
        raise SystemExit(server.log.read_text()[-2000:])
    with db.reading() as session:
        key = session.scalars(select(Article.key).where(Article.site_id == site.id)).one()
    db.dispose()
    return key


@contextmanager
def _newspaper(server: Server, article: str) -> Iterator[str]:
    """Serve the page that embeds the thread, on another name than the service."""
    body = _PAGE.format(article=article, api=server.api).encode()

    class Paper(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    paper = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Paper)
    threading.Thread(target=paper.serve_forever, daemon=True).start()
    yield f"http://localhost:{paper.server_address[1]}/"
    paper.shutdown()
    paper.server_close()


def _report_views(browser: Browser, address: str, rounds: int, *, with_network: bool) -> None:
    kinds: tuple[tuple[str, Mapping[str, Any] | None, int], ...] = (
        ("as it is", None, 1),
        ("CPU four times slower", None, 4),
        ("3G", _3G, 1),
        ("slow 3G", _SLOW_3G, 1),
        ("slow 3G, CPU four times slower", _SLOW_3G, 4),
    )
    print("| first view, nothing cached | comments there | after the script | longest task | shift | received |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, network, slower in kinds if with_network else kinds[:2]:
        # Ten seconds each on a slow line: fewer of those.
        views = [_view(browser, address, network, slower) for _ in range(2 if network else rounds)]
        middle = {
            key: statistics.median(getattr(one, key) for one in views) for key in ("ready", "after_script", "busy")
        }
        moved, last = max(one.moved for one in views), views[-1]
        # What is fetched after the script arrives over the same slow line.
        script = "" if network else f"{middle['after_script']:.0f} ms"
        print(
            f"| {name} | {middle['ready']:,.0f} ms | {script} | {middle['busy']:.0f} ms | {moved:.3f} "
            f"| {last.received / 1000:.1f} kB in {last.requests} requests |"
        )
    print("\nLines: 200 ms after the script with the CPU four times slower, no shift.\n")


def _view(browser: Browser, address: str, network: Mapping[str, Any] | None, slower: int) -> View:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.add_init_script(_WATCH)
    devtools = context.new_cdp_session(page)
    received: list[int] = []
    devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    if network:
        devtools.send("Network.emulateNetworkConditions", dict(network))
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.ready", timeout=120_000)
    page.wait_for_load_state("networkidle")
    times = page.evaluate(_TIMES)
    context.close()
    after = times["ready"] - times["script"]
    return View(times["ready"], after, times["busy"], times["moved"], sum(received), len(received))


def _report_walk(browser: Browser, address: str, args: argparse.Namespace) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Sort by").wait_for()
    devtools = context.new_cdp_session(page)
    devtools.send("Performance.enable")
    steps = [_weighed(page, devtools, 0.0)]
    for _ in range(args.pages):
        if not page.locator("article-comments .more").count():
            break
        steps.append(_weighed(page, devtools, page.evaluate(_MORE)))
    context.close()
    shown = steps[-1].comments
    print(f"{args.comments:,} comments on SQLite; “Show more” {len(steps) - 1} times, {shown:,} comments shown.\n")
    print("| show more | time | memory a comment | elements a comment | memory |\n| --- | ---: | ---: | ---: | ---: |")
    part = max(1, (len(steps) - 1) // 5)
    for begin in range(0, len(steps) - 1, part):
        _print_part(steps[begin : begin + part + 1], begin)


def _print_part(some: Sequence[Step], begin: int) -> None:
    """Print what the pages from the second of these steps on took, and added to the first."""
    more = some[-1].comments - some[0].comments
    if not more:
        return
    wait = statistics.median(one.wait for one in some[1:])
    heap = (some[-1].heap - some[0].heap) / more / 1000
    nodes = (some[-1].nodes - some[0].nodes) / more
    print(
        f"| {begin + 1} to {begin + len(some) - 1} | {wait:.0f} ms | {heap:.1f} kB | {nodes:.0f} "
        f"| {some[-1].heap / 1e6:.1f} MB |"
    )


def _weighed(page: Page, devtools: CDPSession, wait: float) -> Step:
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    found = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    return Step(wait, found["JSHeapUsedSize"], int(found["Nodes"]), page.locator("article-comments article").count())


if __name__ == "__main__":
    main()
