"""Is everything in a bulk decision decided once, whatever breaks meanwhile, and can all of it be taken back?"""

import os
import random
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from sqlalchemy import func, select

from commentsvc.actions import bulks, decisions, reporting
from commentsvc.actions.decisions import Item
from commentsvc.enums import Action, BulkKind, BulkState, Guideline, JobState, ReportReason, Role, Status
from commentsvc.errors import Conflict, Forbidden, Invalid, NotFound
from commentsvc.moderation.terms import Signal
from commentsvc.queries import bulks as queries
from commentsvc.queries.sites import find_membership
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Bulk, BulkItem, Case, Comment, Decision, Job, Membership
from commentsvc.worker import run_next
from tests import factories
from tests.conftest import Cast


def desk(session: Any, cast: Cast, who: Any = None) -> Membership:
    found = find_membership(session, (who or cast.cam).id, cast.daily.id)
    assert found is not None
    return found


def held(db: Database, cast: Cast, count: int, *, by: Any = None, **more: Any) -> list[int]:
    with db.writing() as session:
        articles = [factories.article(session, cast.daily) for _ in range(3)]
        return [
            factories.comment(session, articles[n % 3], by or cast.ada, status=Status.HELD, **more).id
            for n in range(count)
        ]


def begin(db: Database, cast: Cast, kind: BulkKind = BulkKind.AUTHOR, **more: Any) -> int:
    """Prepare and confirm a bulk decision in cam's name; everything of ada's, unless told otherwise."""
    bulk_id = prepare(db, cast, kind, **more)
    with db.writing() as session:
        bulks.start(session, bulk_id, membership=desk(session, cast), now=now_us())
    return bulk_id


def prepare(db: Database, cast: Cast, kind: BulkKind = BulkKind.AUTHOR, **more: Any) -> int:
    wanted = {"selection": {"person": cast.ada.id}, "action": Action.REJECT, "guideline": Guideline.SPAM, **more}
    selection = wanted.pop("selection")
    with db.writing() as session:
        return bulks.prepare(session, kind, selection, membership=desk(session, cast), now=now_us(), **wanted).id


def finish(db: Database) -> None:
    while run_next(db, None, worker="w", name=bulks.JOB):  # type: ignore[arg-type]
        with db.writing() as session:
            for job in session.scalars(select(Job).where(Job.state == JobState.WAITING)):
                job.run_at = 0


def figures(db: Database, bulk_id: int) -> tuple[str, int, int, int, int, int]:
    with db.reading() as session:
        bulk = session.get_one(Bulk, bulk_id)
        return bulk.state, bulk.total, bulk.done, bulk.conflicts, bulk.undone, bulk.kept


def statuses(db: Database, ids: list[int]) -> set[str]:
    with db.reading() as session:
        return set(session.scalars(select(Comment.status).where(Comment.id.in_(ids))))


def test_little_is_decided_at_once_with_one_batch(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 5)
    other = held(db, cast, 1, by=cast.bo)

    bulk_id = begin(db, cast, note="Same link.", message="No advertising, please.")

    assert figures(db, bulk_id) == ("done", 5, 5, 0, 0, 0)
    assert statuses(db, ids) == {"rejected"}
    assert statuses(db, other) == {"held"}
    with db.reading() as session:
        made = session.scalars(select(Decision).where(Decision.batch == session.get_one(Bulk, bulk_id).batch)).all()
        assert {(d.guideline, d.note, d.message, d.by_person_id) for d in made} == {
            ("spam", "Same link.", "No advertising, please.", cast.cam.id)
        }
        assert len(made) == 5
        assert session.scalar(select(func.count()).select_from(Job).where(Job.name == bulks.JOB)) == 0


def test_preparing_decides_nothing(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 3)

    bulk_id = prepare(db, cast)

    assert figures(db, bulk_id) == ("prepared", 3, 0, 0, 0, 0)
    assert statuses(db, ids) == {"held"}


def test_what_arrives_or_changes_after_preparing_is_not_swept_along(db: Database, cast: Cast) -> None:
    reported, edited, *rest = held(db, cast, 5)
    bulk_id = prepare(db, cast)
    (late,) = held(db, cast, 1)
    with db.writing() as session:
        session.get_one(Comment, edited).revision += 1
        factories.case(session, session.get_one(Comment, reported))

    with db.writing() as session:
        bulks.start(session, bulk_id, membership=desk(session, cast), now=now_us())

    assert figures(db, bulk_id) == ("done", 5, 3, 2, 0, 0)
    assert statuses(db, [late, reported, edited]) == {"held"}
    assert statuses(db, rest) == {"rejected"}
    with db.reading() as session:
        left = queries.left(session, session.get_one(Bulk, bulk_id), after=0, limit=10)
    assert {(one.comment.id, one.problem, one.is_decided) for _, one in left} == {
        (reported, "This case has changed since you saw it.", False),
        (edited, "The comment was edited since; look at its newest text.", False),
    }


def test_a_public_comment_that_gets_its_first_case_meanwhile_is_a_conflict(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        calm, reported = (factories.comment(session, cast.story, cast.ada) for _ in range(2))
    bulk_id = prepare(db, cast, selection={"person": cast.ada.id, "scope": "public"})
    with db.writing() as session:
        reporting.report(
            session, comment_id=reported.id, revision=1, reason=ReportReason.SPAM, detail="", by=cast.bo, now=now_us()
        )

    with db.writing() as session:
        bulks.start(session, bulk_id, membership=desk(session, cast), now=now_us())

    assert figures(db, bulk_id) == ("done", 2, 1, 1, 0, 0)
    assert (statuses(db, [calm.id]), statuses(db, [reported.id])) == ({"rejected"}, {"published"})


def test_open_scope_leaves_public_comments_without_a_case_alone(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        calm = factories.comment(session, cast.story, cast.ada)
    held(db, cast, 2)

    assert figures(db, prepare(db, cast))[1] == 2
    assert figures(db, prepare(db, cast, selection={"person": cast.ada.id, "scope": "public"}))[1] == 3
    assert statuses(db, [calm.id]) == {"published"}


def test_starting_twice_decides_once(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 3)
    bulk_id = begin(db, cast)

    with db.writing() as session:
        bulks.start(session, bulk_id, membership=desk(session, cast), now=now_us())

    assert figures(db, bulk_id) == ("done", 3, 3, 0, 0, 0)
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Decision.comment_id.in_(ids))) == 6


def test_selection_takes_each_comment_as_it_was_seen(db: Database, cast: Cast) -> None:
    first, second = held(db, cast, 2)
    chosen = [Item(first, 1, 1), Item(first, 1, 1), Item(second, 1, 7)]

    bulk_id = begin(db, cast, BulkKind.SELECTION, selection={}, chosen=chosen, action=Action.APPROVE, guideline=None)

    assert figures(db, bulk_id) == ("done", 2, 1, 1, 0, 0)
    assert (statuses(db, [first]), statuses(db, [second])) == ({"published"}, {"held"})


@pytest.mark.parametrize(
    ("more", "error", "field"),
    [
        ({"guideline": None}, Invalid, "guideline"),
        ({"action": Action.PIN}, Invalid, "action"),
        ({"note": "x" * 2001}, Invalid, "note"),
    ],
)
def test_prepare_refuses_what_cannot_be_done(
    db: Database, cast: Cast, more: dict[str, Any], error: type[Exception], field: str
) -> None:
    with pytest.raises(error) as caught:
        prepare(db, cast, **more)

    assert caught.value.field == field  # type: ignore[attr-defined]


def test_nobody_reaches_another_sites_comments_or_bulk_decisions(db: Database, cast: Cast) -> None:
    (ours,) = held(db, cast, 1)
    bulk_id = begin(db, cast)
    with db.writing() as session:
        dee = find_membership(session, cast.dee.id, cast.other.id)
        ada = find_membership(session, cast.ada.id, cast.daily.id)
        assert dee is not None
        assert ada is not None

        with pytest.raises(NotFound):
            bulks.prepare(
                session, BulkKind.SELECTION, {}, action=Action.APPROVE, membership=dee, chosen=[Item(ours, 1)],
                now=now_us(),
            )  # fmt: skip
        assert bulks.prepare(
            session, BulkKind.AUTHOR, {"person": cast.ada.id, "scope": "public"}, action=Action.APPROVE, membership=dee,
            now=now_us(),
        ).total == 0  # fmt: skip
        with pytest.raises(NotFound):
            bulks.take_back(session, bulk_id, membership=dee, now=now_us())
        with pytest.raises(NotFound):
            bulks.start(session, bulk_id, membership=dee, now=now_us())
        with pytest.raises(Forbidden):
            bulks.take_back(session, bulk_id, membership=ada, now=now_us())


def test_only_who_prepared_it_may_confirm_it_but_any_manager_may_take_it_back(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 2)
    bulk_id = prepare(db, cast)
    with db.writing() as session, pytest.raises(NotFound):
        bulks.start(session, bulk_id, membership=desk(session, cast, cast.eve), now=now_us())
    with db.writing() as session, pytest.raises(Conflict):
        bulks.take_back(session, bulk_id, membership=desk(session, cast, cast.eve), now=now_us())

    with db.writing() as session:
        bulks.start(session, bulk_id, membership=desk(session, cast), now=now_us())
    with db.writing() as session:
        bulks.take_back(session, bulk_id, membership=desk(session, cast, cast.eve), now=now_us())

    assert figures(db, bulk_id) == ("undone", 2, 2, 0, 2, 0)
    assert statuses(db, ids) == {"held"}


def test_score_band_takes_open_cases_between_two_values(db: Database, cast: Cast) -> None:
    def signal(score: float, insult: float | None) -> list[Signal]:
        return [
            Signal("toxicity", Guideline.COURTESY, score=score, labels={"insult": insult, "threat": None}, engine="e")
        ]

    low, high, mid = (held(db, cast, 1, signals=signal(*scores))[0] for scores in ((0.2, 0.9), (0.9, 0.1), (0.6, None)))

    def found(score: str, least: float, most: float) -> list[int]:
        with db.reading() as session:
            selection = {"score": score, "low": least, "high": most}
            return sorted(session.scalars(queries.matching(cast.daily.id, BulkKind.SCORE, selection)))

    assert found("toxicity", 0.5, 1.0) == [high, mid]
    assert found("toxicity", 0.2, 0.2) == [low]
    assert found("insult", 0.0, 1.0) == [low, high]
    assert found("insult", 0.5, 1.0) == [low]
    assert found("threat", 0.0, 1.0) == []
    assert found("relevance", 0.0, 1.0) == []


def test_outlook_says_what_a_set_is_like(db: Database, cast: Cast) -> None:
    signals = [Signal("toxicity", Guideline.COURTESY, score=0.8, labels={"insult": 0.7}, engine="e")]
    ids = held(db, cast, 24, signals=signals)
    with db.writing() as session:
        public = factories.comment(session, cast.story, cast.ada)
    with db.reading() as session:
        chosen = queries.matching(cast.daily.id, BulkKind.AUTHOR, {"person": cast.ada.id, "scope": "public"})
        seen = queries.outlook(session, cast.daily.id, chosen, score="insult")

    assert (seen.total, seen.people, seen.open_cases, seen.articles) == (25, 1, 24, 4)
    assert seen.by_status == {Status.HELD: 24, Status.PUBLISHED: 1}
    assert [count for _, count in seen.by_article] == [8, 8, 8, 1]
    assert {one.comment.id for one in seen.examples} <= {*ids, public.id}
    assert len(seen.examples) == 9
    assert {one.score for one in seen.examples if one.comment.id in ids} == {0.7}


def test_much_is_a_job_with_progress(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 120)

    bulk_id = begin(db, cast)

    assert figures(db, bulk_id) == ("running", 120, 0, 0, 0, 0)
    assert bulks.advance(db, bulk_id, now=now_us()) == 0
    assert figures(db, bulk_id) == ("running", 120, 50, 0, 0, 0)
    finish(db)
    assert figures(db, bulk_id) == ("done", 120, 120, 0, 0, 0)
    assert statuses(db, ids) == {"rejected"}


def test_a_job_stops_when_its_manager_no_longer_manages(db: Database, cast: Cast) -> None:
    held(db, cast, 110)
    bulk_id = begin(db, cast)
    bulks.advance(db, bulk_id, now=now_us())
    with db.writing() as session:
        desk(session, cast).role = Role.READER

    finish(db)

    assert figures(db, bulk_id) == ("stopped", 110, 50, 0, 0, 0)


def test_undo_takes_back_all_but_what_something_has_happened_to(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 110)
    bulk_id = begin(db, cast)
    finish(db)
    with db.writing() as session:
        again = session.get_one(Comment, ids[3])
        version = session.scalar(select(func.max(Case.version)).where(Case.comment_id == again.id))
        decisions.decide(
            session, again, Status.PUBLISHED, action=Action.APPROVE, by=cast.eve, revision=1, seen=version,
            now=now_us(),
        )  # fmt: skip

    with db.writing() as session:
        bulks.take_back(session, bulk_id, membership=desk(session, cast), now=now_us())
    finish(db)

    assert figures(db, bulk_id) == ("undone", 110, 110, 0, 109, 1)
    assert statuses(db, [one for one in ids if one != ids[3]]) == {"held"}
    assert statuses(db, [ids[3]]) == {"published"}
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case).where(Case.state == "open")) == 109
        left = queries.left(session, session.get_one(Bulk, bulk_id), after=0, limit=10)
        batches = session.scalars(select(Decision.batch).where(Decision.action == Action.UNDO)).all()
        assert set(batches) == {session.get_one(Bulk, bulk_id).undo_batch}
    assert [(one.comment.id, one.is_decided) for _, one in left] == [(ids[3], True)]


def test_undoing_what_still_runs_stops_it(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 110)
    bulk_id = begin(db, cast)
    bulks.advance(db, bulk_id, now=now_us())

    with db.writing() as session:
        bulks.take_back(session, bulk_id, membership=desk(session, cast), now=now_us())
    finish(db)

    assert figures(db, bulk_id) == ("undone", 110, 50, 0, 50, 0)
    assert statuses(db, ids) == {"held"}


WORKER = """
import sys, time
from commentsvc.store.db import Database
from commentsvc.worker import run_next
db = Database(sys.argv[1])
while True:
    if not run_next(db, None, worker=sys.argv[2], name="bulk", lease=1_000_000):
        time.sleep(0.02)
"""


@pytest.mark.slow
def test_a_worker_that_is_killed_again_and_again_decides_each_comment_once(db: Database, cast: Cast) -> None:
    ids = held(db, cast, 300)
    bulk_id = begin(db, cast)
    kills = _kill_until(db, bulk_id, BulkState.DONE)

    assert kills >= 2
    assert figures(db, bulk_id) == ("done", 300, 300, 0, 0, 0)
    with db.reading() as session:
        batch = session.get_one(Bulk, bulk_id).batch
        made = session.scalars(select(Decision.comment_id).where(Decision.batch == batch)).all()
        undecided = session.scalars(select(BulkItem.place).where(BulkItem.decision_id.is_(None))).all()
    assert sorted(made) == ids
    assert undecided == []

    with db.writing() as session:
        bulks.take_back(session, bulk_id, membership=desk(session, cast), now=now_us())
    _kill_until(db, bulk_id, BulkState.UNDONE)

    assert figures(db, bulk_id) == ("undone", 300, 300, 0, 300, 0)
    assert statuses(db, ids) == {"held"}


def _kill_until(db: Database, bulk_id: int, state: BulkState) -> int:
    """Start a worker, kill it in the middle of its work, three times; the next one may finish. Return the kills."""
    dice = random.Random(5)
    kills = 0
    end = time.monotonic() + 240
    while figures(db, bulk_id)[0] != state:
        before = figures(db, bulk_id)
        command = [sys.executable, "-c", WORKER, db.url, f"victim-{kills}"]
        victim = subprocess.Popen(command)
        while figures(db, bulk_id)[0] != state and (kills >= 3 or figures(db, bulk_id) == before):
            assert time.monotonic() < end
            time.sleep(0.02)
        # Somewhere in the step after the one that was just seen.
        time.sleep(dice.uniform(0, 0.1))
        os.kill(victim.pid, signal.SIGKILL)
        victim.wait()
        kills += 1
    return kills
