"""What does reading a thread cost, from 20 comments to a million, beside a constant answer and beside Isso?

    python -m benchmarks.reading [--sizes 20,1000,10000,100000,1000000] [--seconds S] [--no-isso] [--plot FILE]

One large thread among twenty small ones on SQLite, one worker, eight clients of wrk. CPU is that of the server's
processes by request: it is what to compare, since rates depend on what else the machine does. `uncached` is
COMMENTSVC_PAGE_CACHE_MB=0: the page as it is made each time. Isso gets the same comments up to 100,000.
"""

import argparse
import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.request import urlopen

import pygal
from pygal.style import Style

from benchmarks import isso
from benchmarks.filling import BIG, SITE, SMALL, fill
from benchmarks.stand import Load, Stand, fetch, getting, require_wrk, serve_floor, serve_ours
from benchmarks.tables import Table, ms
from commentsvc.enums import Sort
from commentsvc.store.paging import Cursor

_PLOT = Path(__file__).parent.parent / "docs" / "images" / "reading.svg"
_FIRST = f"/api/v1/comments?site={SITE}&article={BIG}"
_COUNTS = f"/api/v1/counts?site={SITE}&" + "&".join(f"article={key}" for key in SMALL)
_CLIENTS = 8
_MOST_FOR_ISSO = 100_000
_FURTHER = "MB of memory, a further worker without the model"
_NOBODY = "http://127.0.0.1:9"
_SORTS = [sort for sort in Sort if sort != Sort.BEST]
_STYLE = Style(background="#ffffff", plot_background="#ffffff", colors=("#0072b2", "#d55e00", "#009e73", "#767676"))


@dataclass
class Found:
    """What was measured at one size, by what was asked."""

    size: int
    loads: dict[str, Load] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bench:
    """How long each load lasts, and Isso's Python, if it takes part."""

    seconds: float
    isso: Path | None
    is_brief: bool

    def run(self, stand: Stand, script: str) -> Load:
        """Warm up, and measure."""
        stand.load(script, clients=_CLIENTS, seconds=1)
        return stand.load(script, clients=_CLIENTS, seconds=self.seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure all sizes, print the tables and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="20,1000,10000,100000,1000000")
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--no-isso", action="store_true")
    parser.add_argument("--plot", type=Path, default=_PLOT)
    parser.add_argument("--no-plot", action="store_true")
    parser.add_argument("--brief", action="store_true", help='by "Best" alone, and without a second worker')
    options = parser.parse_args(arguments)
    require_wrk()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        peer = None if options.no_isso else isso.install(folder / "isso")
        bench = Bench(options.seconds, peer, options.brief)
        with serve_floor(folder) as stand:
            floor = bench.run(stand, getting(["/"]))
        found = [_measure(bench, folder / str(size), size) for size in map(int, options.sizes.split(","))]
    _print(floor, found)
    if not options.no_plot:
        options.plot.write_bytes(_plot(floor, found))


def _measure(bench: Bench, folder: Path, size: int) -> Found:
    folder.mkdir()
    database = folder / "bench.db"
    url = f"sqlite:///{database}"
    found = Found(size)
    found.figures["comments a second loaded"] = fill(url, size).rate
    found.figures["MB on disk"] = database.stat().st_size / 1e6
    with serve_ours(url, folder) as stand:
        found.figures["start s"] = stand.start_s
        found.loads["first page, cached"] = bench.run(stand, getting([_FIRST]))
        etag = f'"{_etag(stand)}"'
        found.loads["the same, 304"] = bench.run(stand, getting([_FIRST], {"If-None-Match": etag}))
        found.loads["counts of 20 articles"] = bench.run(stand, getting([_COUNTS]))
        found.figures["MB of memory"] = stand.memory_mb()
    if not bench.is_brief:
        found.figures[_FURTHER] = _further_worker(bench, url, folder)
    with serve_ours(url, folder, page_cache_mb="0") as stand:
        for name, script in _uncached(stand, database, [] if bench.is_brief else _SORTS):
            found.loads[name] = bench.run(stand, script)
    if bench.isso and size <= _MOST_FOR_ISSO:
        isso.copy(database, folder / "isso.db")
        with isso.serve_isso(bench.isso, folder / "isso.db", folder) as stand:
            found.loads["Isso: first page"] = bench.run(stand, getting([isso.page()]))
    return found


def _further_worker(bench: Bench, url: str, folder: Path) -> float:
    """Return the MB that a second worker adds where the model is elsewhere."""
    taken = []
    for workers in (1, 2):
        with serve_ours(url, folder, scorer_url=_NOBODY, workers=workers) as stand:
            bench.run(stand, getting([_FIRST]))
            taken.append(stand.memory_mb())
    return taken[1] - taken[0]


def _uncached(stand: Stand, database: Path, sorts: Sequence[Sort]) -> Iterator[tuple[str, str]]:
    yield "first page, made", getting([_FIRST])
    for sort in sorts:
        yield f"by {sort}, made", getting([f"{_FIRST}&sort={sort}"])
    second = json.loads(fetch(stand.url + _FIRST))["next"]
    if second:
        yield "second page, made", getting([f"{_FIRST}&after={second}"])
        yield "last page, made", getting([f"{_FIRST}&after={last_cursor(database)}"])
    with closing(sqlite3.connect(database)) as source:
        about = "SELECT id FROM comments WHERE article_id = 1 AND "
        answered = source.execute(f"{about} reply_count > 0 ORDER BY reply_count DESC LIMIT 1").fetchone()
        deepest = source.execute(f"{about} status = 'published' ORDER BY depth DESC LIMIT 1").fetchone()
    if answered:
        yield "replies, made", getting([f"/api/v1/comments/{answered[0]}/replies"])
    yield "one comment, made", getting([f"/api/v1/comments/{deepest[0]}"])


def last_cursor(database: Path) -> str:
    """Return the cursor of the last page by "Best": behind the 21st from the end."""
    with closing(sqlite3.connect(database)) as source:
        row = source.execute(
            "SELECT best, id FROM comments WHERE top_of = 1 ORDER BY best, id LIMIT 1 OFFSET 20"
        ).fetchone()
    return Cursor(Sort.BEST, *row).encode()


def _etag(stand: Stand) -> str:
    with urlopen(stand.url + _FIRST, timeout=60) as answer:
        return str(answer.headers["ETag"]).strip('W/"')


def _print(floor: Load, found: Sequence[Found]) -> None:
    sizes = [f"{one.size:,}" for one in found]
    print(f"A constant answer of 10 kB, made by Flask on the same server: {floor.rate:,.0f} a second, "
          f"{ms(floor.cpu)} ms of CPU each.\n")  # fmt: skip
    names = list(dict.fromkeys(name for one in found for name in one.loads))
    written = (
        ("CPU ms a request", _cpu),
        ("requests a second", _rate),
        ("half within ms", _p50),
        ("99 of 100 within ms", _p99),
    )
    for title, write in written:
        table = Table(title, *sizes)
        for name in names:
            table.add(name, *(write(one.loads[name]) if name in one.loads else "–" for one in found))
        print(table.markdown(), end="\n\n")
    table = Table("beside", *sizes)
    for name in found[0].figures:
        table.add(name, *(f"{one.figures[name]:,.1f}" for one in found))
    print(table.markdown(), end="\n\n")
    _print_lines(floor, found)


def _print_lines(floor: Load, found: Sequence[Found]) -> None:
    cached = min(one.loads["first page, cached"].rate for one in found)
    made = [one.loads["first page, made"].cpu for one in found]
    small = next((one for one in found if one.size >= 1_000), found[0])
    large = found[-1]
    grown = large.loads["first page, made"].cpu / small.loads["first page, made"].cpu
    table = Table("line to beat", "measured", "line")
    table.add("cached first page against the constant answer, slowest size", f"{cached / floor.rate:.1f} ×", "≥ 2 ×")
    table.add("a first page that is made, CPU ms, slowest size", ms(max(made)), "≤ 3")
    table.add(f"that at {large.size:,} against {small.size:,} comments", f"{grown:.2f} ×", "≤ 1.3 ×")
    if "last page, made" in large.loads:
        last = large.loads["last page, made"].cpu / large.loads["first page, made"].cpu
        table.add(f"last page against first, at {large.size:,}", f"{last:.2f} ×", "≤ 1.3 ×")
    table.add("counts of 20 articles a second", f"{large.loads['counts of 20 articles'].rate:,.0f}", "≥ 8,000")
    if _FURTHER in large.figures:
        table.add(_FURTHER, f"{max(one.figures[_FURTHER] for one in found):.0f}", "≤ 120")
    loaded = large.figures["comments a second loaded"]
    table.add(f"comments a second loaded, {large.size:,} of them", f"{loaded:,.0f}", "≥ 20,000")
    bad = sum(load.bad for one in found for load in one.loads.values())
    table.add("answers that were no success", f"{bad}", "0")
    print(table.markdown())


def _plot(floor: Load, found: Sequence[Found]) -> bytes:
    chart = pygal.XY(
        style=_STYLE, width=900, height=480, logarithmic=True, xrange=(10, 2_000_000), range=(0.02, 500), title=None,
        js=[], x_title="comments in the thread", y_title="CPU ms a request", disable_xml_declaration=False,
        legend_at_bottom=True, truncate_legend=-1, truncate_label=-1, x_labels=[one.size for one in found],
        y_labels=[0.02, 0.1, 0.5, 1, 5, 10, 50, 100, 500], x_value_formatter=lambda value: f"{value:,.0f}",
        value_formatter=lambda value: f"{value:g}",
    )  # fmt: skip
    series: tuple[tuple[str, Callable[[Found], float | None]], ...] = (
        ("first page, cached", lambda one: one.loads["first page, cached"].cpu),
        ("first page, made", lambda one: one.loads["first page, made"].cpu),
        ("Isso", lambda one: one.loads["Isso: first page"].cpu if "Isso: first page" in one.loads else None),
        ("constant answer", lambda one: floor.cpu),
    )
    for name, read in series:
        points = [(one.size, value) for one in found if (value := read(one)) is not None]
        if points:
            chart.add(name, points)
    drawn: bytes = chart.render()
    return drawn


def _cpu(load: Load) -> str:
    return ms(load.cpu)


def _rate(load: Load) -> str:
    return f"{load.rate:,.0f}"


def _p50(load: Load) -> str:
    return ms(load.p50)


def _p99(load: Load) -> str:
    return ms(load.p99)


if __name__ == "__main__":
    main()
