"""Is what is being scored once more told in readyz, metrics, doctor, the console and on the command line?"""

from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from commentsvc.actions import judging, rescoring
from commentsvc.cli import main
from commentsvc.enums import Guideline, Status
from commentsvc.moderation.terms import Signal
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Comment, Rescoring
from tests import factories
from tests.conftest import Cast
from tests.web.test_accounts import submit

OLDER = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"toxicity": 0.9}, engine="older", version="1")


def under_way(db: Database, cast: Cast) -> None:
    with db.writing() as session:
        number = rescoring.begin_site(session, cast.daily.id, engine="embedded", version="9", days=30, now=now_us())
        found = session.get_one(Rescoring, number)
        found.total, found.done = 5400, 1200


def test_readyz_and_metrics_show_progress_and_stay_well(client: Any, db: Database, cast: Cast) -> None:
    under_way(db, cast)
    with db.writing() as session:
        judging.enqueue_rescore(session, 1, 1, now=now_us())

    ready, metrics = client.get("/readyz").json, client.get("/metrics").text.splitlines()

    assert ready["status"] == "ok"
    assert ready["scores"] == {"state": "rescoring", "done": 1200, "total": 5400, "held": 1}
    assert {'commentsvc_rescoring{state="done"} 1200.0', 'commentsvc_rescoring{state="total"} 5400.0'} < set(metrics)
    assert "commentsvc_unscored 1.0" in metrics
    assert any(line.startswith('commentsvc_classifier{engine="embedded",state="ok"') for line in metrics)


def test_queue_shows_progress_of_its_own_site(app: Any, db: Database, cast: Cast) -> None:
    under_way(db, cast)
    pages = {}
    for who, site in (("cam@daily.example", "daily"), ("dee@other.example", "other")):
        browser = app.test_client()
        submit(browser, "/auth/sign-in", email=who, password=factories.PASSWORD)
        pages[site] = browser.get(f"/console/{site}").text

    assert "Scores are being brought up to embedded 9: 1,200 of 5,400." in pages["daily"]
    assert "Scores are being" not in pages["other"]


@pytest.fixture
def command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name in ("database_url", "secret_key", "data_dir"):
        monkeypatch.setenv(f"COMMENTSVC_{name.upper()}", str(getattr(settings, name)))
    return CliRunner()


def test_rescore_command_does_it_and_says_what_came_of_it(command: CliRunner, db: Database, cast: Cast) -> None:
    with db.writing() as session:
        factories.comment(
            session, session.merge(cast.story), session.merge(cast.ada), "A calm remark about the ferry timetable.",
            status=Status.HELD, signals=[OLDER],
        )  # fmt: skip

    answer = command.invoke(main, ["classifier", "rescore", "--site", "daily"])

    assert answer.exit_code == 0, answer.output
    assert answer.stdout.startswith("daily: 1 comments scored by embedded ")
    assert "1 held ones published, 0 published ones" in answer.stdout
    with db.reading() as session:
        assert session.scalars(select(Comment.status)).one() == Status.PUBLISHED
    assert command.invoke(main, ["classifier", "rescore", "--site", "nowhere"]).exit_code == 1


def test_doctor_tests_the_engine_and_names_scores_of_another_version(
    command: CliRunner, db: Database, cast: Cast
) -> None:
    well = command.invoke(main, ["doctor"])
    with db.writing() as session:
        number = rescoring.begin_site(session, cast.daily.id, engine="older", version="1", days=30, now=now_us())
        session.get_one(Rescoring, number).state = "done"

    behind = command.invoke(main, ["doctor"])

    assert well.exit_code == 0, well.output
    for line in ("self-test: toxicity of a kind sentence 0.", "model files: as they were shipped", "relevance: "):
        assert line in well.stdout
    assert behind.exit_code == 1
    assert "scores: made by older 1; embedded" in behind.stdout
