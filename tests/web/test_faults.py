"""A classifier that raises, hangs, answers NaN or isn't there: comments are held, never lost, and judged again."""

import math
import threading
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from commentsvc.app import create_app
from commentsvc.enums import TOXICITY_LABELS, Status
from commentsvc.errors import ClassifierUnavailable
from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.terms import Span
from commentsvc.moderation.toxicity import Scores, Unavailable, load_engine
from commentsvc.store.db import now_us
from commentsvc.store.models import Case, Comment, Job, SignalRow
from commentsvc.worker import run_next
from tests import factories

TEXT = "The new ferry timetable leaves out everyone who works the early shift."
FAULTS = ("raises", "hangs", "nan", "range", "short", "unavailable")


class Faulty:
    """The real engine's place, taken by one that fails in a way of its own until it is repaired."""

    name, version = "faulty", "1"

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.repaired = threading.Event()

    def score(self, texts: Sequence[str]) -> list[Scores]:
        if self.repaired.is_set():
            return [dict.fromkeys(TOXICITY_LABELS, 0.01) for _ in texts]
        if self.fault == "raises":
            raise RuntimeError("the model is broken")
        if self.fault == "unavailable":
            raise ClassifierUnavailable("no model")
        if self.fault == "hangs":
            self.repaired.wait(20)
        value = {"nan": math.nan, "range": 1.5}.get(self.fault, 0.01)
        return [] if self.fault == "short" else [dict.fromkeys(TOXICITY_LABELS, value) for _ in texts]

    def evidence(self, text: str) -> tuple[Span, ...]:
        return ()


@pytest.fixture
def faulty(request: pytest.FixtureRequest, settings) -> Iterator[tuple[Any, Faulty, Judge]]:
    engine = Faulty(request.param)
    judge = Judge(engine, load_relevance(), budget=0.3)
    app = create_app(settings, judge=judge)
    yield app, engine, judge
    engine.repaired.set()
    judge.close()
    app.extensions["commentsvc"].db.dispose()


def post(app, db, cast, person=None, **headers: str):
    with db.writing() as session:
        token = factories.bearer(session, person or cast.ada, cast.daily)
    article = {"key": "story", "url": cast.story.url, "title": cast.story.title}
    body = {"site": "daily", "article": article, "body": TEXT}
    return app.test_client().post("/api/v1/comments", json=body, headers={**token, **headers})


@pytest.mark.parametrize("faulty", FAULTS, indirect=True)
def test_a_failing_classifier_holds_and_says_so_and_the_comment_is_judged_again(faulty, db, cast) -> None:
    app, engine, judge = faulty

    answer = post(app, db, cast)

    assert (answer.status_code, answer.get_json()["status"]) == (201, "held")
    assert "check" in answer.get_json()["reasons"][0]["message"]
    with db.reading() as session:
        signal = session.scalars(select(SignalRow).where(SignalRow.check == "toxicity")).one()
        assert (signal.state, signal.score) == ("failed", None)
        assert session.scalars(select(Case.state)).one() == "open"
    with time_machine.travel(now() + timedelta(minutes=1)):
        assert run_next(db, judge, worker="w")
    with db.reading() as session:
        assert session.scalars(select(Comment.status)).one() == "held"
        assert session.scalars(select(Job.state)).all() == ["waiting"]

    engine.repaired.set()
    with time_machine.travel(now() + timedelta(hours=2)):
        assert run_next(db, judge, worker="w")

    with db.reading() as session:
        assert session.scalars(select(Comment.status)).one() == "published"
        assert session.scalars(select(Case.state)).one() == "closed"
        assert set(session.scalars(select(Job.state))) == {"done"}
        assert len(session.scalars(select(SignalRow).where(SignalRow.check == "toxicity")).all()) == 2


@pytest.mark.parametrize("faulty", ["raises"], indirect=True)
def test_what_a_manager_decided_meanwhile_stands(faulty, db, cast) -> None:
    app, engine, judge = faulty
    made = post(app, db, cast).get_json()
    with db.writing() as session:
        factories.reject(session, session.get_one(Comment, int(made["id"])), cast.cam)
    engine.repaired.set()

    with time_machine.travel(now() + timedelta(hours=2)):
        run_next(db, judge, worker="w")

    with db.reading() as session:
        assert session.scalars(select(Comment.status)).one() == "rejected"


@pytest.mark.parametrize("faulty", ["hangs"], indirect=True)
def test_a_hanging_classifier_does_not_hold_up_readers_or_other_writers(faulty, db, cast) -> None:
    app, _, _ = faulty
    posted = threading.Thread(target=post, args=(app, db, cast))
    posted.start()

    with db.writing() as session:
        factories.comment(session, cast.story, cast.bo, "Written while a model thinks.")
    page = app.test_client().get("/api/v1/comments?site=daily&article=story")
    posted.join()

    assert [comment["body"] for comment in page.get_json()["comments"]] == ["Written while a model thinks."]


@pytest.mark.parametrize("faulty", ["raises"], indirect=True)
def test_staff_are_published_even_then(faulty, db, cast) -> None:
    app, _, _ = faulty

    assert post(app, db, cast, cast.cam).get_json()["status"] == Status.PUBLISHED


def test_a_missing_model_degrades_readiness_and_names_itself(settings, db, cast, tmp_path) -> None:
    engine = load_engine("detoxify", tmp_path)
    assert isinstance(engine, Unavailable)
    judge = Judge(engine, load_relevance())
    app = create_app(settings, judge=judge)

    ready = app.test_client().get("/readyz")
    posted = post(app, db, cast).get_json()

    assert (ready.status_code, ready.get_json()["status"]) == (200, "degraded")
    assert "detoxify" in ready.text
    assert posted["status"] == "held"
    judge.close()
    app.extensions["commentsvc"].db.dispose()


@pytest.mark.parametrize("faulty", ["unavailable"], indirect=True)
def test_many_held_comments_are_asked_ever_more_rarely_and_judged_together_at_last(faulty, db, cast) -> None:
    app, engine, judge = faulty
    for _ in range(5):
        post(app, db, cast)
    pauses = []
    for hours in (0.02, 0.1, 3):
        with time_machine.travel(now() + timedelta(hours=hours), tick=False):
            assert run_next(db, judge, worker="w")
            with db.reading() as session:
                jobs = session.scalars(select(Job)).all()
                pauses.append({(job.run_at - now_us()) // 1_000_000 for job in jobs})
            assert {(job.state, job.attempts, job.error) for job in jobs} == {("waiting", 0, None)}

    engine.repaired.set()
    with time_machine.travel(now() + timedelta(hours=4)):
        assert run_next(db, judge, worker="w")
        assert not run_next(db, judge, worker="w")

    assert all(len(pause) == 1 for pause in pauses[1:])
    assert pauses[0] == {30}
    assert 60 < max(pauses[1]) < 120
    assert pauses[2] == {600}
    with db.reading() as session:
        assert set(session.scalars(select(Job.state))) == {"done"}
        states = session.scalars(select(SignalRow.state).where(SignalRow.check == "toxicity")).all()
    assert sorted(states) == ["failed"] * 5 + ["observed"] * 5


def now():
    from datetime import UTC, datetime

    return datetime.now(UTC)
