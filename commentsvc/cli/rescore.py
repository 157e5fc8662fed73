"""How does a command bring scores up to the version of the engine that judges now?"""

import time
from contextlib import closing

import click
from sqlalchemy import select

from commentsvc.actions import rescoring
from commentsvc.app import build_judge
from commentsvc.cli.opening import open_database
from commentsvc.cli.progress import progress
from commentsvc.enums import RescoringState
from commentsvc.errors import ClassifierUnavailable, Misconfigured
from commentsvc.moderation.pipeline import Judge
from commentsvc.queries.sites import get_site
from commentsvc.settings import Settings, load_settings
from commentsvc.store import migrate
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Rescoring, Site
from commentsvc.worker import run_next, worker_name

_LOOK_S = 0.3


@click.command()
@click.option("--site", "key", help="One site; all of them when absent.")
@click.option(
    "--days", default=rescoring.DAYS, show_default=True, type=click.IntRange(0, 36_500),
    help="How far back published comments are scored; those with an open case always are.",
)  # fmt: skip
def rescore(key: str | None, days: int) -> None:
    """Bring scores that another version made up to the engine's, here and now, with a progress bar.

    It is the same work that a server or worker begins by itself when the version changes, and may be stopped at any
    time: it goes on there, or here when it is asked for again.
    """
    settings = load_settings()
    with open_database(settings) as db:
        _rescore(settings, db, key, days)


def _rescore(settings: Settings, db: Database, key: str | None, days: int) -> None:
    if migrate.current(db) != migrate.newest():
        raise Misconfigured("The database isn't at this version's revision; run `commentsvc upgrade` first.")
    with closing(build_judge(settings)) as judge:
        if judge.is_out:
            raise ClassifierUnavailable(f"The classifier doesn't answer: {judge.describe()['why']}.")
        for site_key, number in _begin(db, judge, key, days).items():
            _finish(db, judge, site_key, number)


def _begin(db: Database, judge: Judge, key: str | None, days: int) -> dict[str, int]:
    engine = judge.toxicity
    with db.writing() as session:
        sites = [get_site(session, key)] if key else session.scalars(select(Site).order_by(Site.key)).all()
        return {
            site.key: rescoring.begin_site(
                session, site.id, engine=engine.name, version=engine.version, days=days, now=now_us()
            )
            for site in sites
        }


def _finish(db: Database, judge: Judge, site_key: str, number: int) -> None:
    """Do the rescoring's job, or watch while a worker does it, until it is over."""
    worker = worker_name()
    found = _read(db, number)
    while found.total is None and found.state == RescoringState.OPEN:
        found = _go_on(db, judge, worker, number)
    with progress(f"Rescoring {site_key}", found.total or 0) as advance:
        advance(shown := found.done)
        while found.state == RescoringState.OPEN:
            found = _go_on(db, judge, worker, number)
            advance(found.done - shown)
            shown = found.done
    if found.state == RescoringState.REPLACED:
        raise ClassifierUnavailable(f"Another process has begun to rescore {site_key} with another version.")
    click.echo(
        f"{site_key}: {found.done:,} comments scored by {found.engine} {found.version}; "
        f"{found.freed:,} held ones published, {found.flagged:,} published ones put into the queue."
    )


def _go_on(db: Database, judge: Judge, worker: str, number: int) -> Rescoring:
    if not run_next(db, judge, worker=worker, name=rescoring.JOB):
        time.sleep(_LOOK_S)
    return _read(db, number)


def _read(db: Database, number: int) -> Rescoring:
    with db.reading() as session:
        return session.get_one(Rescoring, number)
