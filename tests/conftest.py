"""What every test may ask for: a database of its own, an application, the cast, a real server, a browser."""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from sqlalchemy import create_engine, text

from commentsvc.enums import Role
from commentsvc.settings import PREFIX, Settings
from commentsvc.store import migrate
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Person, Site, Table
from tests import factories
from tests.once import made_once
from tests.postgres import running_postgres
from tests.server import Server, prepare, running_server

for _name in [name for name in os.environ if name.startswith(PREFIX)]:
    del os.environ[_name]  # What a developer has set for their own server is not for tests.

ENGINE = os.environ.get("TEST_DATABASE", "sqlite")
if ENGINE not in {"sqlite", "postgresql"}:
    raise pytest.UsageError("TEST_DATABASE may be sqlite or postgresql")

# What asks for no database at all isn't even read there: torch and scikit-learn alone take each process seconds.
collect_ignore = (
    ["benchmarks", "browser/large", "cli/test_classifier.py", "cli/test_evaluate.py", "moderation", "training"]
    if ENGINE == "postgresql"
    else []
)

# What the last test left open would make the next wait.
_END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_EMPTY = "; ".join(
    ("SET LOCAL session_replication_role = replica", *(f"DELETE FROM {name}" for name in Table.metadata.tables))
)
"""Without foreign keys' triggers, so in any order. TRUNCATE of so many small tables takes thirty times as long."""
_RESTART = "SELECT setval(seqrelid, 1, false) FROM pg_sequence"


_KEPT = {"database_url", "live_server", "new_postgres_database", "empty_postgres"}
_LOOP = "tests/browser/test_loop.py"
_SAME = (
    "tests/browser/", "tests/test_cli.py", "tests/test_proxy.py", "tests/test_recovery.py",
    "tests/test_scorer.py", "tests/web/test_accounts.py", "tests/web/test_errors.py", "tests/web/test_hostile_input.py",
    "tests/web/test_matrix.py", "tests/web/test_oidc.py", "tests/web/test_perspective",
    "tests/web/test_signed_tokens.py", "tests/web/test_token.py",
)  # fmt: skip
"""What uses a database, but none of its ways: who may do what, what a process is told, how it dies."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL, run what depends on the database; of the browser's tests the loop that goes through everything.

    The others would only say a second time what they said on SQLite.
    """
    if ENGINE != "postgresql":
        return
    depends = [bool(_KEPT & set(getattr(item, "fixturenames", ()))) for item in items]
    wanted = [
        is_kept and (not item.nodeid.startswith(_SAME) or item.nodeid.startswith(_LOOP))
        for item, is_kept in zip(items, depends, strict=True)
    ]
    config.hook.pytest_deselected(items=[item for item, is_wanted in zip(items, wanted, strict=True) if not is_wanted])
    items[:] = [item for item, is_wanted in zip(items, wanted, strict=True) if is_wanted]


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A test that makes an application configures the logs to write to an output that is closed after the test."""
    yield
    structlog.reset_defaults()


@dataclass(frozen=True)
class Cast:
    """Who is who: ada and bo read, cam manages and eve administers `daily`; dee manages `other`."""

    daily: Site
    other: Site
    story: Article
    ada: Person
    bo: Person
    cam: Person
    eve: Person
    dee: Person


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The address of a PostgreSQL server's `postgres` database, started when first asked for."""
    with running_postgres() as server:
        yield server.url


@pytest.fixture(scope="session")
def new_postgres_database(postgres: str) -> Iterator[Callable[[], str]]:
    """Makes an empty database at each call and returns its address."""
    names: list[str] = []
    engine = create_engine(postgres, isolation_level="AUTOCOMMIT")

    def make() -> str:
        names.append(f"test_{len(names)}")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {names[-1]}"))
        return postgres.removesuffix("/postgres") + "/" + names[-1]

    yield make
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty file that each test copies."""
    path = tmp_path_factory.mktemp("template") / "template.db"
    db = Database(f"sqlite:///{path}")
    migrate.upgrade(db)
    with db.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
    db.dispose()
    return path


@pytest.fixture(scope="session")
def empty_postgres(new_postgres_database: Callable[[], str]) -> Iterator[Callable[[], str]]:
    """A migrated database that the tests of this process use one after the other, emptied by each call."""
    url = new_postgres_database()
    db = Database(url)
    migrate.upgrade(db)
    db.dispose()
    engine = create_engine(url)

    def empty() -> str:
        with engine.begin() as connection:
            connection.exec_driver_sql(_END_OTHERS)
            connection.exec_driver_sql(_EMPTY)
            connection.exec_driver_sql(_RESTART)
        return url

    yield empty
    engine.dispose()


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty, migrated database on the engine that TEST_DATABASE names."""
    if ENGINE == "postgresql":
        empty: Callable[[], str] = request.getfixturevalue("empty_postgres")
        return empty()
    shutil.copyfile(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Settings as an installation has them, but without limits; a test of limits says `rate_limits="on"`."""
    return _settings(database_url, tmp_path)


def _settings(database_url: str, folder: Path) -> Settings:
    return Settings(
        database_url=database_url,
        data_dir=folder / "data",
        secret_key="tests-only-" + "k" * 32,
        base_url="http://127.0.0.1:8000",
        rate_limits="off",
    )


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.dispose()


@pytest.fixture(scope="session")
def shared_judge() -> Iterator[Any]:
    """The judge that an installation has, for all tests that don't bring their own: its models are read once."""
    from commentsvc.app import build_judge

    made = build_judge(Settings(secret_key="tests-only-" + "k" * 32))
    yield made
    made.close()


@pytest.fixture(scope="session")
def shared_app(shared_judge: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The application with all its routes, which each test gives services of its own."""
    from commentsvc.app import create_app

    folder = tmp_path_factory.mktemp("app")
    made = create_app(_settings(f"sqlite:///{folder / 'unused.db'}", folder), judge=shared_judge)
    made.extensions["commentsvc"].db.dispose()
    return made


@pytest.fixture
def app(settings: Settings, shared_app: Any) -> Iterator[Any]:
    from commentsvc.app import services_for

    services = services_for(settings, shared_app.extensions["commentsvc"].judge)
    shared_app.extensions["commentsvc"] = services
    yield shared_app
    services.db.dispose()


@pytest.fixture
def client(app: Any) -> Any:
    return app.test_client()


@pytest.fixture
def cast(db: Database) -> Cast:
    with db.writing() as session:
        daily, other = factories.site(session, "daily"), factories.site(session, "other")
        names = ("Ada Holm", "Bo Lind", "Cam Reyes", "Eve Okoro", "Dee Marsh")
        ada, bo, cam, eve, dee = (
            factories.person(session, name, email=f"{name.split()[0].lower()}@{'other' if i == 4 else 'daily'}.example")
            for i, name in enumerate(names)
        )
        for who, role in ((ada, Role.READER), (bo, Role.READER), (cam, Role.MANAGER), (eve, Role.ADMIN)):
            factories.member(session, who, daily, role)
        factories.member(session, dee, other, Role.MANAGER)
        story = factories.article(session, daily, "story")
    return Cast(daily=daily, other=other, story=story, ada=ada, bo=bo, cam=cam, eve=eve, dee=dee)


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[Path], str]:
    """Puts the demo's database, a file, into a folder and returns its address."""

    def put(folder: Path) -> str:
        made_once(tmp_path_factory, worker_id, "demo", lambda fresh: prepare(address(fresh), 8000), folder)
        return address(folder)

    def address(folder: Path) -> str:
        return f"sqlite:///{folder / 'commentsvc.db'}"

    return put


@pytest.fixture(scope="session")
def live_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, demo_file: Callable[[Path], str]
) -> Iterator[Server]:
    """A real server on a demo database: `.api` and `.pages` are cross-site to each other.

    One for the whole session; a test that writes makes its own articles and people.
    """
    folder = tmp_path_factory.mktemp("live")
    url = request.getfixturevalue("new_postgres_database")() if ENGINE == "postgresql" else demo_file(folder)
    with running_server(url, folder, with_demo=True) as server:
        yield server


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any], browser_type: Any) -> dict[str, Any]:
    """Debian's Chromium, with pop-up blocking and storage partitioning as people have them.

    Playwright switches both off. The list of features that it disables is one long argument, so it is read from a
    browser that was started with it.
    """
    args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
    launch = {**browser_type_launch_args, "executable_path": "/usr/bin/chromium", "args": args}
    probe = browser_type.launch(**launch)
    page = probe.new_page()
    page.goto("chrome://version")
    command_line = page.inner_text("#command_line")
    probe.close()
    (disabled,) = re.findall(r"--disable-features=\S+", command_line)
    kept = disabled.replace("ThirdPartyStoragePartitioning,", "")
    assert kept != disabled
    return {**launch, "args": [*args, kept], "ignore_default_args": ["--disable-popup-blocking", disabled]}


@pytest.fixture(scope="session")
def browser_type(playwright: Any) -> Any:
    return playwright.chromium


@pytest.fixture(scope="session")
def base_url() -> None:
    """Stands in for pytest-base-url's own, which pytest 9 warns of."""
