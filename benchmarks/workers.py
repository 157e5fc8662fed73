"""How does throughput grow with workers, before PostgreSQL, and when is the database the limit?

    python -m benchmarks.workers [--most N] [--size N] [--seconds S] [--plot FILE]

One thread of 10,000 comments; first pages, votes and comments (with a replayed engine and every check) by sixteen
clients of wrk, at one worker, two, three and so on. wrk, workers and database share this machine's cores, so rates stop
growing when those are used up. How far it would go on is told by where the CPU goes: what a request costs the workers
can be spread over machines, what it costs the database has to fit into one.
"""

import argparse
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pygal
from pygal.style import Style

from benchmarks.filling import BIG, SITE, Filled, fill
from benchmarks.posting import posts, votes
from benchmarks.stand import Load, cpu_of, getting, require_wrk, serve_ours
from benchmarks.tables import Table, ms
from tests.postgres import Postgres, running_postgres

_PLOT = Path(__file__).parent.parent / "docs" / "images" / "workers.svg"
_CLIENTS = 16
_READING, _VOTING, _POSTING = "first page", "vote", "comment"
_STYLE = Style(background="#ffffff", plot_background="#ffffff", colors=("#0072b2", "#d55e00", "#009e73"))


@dataclass(frozen=True, slots=True)
class Found:
    """One load at so many workers, and the milliseconds of the database's CPU that a request took."""

    workers: int
    load: Load
    database_ms: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Fill, serve by more and more workers, load; print the tables and draw the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=4, help="how many workers at most")
    parser.add_argument("--size", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--plot", type=Path, default=_PLOT)
    parser.add_argument("--no-plot", action="store_true")
    options = parser.parse_args(arguments)
    require_wrk()
    found: dict[str, list[Found]] = {_READING: [], _VOTING: [], _POSTING: []}
    with tempfile.TemporaryDirectory() as name, running_postgres() as database:
        filled = fill(database.url, options.size)
        for workers in range(1, options.most + 1):
            with serve_ours(database.url, Path(name), replay=True, workers=workers) as stand:
                for what, rows in found.items():
                    stand.load(_script(what, filled, f"warm {workers}"), clients=_CLIENTS, seconds=1)
                    before = _cpu_s(database)
                    load = stand.load(_script(what, filled, f"w{workers}"), clients=_CLIENTS, seconds=options.seconds)
                    used = (_cpu_s(database) - before) / max(1, load.count) * 1000
                    rows.append(Found(workers, load, used))
    _print(found)
    if not options.no_plot:
        options.plot.write_bytes(_plot(found))


def _script(what: str, filled: Filled, run: str) -> str:
    if what == _READING:
        return getting([f"/api/v1/comments?site={SITE}&article={BIG}"])
    return votes(filled) if what == _VOTING else posts(filled.tokens, run)


def _cpu_s(database: Postgres) -> float:
    """Return what the server and all its backends have used, those that have ended included."""
    return cpu_of(database.processes(), with_ended=True)


def _print(found: Mapping[str, Sequence[Found]]) -> None:
    print(f"{_CLIENTS} clients, {os.cpu_count()} cores for wrk, workers and PostgreSQL together.\n")
    table = Table(
        "what", "workers", "a second", "median ms", "99 of 100 within ms", "CPU ms, workers", "CPU ms, PostgreSQL"
    )
    for what, rows in found.items():
        for one in rows:
            load = one.load
            bad = f" ({load.bad} refused)" if load.bad else ""
            table.add(what, str(one.workers), f"{load.rate:,.0f}{bad}", ms(load.p50), ms(load.p99), ms(load.cpu),
                      ms(one.database_ms))  # fmt: skip
    print(table.markdown(), end="\n\n")
    table = Table("reckoned from that", "a second by a worker's core", "by a core of the database",
                  "workers' cores that one of the database's carries")  # fmt: skip
    for what, rows in found.items():
        least = min(rows, key=lambda one: one.load.cpu)
        web, database = least.load.cpu, least.database_ms
        table.add(what, f"{1000 / web:,.0f}", f"{1000 / database:,.0f}", f"{web / database:.1f}")
    print(table.markdown())


def _plot(found: Mapping[str, Sequence[Found]]) -> bytes:
    chart = pygal.XY(
        style=_STYLE, width=900, height=420, title=None, js=[], x_title="workers", y_title="a second",
        disable_xml_declaration=False, legend_at_bottom=True,
        x_labels=[one.workers for one in found[_READING]], include_x_axis=True,
        x_value_formatter=lambda value: f"{value:.0f}",
    )  # fmt: skip
    for what, rows in found.items():
        chart.add(f"{what}s", [(one.workers, one.load.rate) for one in rows])
    drawn: bytes = chart.render()
    return drawn


if __name__ == "__main__":
    main()
