"""How do all benchmarks run in one go, and their figures get into docs/benchmarks.md?

python -m benchmarks.bench [--data DIR] [--quick] [NAME…]

Each benchmark is a module here that prints its tables. A quick run is too rough to publish: it only prints.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from benchmarks.pages import write_section

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module's name, and how it is told where the data are and to be quick."""

    name: str
    data: Callable[[Path], list[str]]
    quick: tuple[str, ...]


BENCHMARKS = (
    Benchmark("classifier", lambda data: ["--data", str(data)], ("--texts", "200")),
    Benchmark("detoxify_speed", lambda data: ["--data", str(data / "train")], ("--rounds", "1")),
    Benchmark("desk", lambda data: [], ("--cases", "1000", "--comments", "1500", "--decisions", "8")),
    Benchmark("reading", lambda data: [], ("--sizes", "1000", "--seconds", "1", "--no-isso", "--no-plot", "--brief")),
    Benchmark("posting", lambda data: [], ("--seconds", "1", "--replayed")),
    Benchmark("workers", lambda data: [], ("--most", "1", "--size", "1000", "--seconds", "1", "--no-plot")),
    Benchmark("jobs", lambda data: [], ("--jobs", "200", "--waits", "3", "--alone")),
    Benchmark("widget", lambda data: [], ("--comments", "500", "--pages", "5", "--rounds", "1", "--no-network")),
    Benchmark("scorer", lambda data: ["--data", str(data)], ("--count", "80")),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for, or all that there is; return 1 when one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--data", type=Path, help="a folder with train/ts_comments.csv; without it, made-up texts")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--page", type=Path, default=PAGE)
    options = parser.parse_args(arguments)
    present = [one for one in BENCHMARKS if find_spec(f"benchmarks.{one.name}")]
    unknown = set(options.names) - {one.name for one in present}
    if unknown:
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are "
                     f"{', '.join(one.name for one in present)}")  # fmt: skip
    print(describe_machine(), end="\n\n")
    failed = [one.name for one in present if one.name in (options.names or [one.name]) and not _run(one, options)]
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def describe_machine() -> str:
    """Say on what the figures were taken, in one sentence."""
    packages = [f"{name} {_version(name)}" for name in ("onnxruntime", "numpy", "torch") if _version(name)]
    return (
        f"{_cores()} cores, {_cpu()}; Python {platform.python_version()}, {', '.join(packages)}; {platform.system()}."
    )


def _run(one: Benchmark, options: argparse.Namespace) -> bool:
    """Run a benchmark, show what it prints, and keep it in the page unless the run was quick."""
    print(f"## {one.name}\n", flush=True)
    command = [sys.executable, "-m", f"benchmarks.{one.name}"]
    command += one.data(options.data) if options.data else []
    command += one.quick if options.quick else []
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    if done.returncode == 0 and not options.quick:
        write_section(options.page, one.name, f"{describe_machine()}\n\n{_as_markdown(done.stdout)}")
    return done.returncode == 0


def _as_markdown(printed: str) -> str:
    """Leave Markdown tables alone and fence plain ones."""
    is_markdown = re.search(r"^\| ", printed, re.MULTILINE)
    return printed.strip("\n") if is_markdown else f"```\n{printed.strip(chr(10))}\n```"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    described = Path("/proc/cpuinfo")
    found = re.search(r"model name\s*:\s*(.+)", described.read_text()) if described.exists() else None
    return found[1].strip() if found else platform.machine()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


if __name__ == "__main__":
    sys.exit(main())
