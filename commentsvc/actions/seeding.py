"""What changes when a newsroom of any size is to be there in seconds? Bulk synthetic data, the same for one seed.

Blocks of comments are made in memory and written by Core inserts. Everything that `decide()` keeps true one by one
(shelves, counts, records, cases) is summed up for the whole block; `doctor` proves it.
"""

from collections.abc import Iterator
from operator import itemgetter
from random import Random
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.orm import Session
from sqlalchemy.sql.compiler import SQLCompiler

from commentsvc.actions import decisions, names, seeding_words
from commentsvc.actions.seeding_blocks import Block, Harvest, Ids, Plan, Row, grow
from commentsvc.enums import CaseState, Role
from commentsvc.moderation.normalise import fingerprint
from commentsvc.store.db import Database
from commentsvc.store.models import (
    Article,
    Case,
    Comment,
    Decision,
    Membership,
    Notice,
    Origin,
    Person,
    Report,
    Revision,
    SignalRow,
    Site,
    Vote,
)

_MAX_PEOPLE = 3_000
_SPAN_US = 30 * 24 * 3600 * 1_000_000
_MAX_BODIES = 10_000
_SEEDED = "@seed.example"


def plan(session: Session, site: Site, *, articles: int, comments: int, seed: int, now: int) -> Plan:
    """Make people and articles, and spread the comments: a few busy threads, many quiet ones."""
    rng = Random(f"{seed}:plan")  # noqa: S311 - for variety, not for secrets
    people = make_people(session, site, min(_MAX_PEOPLE, max(20, comments // 50)), rng, now=now)
    weights = [1 / (rank + 1) for rank in range(articles)]
    sizes = [int(comments * weight / sum(weights)) for weight in weights]
    if sizes:
        sizes[0] += comments - sum(sizes)
    made = _make_articles(session, site, articles, rng, now=now)
    return plan_threads(
        session, site, list(zip(made, sizes, strict=True)), people=people, seed=seed, since=now - _SPAN_US, now=now
    )


def plan_threads(
    session: Session,
    site: Site,
    articles: list[tuple[int, int]],
    *,
    people: list[int],
    seed: int,
    since: int,
    now: int,
) -> Plan:
    """Plan so many comments under each of these articles, written by these people."""
    rng = Random(f"{seed}:texts")  # noqa: S311 - for variety, not for secrets
    wanted = min(sum(size for _, size in articles), _MAX_BODIES)
    bodies = [seeding_words.body(rng) for _ in range(wanted)]
    manager = session.scalar(
        select(Membership.person_id).where(Membership.site_id == site.id, Membership.role != Role.READER).limit(1)
    )
    return Plan(
        site_id=site.id,
        guidelines_version=site.guidelines_version,
        people=people,
        manager_id=manager or people[0],
        articles=articles,
        bodies=[(body, fingerprint(body)) for body in bodies],
        seed=seed,
        since=since,
        now=now,
    )


def plant_all(db: Database, plan: Plan) -> Iterator[int]:
    """Write all of a plan, and tell after each block how many comments it had.

    On SQLite, a plan larger than what is there is one transaction, in which the large tables' indexes are taken away
    and built again at the end: nearly twice as fast, and whoever dies on the way leaves everything as it was. A
    smaller one leaves other writers their turns between its blocks.
    """
    with db.reading() as session:
        is_bulk = db.is_sqlite and plan.size > (session.scalar(select(func.max(Comment.id))) or 0)
    if not is_bulk:
        for block in plan.blocks():
            with db.writing() as session:
                planted = plant(session, plan, block)
            yield planted
        return
    with db.writing() as session:
        definitions = _drop_indexes(session)
        for block in plan.blocks():
            yield plant(session, plan, block)
        for definition in definitions:
            session.connection().exec_driver_sql(definition)


def plant(session: Session, plan: Plan, block: Block) -> int:
    """Write one block of comments with everything that belongs to them; return how many."""
    _make_room(session)
    ids = Ids(
        comment=_reserve(session, Comment, block.size),
        case=_reserve(session, Case, block.size),
        decision=_reserve(session, Decision, 2 * block.size),
        batch=decisions.new_batch(),
    )
    harvest = grow(plan, block, ids)
    for table, rows in (
        (Comment, harvest.comments),
        (Revision, harvest.revisions),
        (Case, harvest.cases),
        (Decision, harvest.decisions),
        (Vote, harvest.votes),
        (Report, harvest.reports),
        (SignalRow, harvest.signals),
        (Notice, harvest.notices),
    ):
        if rows:
            _write(session, table, rows)
    _add_counts(session, plan, block, harvest)
    return len(harvest.comments)


def _make_room(session: Session) -> None:
    """Let SQLite keep the indexes in memory and copy its log back seldom, on this connection alone."""
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA cache_size=-256000")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=100000")


def _drop_indexes(session: Session) -> list[str]:
    """Drop the large tables' indexes, and return the statements that make them again."""
    connection = session.connection()
    large = ", ".join(f"'{table.__tablename__}'" for table in (Comment, Decision, Vote))
    found = connection.exec_driver_sql(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({large})"  # noqa: S608
    ).all()
    for name, _ in found:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    return [sql for _, sql in found]


def _reserve(session: Session, model: Any, count: int) -> int:
    """Return the first of `count` unused ids, which from now on nobody else gets."""
    if session.get_bind().dialect.name == "sqlite":
        # The write lock is ours from the transaction's first line, so nobody takes them meanwhile.
        return (session.scalar(select(func.max(model.id))) or 0) + 1
    sequence = func.pg_get_serial_sequence(model.__tablename__, "id")
    first = session.execute(select(func.nextval(sequence))).scalar_one()
    session.execute(select(func.setval(sequence, first + count)))
    return int(first)


def _write(session: Session, model: Any, rows: list[Row]) -> None:
    """Insert rows as the driver takes them (JSON spelled out): SQLAlchemy's own way costs as much as the database."""
    connection = session.connection()
    statement = insert(_table(model)).compile(dialect=connection.dialect, column_keys=list(rows[0]))
    assert isinstance(statement, SQLCompiler)
    order = statement.positiontup
    connection.exec_driver_sql(str(statement), [*map(itemgetter(*order), rows)] if order else rows)


def _table(model: Any) -> Table:
    table: Table = model.__table__
    return table


def _add_counts(session: Session, plan: Plan, block: Block, harvest: Harvest) -> None:
    open_cases = sum(row["state"] == CaseState.OPEN for row in harvest.cases)
    session.execute(
        update(Article)
        .where(Article.id == block.article_id)
        .values(
            comment_count=Article.comment_count + harvest.published.total(),
            open_cases=Article.open_cases + open_cases,
            version=Article.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    table = _table(Membership)
    changed = harvest.published.keys() | harvest.rejected.keys()
    if not changed:
        return
    session.connection().execute(
        update(table)
        .where(table.c.person_id == bindparam("person"), table.c.site_id == plan.site_id)
        .values(
            published_count=table.c.published_count + bindparam("published"),
            rejected_count=table.c.rejected_count + bindparam("rejected"),
        ),
        [
            {"person": who, "published": harvest.published[who], "rejected": harvest.rejected[who]}
            for who in sorted(changed)
        ],
    )


def make_people(session: Session, site: Site, wanted: int, rng: Random, *, now: int) -> list[int]:
    """Make readers of a site, or find those that an earlier seeding made; return their ids."""
    chosen = [(name, names.skeleton(name)) for name in seeding_words.people(rng, wanted)]
    known = set(session.scalars(select(Person.skeleton).where(Person.skeleton.in_([two for _, two in chosen]))))
    fresh = [(name, skeleton) for name, skeleton in chosen if skeleton not in known]
    first = _reserve(session, Person, len(fresh)) if fresh else 0
    rows = [
        {
            "id": first + number,
            "email": f"{skeleton}{_SEEDED}",
            "name": name,
            "skeleton": skeleton,
            "password_hash": None,
            "epoch": 1,
            "email_verified_at": None,
            "created_at": now - _SPAN_US,
        }
        for number, (name, skeleton) in enumerate(fresh)
    ]
    if rows:
        session.execute(insert(_table(Person)), rows)
    return _make_members(session, site, chosen, now=now)


def _make_members(session: Session, site: Site, chosen: list[tuple[str, str]], *, now: int) -> list[int]:
    """Make those of the chosen people who were seeded members of the site, and return all of its seeded members."""
    skeletons = [skeleton for _, skeleton in chosen]
    known = session.execute(
        select(Membership.skeleton, Membership.person_id).where(
            Membership.site_id == site.id, Membership.skeleton.in_(skeletons)
        )
    )
    members = {row.skeleton: row.person_id for row in known}
    seeded = session.execute(
        select(Person.id, Person.name, Person.skeleton)
        .where(Person.skeleton.in_(skeletons), Person.email.like(f"%{_SEEDED}"))
        .order_by(Person.id)
    ).all()
    rows = [
        {
            "person_id": who.id,
            "site_id": site.id,
            "name": who.name,
            "skeleton": who.skeleton,
            "role": Role.READER.value,
            "published_count": 0,
            "rejected_count": 0,
            "created_at": now - _SPAN_US,
        }
        for who in seeded
        if who.skeleton not in members
    ]
    if rows:
        session.execute(insert(_table(Membership)), rows)
    # A name that somebody else bears on this site isn't seeded there.
    return [who.id for who in seeded if members.get(who.skeleton, who.id) == who.id]


def _make_articles(session: Session, site: Site, wanted: int, rng: Random, *, now: int) -> list[int]:
    base = session.scalar(select(Origin.origin).where(Origin.site_id == site.id).order_by(Origin.origin).limit(1))
    begun = session.scalar(select(func.count()).select_from(Article).where(Article.site_id == site.id)) or 0
    first = _reserve(session, Article, wanted)
    rows = []
    for number in range(wanted):
        key = f"seed-{begun + number + 1}"
        title, lead, body, section, author = seeding_words.story(rng)
        rows.append(
            {
                "id": first + number,
                "site_id": site.id,
                "key": key,
                "url": f"{base or 'https://news.example'}/articles/{key}",
                "title": title,
                "lead": lead,
                "body": body,
                "section": section,
                "author": author,
                "published_at": now - _SPAN_US,
                "state": "open",
                "mode": None,
                "comment_count": 0,
                "open_cases": 0,
                "version": 1,
                "voted_at": 0,
                "voted_before": 0,
                "created_at": now - _SPAN_US,
            }
        )
    if rows:
        session.execute(insert(_table(Article)), rows)
    return list(range(first, first + wanted))
