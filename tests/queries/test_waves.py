"""Are comments that are nearly the same found, counted, and told apart from others, site by site?"""

from typing import Any

from sqlalchemy import func, select

from commentsvc.actions import posting, purging, waves
from commentsvc.enums import BulkKind, Outcome, Status
from commentsvc.moderation.terms import Draft, Judgement, Policy, Verdict
from commentsvc.queries import bulks
from commentsvc.queries import waves as queries
from commentsvc.queries.waves import Alike
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Band, Comment
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted

PITCH = "Buy the best {} at our shop today, we have unbeatable prices and free shipping for everyone"
CALM = "The mayor should explain why the tram line costs twice as much as was promised to us."
HOUR = 3600 * 1_000_000


def wave(session: Any, cast: Cast, count: int, text: str = PITCH, *, site: Any = None) -> list[int]:
    """Have as many people post nearly the same on two articles, an hour apart."""
    site = site or cast.daily
    places = [factories.article(session, site) for _ in range(2)]
    things = ("watches", "shoes", "lamps", "rings")
    return [
        factories.comment(
            session, places[n % 2], factories.person(session), text.format(things[n % 4]), status=Status.HELD,
            now=now_us() - (count - n) * HOUR,
        ).id
        for n in range(count)
    ]  # fmt: skip


def test_alike_counts_comments_and_people(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        ids = wave(session, cast, 4)
        again = factories.comment(session, cast.story, cast.ada, PITCH.format("shoes"))
        twice = factories.comment(session, cast.story, cast.ada, PITCH.format("shoes"))
        gone = factories.comment(session, cast.story, cast.bo, PITCH.format("shoes"), status=Status.WITHDRAWN)
        calm = factories.comment(session, cast.story, cast.bo, CALM)
        short = [factories.comment(session, cast.story, cast.bo, "Well said!") for _ in range(2)]
        elsewhere = factories.article(session, cast.other)
        factories.comment(session, elsewhere, cast.dee, PITCH.format("shoes"))

        found = queries.alike(session, cast.daily.id, [again.id, twice.id, calm.id, *(one.id for one in short)])
        foreign = queries.alike(session, cast.other.id, [again.id])

    assert found == {again.id: Alike(6, 5), twice.id: Alike(6, 5)}
    assert foreign == {}
    assert gone.id not in found
    assert len(ids) == 4


def test_a_bulk_decision_about_a_wave_takes_its_members(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        ids = wave(session, cast, 4)
        wave(session, cast, 3, site=cast.other)
        factories.comment(session, cast.story, cast.bo, CALM, status=Status.HELD)
    with db.reading() as session:
        chosen = bulks.matching(cast.daily.id, BulkKind.WAVE, {"comment": ids[0]})
        assert sorted(session.scalars(chosen)) == ids
        assert list(session.scalars(bulks.matching(cast.other.id, BulkKind.WAVE, {"comment": ids[0]}))) == []


def test_largest_lists_each_wave_once_the_widest_first(db: Database, cast: Cast) -> None:
    other = "Everybody should know that the {} fund pays nine percent a week, write to me and I will tell you how"
    with db.writing() as session:
        small, large = wave(session, cast, 3, other), wave(session, cast, 6)
        wave(session, cast, 2, "Two people who say the very same thing about the {} are not a wave yet, are they")
        factories.comment(session, cast.story, cast.bo, CALM)
    with db.reading() as session, counted(db) as statements:
        found = queries.largest(session, cast.daily.id, since=now_us() - 24 * HOUR, limit=10)
        assert len(statements) == 3
        first = [(one.example.id, one.count, one.people, one.articles, one.held, one.public) for one in found]
        recent = queries.largest(session, cast.daily.id, since=now_us() - 2 * HOUR + HOUR // 2, limit=10)
        foreign = queries.largest(session, cast.other.id, since=0, limit=10)

    assert first == [(large[0], 6, 6, 2, 6, 0), (small[0], 3, 3, 2, 3, 0)]
    assert found[0].last_at - found[0].first_at >= 5 * HOUR - 60_000_000
    assert list(recent) == []
    assert list(foreign) == []


def test_a_wave_is_over_when_all_of_it_is_rejected(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        ids = wave(session, cast, 3)
        for one in ids:
            factories.reject(session, session.get_one(Comment, one), cast.cam)

        assert list(queries.largest(session, cast.daily.id, since=0, limit=10)) == []


def test_an_edit_replaces_the_bands(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        mine = factories.comment(session, cast.story, cast.ada, PITCH.format("shoes"))
        factories.comment(session, cast.story, cast.bo, PITCH.format("shoes"))
        assert mine.id in queries.alike(session, cast.daily.id, [mine.id])
        prepared = posting.PreparedEdit(mine.id, 1, CALM, Draft(CALM), Policy())
        clean = Judgement((), Verdict(Outcome.PUBLISH, (), 0, (), 0.0))

        posting.edit(session, prepared, clean, by=cast.ada, now=now_us())

        assert queries.alike(session, cast.daily.id, [mine.id]) == {}
        assert session.scalar(select(func.count()).where(Band.comment_id == mine.id)) == 12


def test_old_bands_are_purged_and_their_comments_stay(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        old = factories.comment(session, cast.story, cast.ada, CALM, now=now_us() - waves.KEEP_US - HOUR)
        new = factories.comment(session, cast.story, cast.ada, CALM)

        purging.purge(session, now=now_us())

        assert set(session.scalars(select(Band.comment_id))) == {new.id}
        assert session.get(Comment, old.id) is not None
