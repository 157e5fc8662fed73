"""Do the migrations lead to the tables that the models describe, up and down, on both engines?"""

import multiprocessing
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import func, inspect, select, text

from commentsvc.actions import seeding
from commentsvc.enums import Status
from commentsvc.store import fulltext, migrate
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Table
from tests import factories

ENGINES = ("sqlite", "postgresql")


@pytest.fixture(params=ENGINES)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without tables, on each engine whatever TEST_DATABASE says."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    make: Callable[[], str] = request.getfixturevalue("new_postgres_database")
    return make()


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    db = Database(empty_url)
    yield db
    db.dispose()


def test_upgrade_makes_the_tables_of_the_models(empty: Database) -> None:
    revision = migrate.upgrade(empty)

    with empty.reading() as session:
        # The full-text index is the database's own affair: no model describes it.
        opts = {"compare_type": True, "include_name": lambda name, *_: not fulltext.is_index(name)}
        context = MigrationContext.configure(session.connection(), opts=opts)
        assert compare_metadata(context, Table.metadata) == []
    assert revision == migrate.newest() == migrate.current(empty)


def test_upgrade_makes_partial_indexes_with_their_conditions(empty: Database) -> None:
    migrate.upgrade(empty)

    sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    if not empty.is_sqlite:
        sql = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"
    with empty.reading() as session:
        partial = [row for row in session.scalars(text(sql)) if " WHERE " in row]
    key = "sqlite" if empty.is_sqlite else "postgresql"
    wanted = [
        index
        for table in Table.metadata.sorted_tables
        for index in table.indexes
        if index.dialect_options[key]["where"] is not None
    ]
    assert len(partial) == len(wanted) > 10


def test_upgrade_twice_changes_nothing(empty: Database) -> None:
    migrate.upgrade(empty)
    with empty.writing() as session:
        factories.site(session, "kept")

    migrate.upgrade(empty)

    with empty.reading() as session:
        assert session.scalar(text("SELECT key FROM sites")) == "kept"


def test_down_and_up_again_work_on_a_populated_database(empty: Database) -> None:
    migrate.upgrade(empty)
    _populate(empty)

    migrate.downgrade(empty, "base")

    with empty.reading() as session:
        assert inspect(session.connection()).get_table_names() == ["alembic_version"]
    assert migrate.current(empty) is None
    migrate.upgrade(empty)
    assert _populate(empty) == 200


def test_current_of_an_empty_database_is_none(empty: Database) -> None:
    assert migrate.current(empty) is None


def test_foreign_keys_hold_after_a_migration(empty: Database) -> None:
    migrate.upgrade(empty)

    with pytest.raises(Exception, match=r"(?i)foreign key"), empty.writing() as session:
        session.execute(text("INSERT INTO origins (site_id, origin) VALUES (77, 'https://nobody.example')"))


def test_processes_that_start_at_once_migrate_once(empty_url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    results = spawn.Queue()
    processes = [spawn.Process(target=_upgrade, args=(empty_url, results)) for _ in range(3)]
    for process in processes:
        process.start()

    answers = [results.get(timeout=60) for _ in processes]

    for process in processes:
        process.join(30)
    assert answers == [migrate.newest()] * 3


def _upgrade(url: str, results: "multiprocessing.Queue[str]") -> None:
    db = Database(url)
    try:
        results.put(migrate.upgrade(db))
    except Exception as error:
        results.put(repr(error))
    db.dispose()


def _populate(db: Database) -> int:
    with db.writing() as session:
        site = factories.site(session, "daily")
        plan = seeding.plan(session, site, articles=2, comments=200, seed=1, now=now_us())
        for block in plan.blocks():
            seeding.plant(session, plan, block)
        article = factories.article(session, site)
        factories.comment(session, article, factories.person(session), status=Status.HELD)
    with db.reading() as session:
        return (session.scalar(select(func.count()).select_from(Comment)) or 0) - 1
