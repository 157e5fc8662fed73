"""Is all that a person posted rejected once, whatever happens meanwhile, and back again when that is undone?"""

from typing import Any

import pytest
from sqlalchemy import func, select

from commentsvc.actions import clearing, decisions
from commentsvc.enums import Action, CaseState, Status
from commentsvc.errors import Conflict, Forbidden
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Case, Clearing, Comment, Decision, Membership
from tests import factories
from tests.conftest import Cast


def statuses(db: Database, cast: Cast) -> list[str]:
    with db.reading() as session:
        return list(
            session.scalars(select(Comment.status).where(Comment.person_id == cast.ada.id).order_by(Comment.id))
        )


def begin(db: Database, cast: Cast) -> Clearing:
    with db.writing() as session:
        return factories.clearing(session, cast.ada, cast.daily, cast.cam)


def run(db: Database, clearing_id: int) -> int:
    steps = 1
    while clearing.advance(db, clearing_id, now=now_us()) is not None:
        steps += 1
    return steps


def undo(session: Any, cast: Cast, clearing_id: int) -> Clearing:
    membership = session.get(Membership, (cast.cam.id, cast.daily.id))
    return clearing.undo(session, clearing_id, person_id=cast.ada.id, membership=membership, now=now_us())


@pytest.fixture
def posted(db: Database, cast: Cast) -> list[Comment]:
    """23 comments by ada on two articles: published, held with a case, rejected; and one each that isn't meant."""
    with db.writing() as session:
        second = factories.article(session, cast.daily)
        elsewhere = factories.article(session, cast.other)
        made = [
            factories.comment(
                session, cast.story if n % 2 else second, cast.ada, status=Status.PUBLISHED if n % 5 else Status.HELD
            )
            for n in range(22)
        ]
        made.append(factories.comment(session, cast.story, cast.ada, status=Status.REJECTED))
        factories.comment(session, cast.story, cast.bo)
        factories.comment(session, elsewhere, cast.ada)
    return made


def test_clearing_rejects_everything_in_one_batch_and_empties_the_queue(
    db: Database, cast: Cast, posted: list[Comment]
) -> None:
    begun = begin(db, cast)

    steps = run(db, begun.id)

    with db.reading() as session:
        done = session.get_one(Clearing, begun.id)
        batch = session.scalars(select(Decision).where(Decision.batch == begun.batch)).all()
        article = session.get_one(Article, cast.story.id)
        waiting = session.scalar(select(func.count()).select_from(Case).where(Case.state == CaseState.OPEN))
    assert statuses(db, cast) == ["rejected"] * 23 + ["published"]
    assert (done.state, done.done, done.skipped, done.total, steps) == ("done", 22, 0, 22, 4)
    assert {(one.action, one.by_person_id, one.guideline, one.message) for one in batch} == {
        (Action.REJECT, cast.cam.id, "spam", "All of it is spam."),
    }
    assert (article.comment_count, waiting) == (1, 0)


def test_clearing_that_was_cut_off_goes_on_and_decides_nothing_twice(
    db: Database, cast: Cast, posted: list[Comment]
) -> None:
    begun = begin(db, cast)
    clearing.advance(db, begun.id, now=now_us())

    with db.reading() as session:  # Killed before the commit: nothing of it happened.
        clearing._reject_some(session, session.get_one(Clearing, begun.id), now=now_us())
        session.rollback()
    run(db, begun.id)
    run(db, begun.id)

    with db.reading() as session:
        decided = session.execute(
            select(Decision.comment_id, func.count()).where(Decision.batch == begun.batch).group_by(Decision.comment_id)
        ).all()
    assert sorted(number for _, number in decided) == [1] * 22


def test_undo_brings_back_what_was_there_but_for_what_happened_since(
    db: Database, cast: Cast, posted: list[Comment]
) -> None:
    before = statuses(db, cast)
    begun = begin(db, cast)
    run(db, begun.id)
    with db.writing() as session:
        comment = session.get_one(Comment, posted[1].id)
        decisions.decide(session, comment, Status.HELD, action=Action.WITHHOLD, revision=1, rule="test", now=now_us())

        undo(session, cast, begun.id)
    run(db, begun.id)

    with db.reading() as session:
        done = session.get_one(Clearing, begun.id)
        waiting = session.scalar(select(func.count()).select_from(Case).where(Case.state == CaseState.OPEN))
    assert statuses(db, cast) == [before[0], "held", *before[2:]]
    assert (done.state, done.done, done.skipped) == ("undone", 21, 1)
    assert waiting == before[:23].count("held") + 1


def test_undo_in_the_middle_stops_and_takes_back(db: Database, cast: Cast, posted: list[Comment]) -> None:
    before = statuses(db, cast)
    begun = begin(db, cast)
    clearing.advance(db, begun.id, now=now_us())

    with db.writing() as session:
        undo(session, cast, begun.id)
    run(db, begun.id)

    assert statuses(db, cast) == before
    with pytest.raises(Conflict), db.writing() as session:
        undo(session, cast, begun.id)


def test_one_clearing_at_a_time_and_only_by_who_may_restrict(db: Database, cast: Cast, posted: list[Comment]) -> None:
    begin(db, cast)

    with pytest.raises(Conflict), db.writing() as session:
        factories.clearing(session, cast.ada, cast.daily, cast.eve)
    with pytest.raises(Forbidden), db.writing() as session:
        factories.clearing(session, cast.eve, cast.daily, cast.cam)
