"""Is a seeded newsroom what it claims to be: so many, the same for one seed, and consistent to the last count?"""

from contextlib import closing
from pathlib import Path

from sqlalchemy import func, inspect, select, text

from commentsvc.actions import seeding
from commentsvc.enums import Status
from commentsvc.queries import health
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Case, Comment, Decision, Revision, SignalRow, Table, Vote
from tests import factories
from tests.conftest import Cast

NOW = 1_800_000_000_000_000


def seed(db: Database, cast: Cast, *, articles: int = 3, comments: int = 1500, number: int = 1) -> int:
    with db.writing() as session:
        site = session.merge(cast.daily)
        plan = seeding.plan(session, site, articles=articles, comments=comments, seed=number, now=NOW)
    return sum(seeding.plant_all(db, plan))


def indexes(db: Database) -> set[tuple[str, str]]:
    with db.reading() as session:
        return {
            (index["name"], str(index["column_names"]))
            for table in Table.metadata.tables
            for index in inspect(session.connection()).get_indexes(table)
        }


def test_seeding_makes_as_many_as_it_is_asked_for(db: Database, cast: Cast) -> None:
    planted = seed(db, cast)

    with db.reading() as session:
        comments = session.scalar(select(func.count()).select_from(Comment))
        articles = session.scalar(select(func.count()).where(Article.key.like("seed-%")))
        revisions = session.scalar(select(func.count()).select_from(Revision))
    assert (planted, comments, articles, revisions) == (1500, 1500, 3, 1500)


def test_seeded_counts_can_be_proved(db: Database, cast: Cast) -> None:
    seed(db, cast)

    with db.reading() as session:
        findings = health.counters(session)

    assert [finding.name for finding in findings if not finding.is_well] == []


def test_seeded_newsroom_has_some_of_everything(db: Database, cast: Cast) -> None:
    seed(db, cast, comments=3000)

    with db.reading() as session:
        statuses = set(session.scalars(select(Comment.status).distinct()))
        tombstones = session.scalar(
            select(func.count()).where(Comment.status != Status.PUBLISHED, Comment.listed.is_(True))
        )
        deepest = session.scalar(select(func.max(Comment.depth)))
        votes = session.scalar(select(func.count()).select_from(Vote))
        states = set(session.scalars(select(Case.state).distinct()))
        undecided = session.scalar(select(func.count()).where(~Comment.id.in_(select(Decision.comment_id))))
    assert statuses == set(Status)
    assert tombstones
    assert deepest is not None
    assert deepest > 6
    assert votes
    assert states == {"open", "closed"}
    assert undecided == 0


def test_seeded_signals_are_only_where_there_is_a_case(db: Database, cast: Cast) -> None:
    seed(db, cast)

    with db.reading() as session:
        with_signals = set(session.scalars(select(SignalRow.comment_id)))
        with_case = set(session.scalars(select(Case.comment_id)))
    assert with_signals == with_case != set()


def test_same_seed_makes_the_same_texts(db: Database, cast: Cast) -> None:
    seed(db, cast, comments=400)
    seed(db, cast, comments=400)
    seed(db, cast, comments=400, number=2)

    with db.reading() as session:
        bodies = list(session.scalars(select(Comment.body).order_by(Comment.id)))
    assert bodies[:400] == bodies[400:800] != bodies[800:]


def test_seeding_leaves_room_for_those_who_post_next(db: Database, cast: Cast) -> None:
    seed(db, cast, comments=100)

    with db.writing() as session:
        comment = factories.comment(session, session.merge(cast.story), session.merge(cast.ada))
        factories.case(session, comment)

    with db.reading() as session:
        assert comment.id > 100
        assert all(finding.is_well for finding in health.counters(session))


def test_seeding_leaves_every_index_whether_it_ends_or_dies(db: Database, cast: Cast) -> None:
    before = indexes(db)
    with db.writing() as session:
        plan = seeding.plan(session, session.merge(cast.daily), articles=3, comments=300, seed=1, now=NOW)

    with closing(seeding.plant_all(db, plan)) as planting:
        next(planting)
    died = indexes(db)
    with db.reading() as session:
        left = session.scalar(select(func.count()).select_from(Comment))
    sum(seeding.plant_all(db, plan))

    assert died == before
    assert left == (0 if db.is_sqlite else plan.articles[0][1])
    assert indexes(db) == before


def test_a_small_seeding_beside_much_lets_others_write_between(db: Database, cast: Cast) -> None:
    seed(db, cast, comments=600)
    with db.writing() as session:
        plan = seeding.plan(session, session.merge(cast.daily), articles=3, comments=300, seed=2, now=NOW)
    planting = seeding.plant_all(db, plan)

    next(planting)
    with db.writing() as session:
        factories.article(session, session.merge(cast.daily), "meanwhile")

    assert sum(planting) > 0


def test_what_was_seeded_is_settled_for_whoever_reads(db: Database, cast: Cast) -> None:
    seed(db, cast, comments=3000)

    db.settle()

    if db.is_sqlite:
        log = Path(f"{db.url.removeprefix('sqlite:///')}-wal")
        assert not log.exists() or log.stat().st_size == 0
    else:
        with db.reading() as session:
            assert session.scalar(text("SELECT reltuples FROM pg_class WHERE relname = 'comments'")) == 3000
