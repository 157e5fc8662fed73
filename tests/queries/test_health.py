"""Does every proof notice the one thing that it proves?"""

import pytest
from sqlalchemy import text

from commentsvc.enums import Status
from commentsvc.infra import jobs
from commentsvc.queries import health
from commentsvc.store.db import Database
from tests import factories
from tests.conftest import Cast

NOW = 1_800_000_000_000_000


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE comments SET reply_count = reply_count + 1 WHERE id = 1", "comments' replies"),
        ("UPDATE comments SET listed = NOT listed WHERE id = 2", "comments' listing"),
        ("UPDATE comments SET top_of = NULL WHERE id = 1", "comments' shelves"),
        ("UPDATE comments SET reply_of = NULL WHERE id = 2", "comments' shelves"),
        ("UPDATE comments SET pinned_on = article_id WHERE id = 1", "comments' shelves"),
        ("UPDATE comments SET up = 9 WHERE id = 1", "comments' votes"),
        ("UPDATE articles SET comment_count = comment_count - 1", "articles' comments"),
        ("UPDATE articles SET open_cases = 0", "articles' open cases"),
        ("UPDATE cases SET state = 'closed'", "held comments' cases"),
        ("UPDATE memberships SET published_count = 7 WHERE person_id = 1", "members' published"),
        ("UPDATE memberships SET rejected_count = 7 WHERE person_id = 2", "members' rejected"),
    ],
)
def test_proof_notices_a_wrong_count(db: Database, cast: Cast, statement: str, name: str) -> None:
    with db.writing() as session:
        story, ada, bo = (session.merge(thing) for thing in (cast.story, cast.ada, cast.bo))
        top = factories.comment(session, story, ada)
        factories.comment(session, story, bo, parent=top)
        factories.comment(session, story, bo, status=Status.HELD)
    with db.reading() as session:
        assert [finding for finding in health.counters(session) if not finding.is_well] == []

    with db.writing() as session:
        session.execute(text(statement))

    with db.reading() as session:
        wrong = {finding.name: finding for finding in health.counters(session) if not finding.is_well}
    assert name in wrong
    assert wrong[name].advice


def test_missing_index_is_named(db: Database) -> None:
    with db.reading() as session:
        assert [finding.is_well for finding in health.indexes(session)] == [True]

    with db.writing() as session:
        session.execute(text("DROP INDEX ix_comments_top_best"))
        (finding,) = health.indexes(session)
        session.rollback()

    assert not finding.is_well
    assert "ix_comments_top_best" in finding.message


def test_jobs_that_nobody_does_or_that_fail_are_named(db: Database) -> None:
    with db.writing() as session:
        jobs.enqueue(session, "note", {}, now=NOW)
        jobs.enqueue(session, "bad", {}, now=NOW)
        claimed = jobs.claim(session, worker="w", now=NOW)
        assert claimed is not None
        jobs.give_back(session, claimed, "Traceback\nValueError: out of paper", now=NOW)

    with db.reading() as session:
        early = [finding.is_well for finding in health.jobs(session, now=NOW + 50_000_000)]
        worker, failing = health.jobs(session, now=NOW + 120_000_000)

    assert early == [True, False]
    assert not worker.is_well
    assert "commentsvc worker" in worker.advice
    assert "ValueError: out of paper" in failing.message


def test_verdicts_count_what_rules_decided(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        story, ada = session.merge(cast.story), session.merge(cast.ada)
        for status in (Status.PUBLISHED, Status.PUBLISHED, Status.HELD, Status.REJECTED):
            made = factories.comment(session, story, ada, status=status)
        factories.reject(session, factories.comment(session, story, ada), session.merge(cast.cam))
        assert made.status == Status.REJECTED

    with db.reading() as session:
        assert health.verdicts(session) == {"publish": 3, "hold": 1, "reject": 1}
