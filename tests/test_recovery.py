"""Real servers whose model is missing, damaged or another one, or that die while scores are brought up to date."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from commentsvc.enums import ClearingState, Guideline, RescoringState, Status
from commentsvc.moderation.model_files import FOLDER, write_sums
from commentsvc.moderation.terms import Signal
from commentsvc.queries import health
from commentsvc.store.db import Database
from commentsvc.store.models import Article, Clearing, Comment, Decision, Person, Rescoring, SignalRow
from tests import factories
from tests.conftest import Cast
from tests.server import Server, running_server, wait_for

HERE = Path(__file__).resolve().parent.parent
CALM = "The new ferry timetable leaves out everyone who works the early shift."
RUDE = "You are a stupid, disgusting idiot."
LEFT_OUT = shutil.ignore_patterns("__pycache__")

pytestmark = pytest.mark.slow


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A copy of the package, whose model a test may spoil."""
    for name in ("commentsvc", "migrations", "templates"):
        shutil.copytree(HERE / name, tmp_path / "code" / name, ignore=LEFT_OUT)
    return tmp_path / "code"


def ready(server: Server) -> dict[str, Any]:
    answer = requests.get(f"{server.api}/readyz", timeout=10)
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def post(server: Server, cast: Cast, token: dict[str, str], body: str) -> dict[str, Any]:
    article = {"key": cast.story.key, "url": cast.story.url, "title": cast.story.title}
    body_json = {"site": "daily", "article": article, "body": body}
    answer = requests.post(f"{server.api}/api/v1/comments", json=body_json, headers=token, timeout=10)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def statuses(db: Database) -> dict[str, str]:
    with db.reading() as session:
        return {row.body: row.status for row in session.execute(select(Comment.body, Comment.status))}


def spoil(path: Path, how: str) -> None:
    if how == "missing":
        path.unlink()
    else:
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "how"), [("words.onnx", "missing"), ("toxicity.onnx", "damaged"), ("embedded.npz", "damaged")]
)
def test_model_that_is_put_back_is_noticed_and_what_was_held_is_judged(
    db: Database, database_url: str, cast: Cast, tmp_path: Path, code: Path, name: str, how: str
) -> None:
    model = code / "commentsvc" / "moderation" / "model"
    spoil(model / name, how)
    with db.writing() as session:
        token = factories.bearer(session, cast.ada, cast.daily)

    with running_server(database_url, tmp_path, code=code) as server:
        before = ready(server)
        posted = [post(server, cast, token, text)["status"] for text in (CALM, RUDE)]
        shutil.copyfile(FOLDER / name, model / name)
        wait_for(lambda: ready(server)["status"] == "ok")
        wait_for(lambda: statuses(db)[CALM] == Status.PUBLISHED)
        wait_for(lambda: ready(server)["scores"]["held"] == 0)
        after = ready(server)

    assert (before["status"], before["classifier"], before["relevance"]["state"]) == ("degraded", *["unavailable"] * 2)
    assert name in before["engine"]["why"]
    assert how in before["engine"]["why"]
    assert posted == [Status.HELD, Status.HELD]
    assert statuses(db) == {CALM: Status.PUBLISHED, RUDE: Status.HELD}
    assert (after["engine"]["name"], "why" in after["engine"]) == ("embedded", False)


def test_model_that_vanishes_goes_on_judging_and_is_named(
    db: Database, database_url: str, cast: Cast, tmp_path: Path, code: Path
) -> None:
    with db.writing() as session:
        token = factories.bearer(session, cast.ada, cast.daily)

    with running_server(database_url, tmp_path, code=code) as server:
        (code / "commentsvc" / "moderation" / "model" / "words.onnx").unlink()
        found = ready(server)
        posted = [post(server, cast, token, text)["status"] for text in (CALM, RUDE)]

    assert (found["status"], found["engine"]["files"]) == ("ok", "words.onnx has vanished since it was loaded")
    assert posted == [Status.PUBLISHED, Status.HELD]


def test_kill_while_rescoring_loses_and_doubles_nothing(
    db: Database, database_url: str, cast: Cast, tmp_path: Path
) -> None:
    populate(db, cast, 300)
    kills = 0

    with running_server(database_url, tmp_path) as server:
        for share in (0.1, 0.4, 0.7):
            wait_for(lambda share=share: done(db) >= share * 300)  # type: ignore[misc]
            server.kill()
            server.start()
            kills += 1
        wait_for(lambda: state(db) == RescoringState.DONE, seconds=120)

    with db.reading() as session:
        again = session.execute(
            select(SignalRow.comment_id, func.count())
            .where(SignalRow.check == "toxicity", SignalRow.engine == "embedded")
            .group_by(SignalRow.comment_id)
        ).all()
        problems = [finding for finding in health.counters(session) if not finding.is_well]
        published = session.scalar(select(func.count()).where(Comment.status == Status.PUBLISHED))
    assert kills == 3
    assert (len(again), {row[1] for row in again}) == (300, {1})
    assert (published, problems) == (300, [])


def test_kill_while_clearing_loses_and_doubles_nothing(
    db: Database, database_url: str, cast: Cast, tmp_path: Path
) -> None:
    with db.writing() as session:
        for number in range(400):
            factories.comment(session, cast.story, cast.ada, status=Status.PUBLISHED if number % 3 else Status.HELD)
        batch = factories.clearing(session, cast.ada, cast.daily, cast.cam).batch
    kills = 0

    with running_server(database_url, tmp_path) as server:
        for share in (40, 150, 280):
            wait_for(lambda share=share: clearing(db).done >= share)  # type: ignore[misc]
            server.kill()
            server.start()
            kills += 1
        wait_for(lambda: clearing(db).state == ClearingState.DONE, seconds=120)

    with db.reading() as session:
        again = session.scalars(select(func.count()).where(Decision.batch == batch).group_by(Decision.comment_id)).all()
        problems = [finding for finding in health.counters(session) if not finding.is_well]
    assert kills == 3
    assert (clearing(db).done, clearing(db).skipped) == (400, 0)
    assert (len(again), set(again)) == (400, {1})
    assert set(statuses(db).values()) == {Status.REJECTED}
    assert problems == []


def clearing(db: Database) -> Clearing:
    with db.reading() as session:
        return session.scalars(select(Clearing)).one()


def test_other_version_on_disk_rescores_a_populated_database(
    db: Database, database_url: str, cast: Cast, tmp_path: Path, code: Path
) -> None:
    populate(db, cast, 40)
    with running_server(database_url, tmp_path, code=code):
        wait_for(lambda: state(db) == RescoringState.DONE)
    model = code / "commentsvc" / "moderation" / "model"
    rename_version(model / "embedded.npz", "2099.1")
    write_sums(model)

    with running_server(database_url, tmp_path, code=code) as server:
        wait_for(lambda: state(db, "2099.1") == RescoringState.DONE)
        said = ready(server)["engine"]

    with db.reading() as session:
        scored = session.scalar(
            select(func.count()).where(SignalRow.check == "toxicity", SignalRow.version == "2099.1")
        )
    assert said == {"name": "embedded", "version": "2099.1"}
    assert scored == 40


def populate(db: Database, cast: Cast, count: int) -> None:
    """Write comments that an older engine held or let pass, all of them calm."""
    old = Signal("toxicity", Guideline.COURTESY, score=0.9, labels={"toxicity": 0.9}, engine="older", version="1")
    with db.writing() as session:
        story, ada = session.get_one(Article, cast.story.id), session.get_one(Person, cast.ada.id)
        for number in range(count):
            status = Status.HELD if number % 2 else Status.PUBLISHED
            factories.comment(session, story, ada, f"{CALM} Line {number}.", status=status, signals=[old])


def done(db: Database) -> int:
    with db.reading() as session:
        return session.scalar(select(func.sum(Rescoring.done))) or 0


def state(db: Database, version: str | None = None) -> str | None:
    with db.reading() as session:
        found = session.scalars(select(Rescoring).where(Rescoring.total > 0).order_by(Rescoring.id.desc())).first()
        return found.state if found and version in {None, found.version} else None


def rename_version(path: Path, version: str) -> None:
    import numpy as np

    with np.load(path) as kept:
        parts = dict(kept)
    np.savez_compressed(path, **{**parts, "version": np.array(version)})
