"""How does a command show how far it is?"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, and a line for each tenth otherwise; yields what takes the steps done."""
    if sys.stderr.isatty():
        columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task(label, total=total)
            yield lambda step: bar.advance(task, step)
        return
    done = shown = 0

    def advance(step: int) -> None:
        nonlocal done, shown
        done += step
        if done * 10 // max(total, 1) > shown:
            shown = done * 10 // max(total, 1)
            click.echo(f"{label}: {done:,} of {total:,}", err=True)

    yield advance
