"""What can be asked of commentsvc on the command line?

Exit codes: 0 done, 1 failed with one line on standard error, 2 wrong usage.
"""

import json
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import IO, Any

import click
import structlog
from rich.console import Console
from sqlalchemy import select
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from commentsvc import __version__
from commentsvc.actions import (
    account_changes,
    accounts,
    demonstrating,
    first_run,
    newsrooms,
    second_factors,
    seeding,
    tokens,
)
from commentsvc.actions.accounts import NewAccount
from commentsvc.actions.names import numbered
from commentsvc.app import build_judge, configure_logs
from commentsvc.cli.backup import backup, restore
from commentsvc.cli.bounce import bounce
from commentsvc.cli.classifier import classifier
from commentsvc.cli.doctor import examine
from commentsvc.cli.opening import open_database
from commentsvc.cli.progress import progress
from commentsvc.cli.scorer import scorer, shared_scorer
from commentsvc.enums import Role, Scope, SiteChangeKind
from commentsvc.errors import DomainError, Invalid, Malformed, Misconfigured, NotFound
from commentsvc.infra import measures
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Draft
from commentsvc.queries.sites import get_site
from commentsvc.serve import free_address, serve
from commentsvc.settings import Settings, load_settings
from commentsvc.store import migrate
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Person
from commentsvc.worker import run_worker

_BATCH = 64
_log = structlog.get_logger(__name__)


class _Commands(click.Group):
    """Turns what can go wrong into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DomainError as error:
            raise click.ClickException(error.message) from None
        except (OperationalError, ProgrammingError) as error:
            line = str(error.orig).strip().partition("\n")[0]
            raise click.ClickException(f"The database refused: {line}. `commentsvc doctor` says more.") from None
        except (FileNotFoundError, FileExistsError, NotADirectoryError, PermissionError) as error:
            raise click.ClickException(f"{error.filename}: {error.strerror}.") from None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="commentsvc")
def main() -> None:
    """The comment section a newsroom can run itself."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Processes.")
def run(host: str, port: int, workers: int) -> None:
    """Serve. The embedded database is migrated first and its jobs are done by a thread of the server."""
    settings = load_settings().with_secret()
    if "base_url" not in settings.model_fields_set:
        settings = settings.model_copy(update={"base_url": f"http://127.0.0.1:{port}"})
    host = free_address(host, port)
    configure_logs(settings.log_format)
    with open_database(settings) as db:
        _make_ready(settings, db)
        _say_how_to_set_up(settings, db)
    with measures.share() if workers > 1 else nullcontext(), shared_scorer(settings, workers=workers) as settings:
        _serve(settings, host=host, port=port, workers=workers)


@main.command()
@click.option("--metrics-port", type=click.IntRange(1, 65535), help="Answer Prometheus on this machine at this port.")
def worker(metrics_port: int | None) -> None:
    """Do the jobs of a server whose database isn't the embedded one."""
    settings = load_settings().with_secret()
    configure_logs(settings.log_format)
    if metrics_port:
        measures.publish(metrics_port)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with open_database(settings) as db:
        _make_ready(settings, db)
        judge = build_judge(settings)
        click.echo("The worker is ready.", err=True)
        run_worker(db, judge, stop=stop, settings=settings)


@main.command()
def upgrade() -> None:
    """Bring the database's tables to this version."""
    with open_database(load_settings()) as db:
        before = migrate.current(db)
        after = migrate.upgrade(db)
    click.echo(f"The database is at revision {after}" + (" already." if before == after else "."))


@main.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
def demo(port: int) -> None:
    """Serve a made-up newsroom. A second start keeps its data."""
    settings = load_settings(demo=True, base_url=f"http://127.0.0.1:{port}").with_secret()
    pages = f"http://localhost:{port}"
    host = free_address("127.0.0.1", port)
    with open_database(settings) as db:
        migrate.upgrade(db)
        load_judge = partial(build_judge, settings)
        demonstrating.prepare(db, load_judge, pages=pages, api=settings.base_url, now=now_us())
    click.echo(
        f"\n  The Harbour Gazette  {pages}/\n"
        f"  The managers' side   {settings.base_url}/console\n"
        f"  The API's page       {settings.base_url}/api/docs\n"
        f"  The mails it sends   {settings.base_url}/demo/mails\n\n"
        "  Readers  ada@demo.example, bo@demo.example\n"
        "  Manager  cam@demo.example   Administrator  eve@demo.example   (dee@demo.example manages `other`)\n"
        f"  Password {demonstrating.PASSWORD}\n"
    )
    _serve(settings, host=host, port=port, workers=1)


@main.group()
def site() -> None:
    """Publications that embed comments."""


@site.command("add")
@click.argument("key")
@click.option("--origin", "origins", multiple=True, required=True, help="Such as https://news.example; repeatable.")
@click.option("--name", help="What readers see; the key when absent.")
def add_site(key: str, origins: tuple[str, ...], name: str | None) -> None:
    """Create a site."""
    with _writing() as session:
        made = newsrooms.add_site(session, key, name=name or key, origins=origins, now=now_us())
        newsrooms.log(session, made, SiteChangeKind.CREATED, by=None, now=now_us())
    click.echo(f"The site {key} is ready. Give it a manager: commentsvc manager add EMAIL --site {key}")


@main.group()
def manager() -> None:
    """People who decide about comments."""


@manager.command("add")
@click.argument("email")
@click.option("--site", "key", required=True)
@click.option("--role", type=click.Choice([Role.MANAGER.value, Role.ADMIN.value]), default="manager", show_default=True)
@click.option("--name", help="For a new account; made from the address when absent.")
def add_manager(email: str, key: str, role: str, name: str | None) -> None:
    """Make somebody a manager of a site, and print a link by which they set a password, once, within 72 hours."""
    settings = load_settings().with_secret()
    with _writing(settings) as session:
        now = now_us()
        newsroom = get_site(session, key)
        person = _find_person(session, email) or _open_account(session, email, name, now=now)
        before = accounts.join(session, person, newsroom, now=now).role
        accounts.set_role(session, person, newsroom, Role(role))
        roles = {"before": {"role": before}, "after": {"role": role}}
        newsrooms.log(session, newsroom, SiteChangeKind.ROLE, about=person, by=None, now=now, **roles)
        link = accounts.one_time_link(session, person, base_url=settings.base_url, secret=settings.secret_key, now=now)
    click.echo(link)


@manager.command("second-step-off")
@click.argument("email")
def switch_second_step_off(email: str) -> None:
    """Switch two-step sign-in off for somebody who lost their phone and recovery codes; make sure that it is them."""
    with _writing() as session:
        person = _find_person(session, email)
        if person is None:
            raise NotFound(f"Nobody has the address {email}.")
        second_factors.switch_off(session, person.id)
        account_changes.tell_second_factor(session, person, is_on=False, now=now_us())
    click.echo("Two-step sign-in is off for them. They were told by mail.")


@main.command()
@click.argument("email")
@click.option("--site", "key", required=True)
@click.option("--scope", "words", multiple=True, type=click.Choice([*map(str, Scope)]), help="Only this; repeatable.")
def token(email: str, key: str, words: tuple[str, ...]) -> None:
    """Print a personal API token, and nothing else. It has that person's scopes on the site, or those named by --scope.

    A key that goes into another system's settings, such as Coral's, needs --scope analyze and no more.
    """
    with _writing() as session:
        newsroom = get_site(session, key)
        person = _find_person(session, email)
        if person is None:
            raise NotFound(f"Nobody has the address {email}.")
        scopes = [Scope(word) for word in words]
        made = tokens.issue_token(session, person, newsroom, name="command line", now=now_us(), scopes=scopes)
        facts = {"name": "command line", "scopes": [*map(str, scopes)]}
        newsrooms.log(
            session, newsroom, SiteChangeKind.TOKEN_CREATED, after=facts, about=person, by=None, now=now_us()
        )  # fmt: skip
    click.echo(made)


@main.command()
@click.option("--site", "key", default="demo", show_default=True)
@click.option("--articles", required=True, type=click.IntRange(1, 100_000))
@click.option("--comments", required=True, type=click.IntRange(0, 100_000_000))
@click.option("--seed", "number", default=1, show_default=True, help="The same number makes the same data.")
def seed(key: str, articles: int, comments: int, number: int) -> None:
    """Add synthetic articles and comments."""
    now = now_us()
    with open_database(load_settings()) as db:
        with db.writing() as session:
            newsroom = get_site(session, key)
            plan = seeding.plan(session, newsroom, articles=articles, comments=comments, seed=number, now=now)
        with progress("Seeding", comments) as advance:
            for planted in seeding.plant_all(db, plan):
                advance(planted)
        db.settle()
    seconds = max(0.001, (now_us() - now) / 1e6)
    click.echo(f"{comments:,} comments over {articles:,} articles in {seconds:.1f} s ({comments / seconds:,.0f}/s).")


@main.command()
@click.argument("text", default="-")
@click.option(
    "--article", type=click.File(encoding="utf-8"), help="A text to compare with; its first line is the title."
)
def classify(text: str, article: IO[str] | None) -> None:
    """Score a text, or many.

    Without TEXT, or with -, it reads JSON lines {"text": …} from standard input and answers one JSON object each, in
    order, never the text.
    """
    judge = build_judge(load_settings())
    title, _, story = _read_text(article).partition("\n") if article else ("", "", "")
    lines: Iterable[str] = [text] if text != "-" else _texts(sys.stdin)
    for batch in _batches(lines):
        for answer in _scores(judge, batch, title, story):
            click.echo(json.dumps(answer))
    judge.close()


main.add_command(bounce)
main.add_command(classifier)
main.add_command(scorer)
main.add_command(backup)
main.add_command(restore)


@main.command()
def doctor() -> None:
    """Say what is wrong. Looks at configuration, database, queue, classifier and counters, and says what to do."""
    findings = list(examine())
    console = Console(highlight=False)
    for finding in findings:
        mark = "[green]ok  [/]" if finding.is_well else "[red]BAD [/]"
        console.print(mark, f"[bold]{finding.name}[/]:", finding.message, soft_wrap=True)
        if not finding.is_well and finding.advice:
            console.print(f"     → {finding.advice}", soft_wrap=True)
    bad = [finding.name for finding in findings if not finding.is_well]
    if bad:
        raise click.ClickException(f"{len(bad)} of {len(findings)} are not well: {', '.join(bad)}.")


def _serve(settings: Settings, *, host: str, port: int, workers: int) -> None:
    click.echo(f"Serving at {settings.base_url} (listening on {host}:{port}); Ctrl-C stops it.", err=True)
    serve(settings, host=host, port=port, workers=workers)


def _say_how_to_set_up(settings: Settings, db: Database) -> None:
    """Print the code of the set-up page while there is no site; every start and every server prints the same."""
    with db.writing() as session:
        code = first_run.begin(session, secret=settings.secret_key, now=now_us())
    if code is not None:
        # Not in the address itself: addresses end up in other logs.
        address = f"{settings.base_url}/setup"
        _log.warning("There is no site yet. Open this address and give this code.", address=address, code=code)


def _make_ready(settings: Settings, db: Database) -> None:
    """Migrate the embedded database; refuse to work on another one that isn't at this version."""
    if settings.is_embedded:
        migrate.upgrade(db)
    elif migrate.current(db) != migrate.newest():
        raise Misconfigured("The database isn't at this version's revision; run `commentsvc upgrade` first.")


@contextmanager
def _writing(settings: Settings | None = None) -> Iterator[Session]:
    settings = settings or load_settings()
    with open_database(settings) as db:
        _make_ready(settings, db)
        with db.writing() as session:
            yield session


def _find_person(session: Session, email: str) -> Person | None:
    return session.scalar(select(Person).where(Person.email == accounts.check_email(email)))


def _open_account(session: Session, email: str, name: str | None, *, now: int) -> Person:
    wanted = name or accounts.check_email(email).partition("@")[0].replace(".", " ").title()
    for number in range(1, 100):
        account = NewAccount(numbered(wanted, number), accounts.check_email(email), None)
        try:
            return accounts.open_account(session, account, now=now)
        except Invalid:
            if name:
                raise
    raise Invalid("Choose a name with --name.", field="name")


def _texts(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            text = json.loads(line)["text"]
        except (ValueError, TypeError, KeyError, RecursionError):
            text = None
        if not isinstance(text, str):
            raise Malformed(f'Line {number} isn\'t a JSON object with a "text".')
        yield text


def _read_text(file: IO[str]) -> str:
    try:
        return file.read()
    except UnicodeDecodeError:
        raise Malformed(f"{file.name} isn't UTF-8 text.") from None


def _batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _scores(judge: Judge, texts: list[str], title: str, story: str) -> Iterator[dict[str, Any]]:
    engine = judge.toxicity
    for text, scores in zip(texts, engine.score(texts), strict=True):
        draft = Draft(text, article_title=title.strip(), article_text=story.strip())
        relevance = judge.relevance.score(draft) if title or story else None
        yield {"scores": scores, "relevance": relevance, "engine": engine.name, "version": engine.version}
