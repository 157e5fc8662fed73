"""What becomes of a site's comments when the engine that scored them is another one?"""

import threading
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import func, select

from commentsvc.actions import reporting, rescoring
from commentsvc.actions.cases import find_open_case
from commentsvc.enums import TOXICITY_LABELS, Guideline, Phase, Reason, ReportReason, RescoringState, Status
from commentsvc.errors import ClassifierUnavailable
from commentsvc.infra import jobs
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Draft, Signal, Span
from commentsvc.moderation.toxicity import Scores
from commentsvc.queries import health
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Case, Comment, Decision, Job, Person, Rescoring, SignalRow, Site
from commentsvc.worker import Keeper, run_next
from tests import factories
from tests.conftest import Cast

DAY = 24 * 3600 * 1_000_000


class Newer:
    """An engine whose toxicity is .9 for texts with "vile" in them; it can be out, and counts its batches."""

    name, version = "newer", "2"

    def __init__(self) -> None:
        self.is_broken = False
        self.batches: list[int] = []

    def score(self, texts: Sequence[str]) -> list[Scores]:
        if self.is_broken:
            raise ClassifierUnavailable("out")
        self.batches.append(len(texts))
        return [dict.fromkeys(TOXICITY_LABELS, 0.9 if "vile" in text else 0.02) for text in texts]

    def evidence(self, text: str) -> tuple[Span, ...]:
        return ()


class Silent:
    """A judge of relevance that abstains."""

    name, version = "silent", "1"

    def score(self, draft: Draft) -> float | None:
        return None


@pytest.fixture
def engine() -> Newer:
    return Newer()


@pytest.fixture
def judge(engine: Newer) -> Iterator[Judge]:
    made = Judge(engine, Silent())
    yield made
    made.close()


def scored(score: float, version: str = "1") -> Signal:
    labels = {"toxicity": score}
    return Signal("toxicity", Guideline.COURTESY, score=score, labels=labels, engine="older", version=version)


def write(db: Database, cast: Cast, body: str, status: Status = Status.PUBLISHED, *, score: float = 0.1, **more) -> int:
    with db.writing() as session:
        # Read afresh: merging the fixture's copy would put its old counts back.
        story, ada = session.get_one(Article, cast.story.id), session.get_one(Person, cast.ada.id)
        made = factories.comment(session, story, ada, body, status=status, signals=[scored(score)], **more)
        return made.id


def run(db: Database, judge: Judge) -> Rescoring:
    """Begin what the engine's version asks for, and do its jobs until none is due."""
    Keeper().look(db, judge)
    while run_next(db, judge, worker="w", name=rescoring.JOB):
        hurry(db)
    with db.reading() as session:
        of_daily = select(Rescoring).where(Rescoring.site_id == cast_site(db))
        return session.scalars(of_daily.order_by(Rescoring.id.desc())).first()


def cast_site(db: Database) -> int:
    with db.reading() as session:
        return session.scalars(select(Site.id).where(Site.key == "daily")).one()


def hurry(db: Database) -> None:
    with db.writing() as session:
        jobs.hasten(session, rescoring.JOB, now=now_us())


def look(db: Database, comment_id: int) -> tuple[str, int | None]:
    with db.reading() as session:
        case = find_open_case(session, comment_id)
        return session.get_one(Comment, comment_id).status, case.reasons if case else None


def versions(db: Database, comment_id: int) -> list[str]:
    with db.reading() as session:
        rows = select(SignalRow.version).where(SignalRow.comment_id == comment_id, SignalRow.check == "toxicity")
        return list(session.scalars(rows.order_by(SignalRow.id)))


def test_held_comment_that_is_clean_now_is_published(db: Database, cast: Cast, judge: Judge) -> None:
    held = write(db, cast, "A calm remark.", Status.HELD, score=0.9)

    done = run(db, judge)

    assert look(db, held) == (Status.PUBLISHED, None)
    assert versions(db, held) == ["1", "2"]
    assert (done.state, done.total, done.done, done.freed, done.flagged) == (RescoringState.DONE, 1, 1, 1, 0)
    with db.reading() as session:
        assert session.scalars(select(Decision.rule).order_by(Decision.id.desc())).first() == "rescored"
        assert [finding.name for finding in health.counters(session) if not finding.is_well] == []


def test_published_comment_that_breaches_now_stays_public_and_gets_a_case(
    db: Database, cast: Cast, judge: Judge
) -> None:
    public = write(db, cast, "A vile remark.")
    calm = write(db, cast, "A calm remark.")

    done = run(db, judge)

    assert look(db, public) == (Status.PUBLISHED, Reason.RESCORED)
    assert look(db, calm) == (Status.PUBLISHED, None)
    assert (versions(db, calm), done.flagged, done.freed) == (["1", "2"], 1, 0)


def test_held_comment_that_breaches_still_waits_with_its_newer_priority(db: Database, cast: Cast, judge: Judge) -> None:
    held = write(db, cast, "A vile remark.", Status.HELD, score=0.7)
    with db.reading() as session:
        before = find_open_case(session, held)

    run(db, judge)

    with db.reading() as session:
        after = find_open_case(session, held)
    assert before is not None
    assert after is not None
    assert (look(db, held), after.version) == ((Status.HELD, Reason.HELD), before.version)
    assert after.likelihood > before.likelihood
    assert after.rank > before.rank


def test_what_a_person_decided_is_scored_and_nothing_else(db: Database, cast: Cast, judge: Judge) -> None:
    approved = write(db, cast, "A vile remark that Cam let pass.", Status.HELD)
    rejected = write(db, cast, "A calm remark that Cam rejected.", Status.HELD)
    with db.writing() as session:
        cam = session.merge(cast.cam)
        factories.reject(session, session.get_one(Comment, rejected), cam)
        undone = factories.reject(session, session.get_one(Comment, approved), cam)
        factories.undo(session, undone, cam)

    run(db, judge)

    assert look(db, rejected) == (Status.REJECTED, None)
    assert look(db, approved) == (Status.HELD, Reason.HELD)
    assert (versions(db, approved), versions(db, rejected)) == (["1", "2"], ["1"])


def test_reported_comment_never_becomes_less_urgent(db: Database, cast: Cast, judge: Judge) -> None:
    reported = write(db, cast, "A calm remark.")
    with db.writing() as session:
        reporting.report(
            session, comment_id=reported, revision=1, reason=ReportReason.COURTESY, detail="",
            by=session.get_one(Person, cast.bo.id), now=now_us(),
        )  # fmt: skip
        before = find_open_case(session, reported).likelihood

    run(db, judge)

    with db.reading() as session:
        assert find_open_case(session, reported).likelihood == before


def test_site_rules_do_not_flag_what_they_let_pass_before(db: Database, cast: Cast, judge: Judge) -> None:
    public = write(db, cast, "A calm remark.")
    with db.writing() as session:
        session.get_one(Site, cast.daily.id).policy = {"mode": "premoderate"}

    run(db, judge)

    assert look(db, public) == (Status.PUBLISHED, None)


def test_only_what_was_scored_and_is_recent_or_in_the_queue_is_scored_again(
    db: Database, cast: Cast, judge: Judge, engine: Newer
) -> None:
    old = now_us() - 40 * DAY
    forgotten = write(db, cast, "Published long ago.", now=old)
    waiting = write(db, cast, "A vile remark that waits since then.", Status.HELD, now=old)
    current = write(db, cast, "A recent remark.")
    with db.writing() as session:
        unscored = factories.comment(
            session, session.get_one(Article, cast.story.id), session.get_one(Person, cast.ada.id), "Imported."
        ).id

    done = run(db, judge)

    assert [versions(db, one) for one in (forgotten, waiting, current, unscored)] == [["1"], ["1", "2"], ["1", "2"], []]
    assert (done.total, sum(engine.batches)) == (2, 2)


def test_second_look_begins_nothing_and_another_version_replaces(
    db: Database, cast: Cast, judge: Judge, engine: Newer
) -> None:
    one = write(db, cast, "A calm remark.")
    first = run(db, judge)
    assert run(db, judge).id == first.id
    Keeper().look(db, judge)

    engine.version = "3"
    with db.writing() as session:
        rescoring.begin(session, engine="newer", version="3", now=now_us())
    engine.version = "4"
    last = run(db, judge)

    with db.reading() as session:
        states = [row.state for row in session.scalars(select(Rescoring).where(Rescoring.site_id == cast.daily.id))]
    assert states == [RescoringState.DONE, RescoringState.REPLACED, RescoringState.DONE]
    assert last.version == "4"
    assert versions(db, one) == ["1", "2", "4"]


def test_many_processes_begin_one_rescoring_a_site(db: Database, cast: Cast, judge: Judge) -> None:
    write(db, cast, "A calm remark.")
    threads = [threading.Thread(target=Keeper().look, args=(db, judge)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Rescoring)) == 2
        assert session.scalar(select(func.count()).select_from(Job)) == 2


def test_two_workers_at_once_score_each_comment_once(db: Database, cast: Cast, judge: Judge) -> None:
    ids = [write(db, cast, f"Remark {number}.", Status.HELD, score=0.9) for number in range(70)]
    Keeper().look(db, judge)
    with db.reading() as session:
        number = session.scalar(select(Rescoring.id).where(Rescoring.site_id == cast.daily.id))

    def work() -> None:
        while rescoring.advance(db, judge, number, now=now_us()) == 0:
            pass

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {tuple(versions(db, one)) for one in ids} == {("1", "2")}
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(Comment.status == Status.PUBLISHED)) == 70
        assert [finding.name for finding in health.counters(session) if not finding.is_well] == []


def test_batches_are_scored_at_once(db: Database, cast: Cast, judge: Judge, engine: Newer) -> None:
    for number in range(40):
        write(db, cast, f"Remark {number}.")

    run(db, judge)

    assert engine.batches == [32, 8]


def test_engine_that_goes_out_in_between_is_waited_for(db: Database, cast: Cast, judge: Judge, engine: Newer) -> None:
    one = write(db, cast, "A calm remark.", Status.HELD, score=0.9)
    Keeper().look(db, judge)
    engine.is_broken = True

    for _ in range(3):
        run_next(db, judge, worker="w", name=rescoring.JOB)

    with db.reading() as session:
        waits = session.scalars(select(Job).where(Job.state == "waiting")).all()
    assert look(db, one)[0] == Status.HELD
    assert [job.error for job in waits] == [None]
    engine.is_broken = False
    hurry(db)
    assert run(db, judge).state == RescoringState.DONE
    assert look(db, one)[0] == Status.PUBLISHED


def test_asking_for_more_days_begins_again_further_back(db: Database, cast: Cast, judge: Judge, engine: Newer) -> None:
    old = write(db, cast, "Published long ago.", now=now_us() - 40 * DAY)
    new = write(db, cast, "A recent remark.")
    run(db, judge)
    with db.writing() as session:
        daily = {"engine": "newer", "version": "2", "now": now_us()}
        number = rescoring.begin_site(session, cast.daily.id, days=30, **daily)
        assert rescoring.begin_site(session, cast.daily.id, days=50, **daily) == number
        assert session.get_one(Rescoring, number).phase == Phase.CASES

    while run_next(db, judge, worker="w", name=rescoring.JOB):
        hurry(db)

    assert (versions(db, old), versions(db, new)) == (["1", "2"], ["1", "2"])


def test_comment_edited_while_it_was_scored_keeps_its_own_signals(db: Database, cast: Cast, judge: Judge) -> None:
    one = write(db, cast, "A vile remark.")
    real = judge.judge_many

    def edit_meanwhile(drafts):
        judgements = real(drafts)
        with db.writing() as session:
            session.get_one(Comment, one).revision += 1
        return judgements

    judge.judge_many = edit_meanwhile  # type: ignore[method-assign]
    run(db, judge)

    assert (look(db, one), versions(db, one)) == ((Status.PUBLISHED, None), ["1"])
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 0
