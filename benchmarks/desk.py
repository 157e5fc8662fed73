"""How long does a manager wait at the desk, with 100,000 open cases behind the one that is shown?

    python -m benchmarks.desk [--cases N] [--comments N] [--decisions N]

Fills a site by `commentsvc seed`, opens cases about more of its comments until there are so many, serves it by
`commentsvc run`, and works through the queue with the keyboard alone, in Chromium. The browser itself takes the times:
from the key going down until the next card's text is in the document. Needs what the browser tests need.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, insert, literal, select, update

from benchmarks.stand import cpu_of, pids_of
from commentsvc.actions.cases import DAY_US
from commentsvc.enums import Guideline, Reason, Role
from commentsvc.store import migrate
from commentsvc.store.db import Database
from commentsvc.store.models import OPEN, PUBLISHED, Article, Case, Comment
from tests import factories
from tests.server import Server, running_server

_KEY = "desk"
_EMAIL = "keeper@desk.example"
_GLANCE = 0.3
"""Seconds before the first key of a case: less than anybody needs to read one."""
_WATCH = """() => {
  window.__waits = [];
  const card = document.querySelector("#card");
  const shown = () => card.querySelector("[data-case]")?.dataset.case;
  let begin = null, before = null;
  document.addEventListener("keydown", () => {
    if (begin === null) { begin = performance.now(); before = shown(); }
  }, true);
  new MutationObserver(() => {
    if (begin !== null && shown() !== before && card.querySelector(".body")?.textContent) {
      window.__waits.push(performance.now() - begin);
      begin = null;
    }
  }).observe(card, { childList: true, subtree: true });
  window.__again = () => { begin = null; };
}"""


@dataclass(frozen=True)
class Walk:
    """What a walk took: waits in milliseconds, the keys that were pressed, and the seconds of the whole."""

    waits: Sequence[float]
    keys: int
    seconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, serve, walk and print one table."""
    args = _arguments(arguments)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'desk.db'}"
        with running_server(url, Path(folder)) as server:
            cases = _fill(server, url, args)
            _report(server, cases, args.decisions)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=100_000, help="how many open cases")
    parser.add_argument("--comments", type=int, default=1_000_000, help="how many comments")
    parser.add_argument("--decisions", type=int, default=50, help="how many cases to decide")
    return parser.parse_args(arguments)


def _fill(server: Server, url: str, args: argparse.Namespace) -> int:
    db = Database(url)
    migrate.upgrade(db)
    with db.writing() as session:
        site = factories.site(session, _KEY)
        manager = factories.person(session, "Keeper", email=_EMAIL)
        factories.member(session, manager, site, Role.MANAGER)
    seeding = server.command("seed", "--site", _KEY, "--articles", "400", "--comments", str(args.comments))
    if seeding.wait():
        raise SystemExit(server.log.read_text()[-2000:])
    cases = open_more(db, site.id, args.cases)
    db.dispose()
    return cases


def open_more(db: Database, site_id: int, wanted: int) -> int:
    """Open cases about published comments, as a wave of samples would, until so many are open."""
    mine = (Case.site_id == site_id, Case.state == OPEN)
    with db.writing() as session:
        there = session.scalar(select(func.count()).where(*mine)) or 0
        taken = select(Case.comment_id)
        rank = func.log2(0.3 * 12) - literal(1.0) * Comment.created_at / DAY_US
        rows = (
            select(
                Comment.site_id, Comment.article_id, Comment.id, literal(1), literal("open"),
                literal(int(Reason.SAMPLE)), literal(Guideline.ON_TOPIC.value), literal(0.3), literal(12.0), rank,
                Comment.created_at,
            )
            .where(Comment.site_id == site_id, Comment.status == PUBLISHED, Comment.id.not_in(taken))
            .limit(max(0, wanted - there))
        )  # fmt: skip
        columns = ("site_id", "article_id", "comment_id", "version", "state", "reasons", "guideline", "likelihood",
                   "reach", "rank", "opened_at")  # fmt: skip
        session.execute(insert(Case).from_select(columns, rows))
        open_here = select(func.count()).where(Case.article_id == Article.id, Case.state == OPEN).scalar_subquery()
        session.execute(update(Article).where(Article.site_id == site_id).values(open_cases=open_here))
        return session.scalar(select(func.count()).where(*mine)) or 0


def _report(server: Server, cases: int, decisions: int) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        _sign_in(page, server)
        whole, alone = _asked(page, 10)
        cpu = _cpu_ms(page, server)
        page.evaluate(_WATCH)
        reading = _walk(page, [["j"]] * 25)
        hasty = _walk(page, [["j"]] * 25, pause=0.0)
        # One in four is rejected: r, the guideline's digit, Enter.
        deciding = _walk(page, [["r", "3", "Enter"] if at % 4 == 3 else ["a"] for at in range(decisions)])
        browser.close()
    print(f"{cases:,} open cases on SQLite.\n")
    print("| at the desk | measured | line |\n| --- | ---: | ---: |")
    print(f"| key to next card, reading ({len(reading.waits)} times `j`) | {_spread(reading.waits)} | ≤ 50 ms |")
    print(f"| key to next card, deciding {decisions} | {_spread(deciding.waits)} | ≤ 50 ms |")
    print(f"| the same as fast as a machine can press `j` | {_spread(hasty.waits)} |  |")
    print(f"| keys a decision, one in four rejected | {deciding.keys / decisions:.1f} |  |")
    walked = f"{deciding.seconds / decisions * 1000:.0f} ms"
    print(f"| a decision all in all, {_GLANCE * 1000:.0f} ms of looking included | {walked} |  |")
    print(f"| one card from the server | {_spread(alone)} |  |")
    print(f"| the whole page from the server | {_spread(whole)} |  |")
    print(f"| the server's CPU for a whole page | {cpu:.0f} ms | ≤ 30 ms |")


def _sign_in(page: Page, server: Server) -> None:
    page.goto(f"{server.api}/console/{_KEY}")
    page.get_by_label("E-mail").fill(_EMAIL)
    page.get_by_label("Password").fill(factories.PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**/console/{_KEY}**")
    page.wait_for_load_state("networkidle")


def _walk(page: Page, steps: Sequence[Sequence[str]], *, pause: float = _GLANCE) -> Walk:
    """Press the keys of each step after a glance at the card; the last key's wait is what counts."""
    page.evaluate("window.__waits = []")
    begin = time.perf_counter()
    for at, keys in enumerate(steps):
        time.sleep(pause)
        for key in keys:
            page.evaluate("window.__again()")
            page.keyboard.press(key)
        page.wait_for_function("count => window.__waits.length >= count", arg=at + 1, polling=5)
    seconds = time.perf_counter() - begin
    waits: list[float] = page.evaluate("window.__waits")
    return Walk(waits, sum(len(keys) for keys in steps), seconds)


def _asked(page: Page, times: int) -> tuple[list[float], list[float]]:
    """Time the server's answers as the browser's own script asks for them: the whole page, one card."""
    address = page.locator(".entry").nth(7).get_attribute("href")
    script = """async ([url, part]) => {
      const begin = performance.now();
      await (await fetch(url, { headers: part ? { "X-Part": "card" } : {} })).text();
      return performance.now() - begin;
    }"""
    taken: list[Any] = [[page.evaluate(script, [address, part]) for _ in range(times)] for part in (False, True)]
    return taken[0], taken[1]


def _cpu_ms(page: Page, server: Server, times: int = 40) -> float:
    """Return the CPU that the server needs for the whole page, the first time included, in milliseconds."""
    group = server.processes[0].pid
    before = cpu_of(pids_of(group))
    address = page.url
    for _ in range(times):
        page.evaluate("async (url) => { await (await fetch(url)).text(); }", address)
    return (cpu_of(pids_of(group)) - before) / times * 1000


def _spread(times: Sequence[float]) -> str:
    ordered = sorted(times)
    late = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.0f} ms, 95 % within {late:.0f} ms, worst {ordered[-1]:.0f} ms"


if __name__ == "__main__":
    main()
