"""A comment's decisions, newest first, with who made them and what can be taken back."""

from commentsvc.actions import decisions
from commentsvc.enums import Status
from commentsvc.queries import history
from commentsvc.store.db import Database, now_us
from tests import factories
from tests.conftest import Cast
from tests.queries.test_threads import counted


def test_list_decisions_names_people_and_rules(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        factories.reject(session, held, cast.cam, message="Be kind.")

        entries = history.list_decisions(session, held)

    assert [(entry.decision.to_status, entry.by.name if entry.by else entry.decision.rule) for entry in entries] == [
        ("rejected", "Cam Reyes"),
        ("held", "words"),
    ]
    assert [entry.can_undo for entry in entries] == [True, False]


def test_list_decisions_offers_no_undo_once_it_was_undone(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        rejected = factories.reject(session, held, cast.cam)
        decisions.undo(session, rejected, by=cast.cam, now=now_us())

        entries = history.list_decisions(session, held)

    assert [entry.decision.action for entry in entries] == ["undo", "reject", "withhold"]
    assert not any(entry.can_undo for entry in entries)


def test_list_decisions_shows_the_latest_hundred_in_three_queries(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        held = factories.comment(session, cast.story, cast.ada, status=Status.HELD)
        for _ in range(60):
            rejected = factories.reject(session, held, cast.cam)
            decisions.undo(session, rejected, by=cast.cam, now=now_us())

    with db.reading() as session:
        held = session.merge(held, load=False)
        with counted(db) as statements:
            entries = history.list_decisions(session, held)

    assert len(entries) == 100
    assert len(statements) == 3
