"""One model for all processes: does the scorer judge as its engine does, and what happens while it is dead?"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from sqlalchemy import select, update

from commentsvc.app import create_scorer
from commentsvc.enums import JobState, Scope
from commentsvc.errors import ClassifierUnavailable
from commentsvc.infra.scoring import RemoteEngine
from commentsvc.moderation.batching import Batcher, BatchingEngine
from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.toxicity import load_engine
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from commentsvc.store.models import Comment, Job, SignalRow
from commentsvc.web.scoring import scorer_key
from tests import factories
from tests.conftest import Cast
from tests.postgres import free_port
from tests.server import Server, running_scorer, running_server, wait_for

Reach = Callable[[str], RemoteEngine]
RUDE, KIND = "You are a stupid idiot.", "You are a kind friend."
CALM = "The new ferry timetable leaves out everyone who works the early shift."


@pytest.fixture
def reach(settings: Settings) -> Iterator[Callable[[str], RemoteEngine]]:
    """Makes engines that ask the scorer at an address."""
    made: list[RemoteEngine] = []

    def to(url: str) -> RemoteEngine:
        made.append(RemoteEngine(url, scorer_key(settings.secret_key)))
        return made[-1]

    yield to
    for engine in made:
        engine.close()


def scorers_of(server: Server) -> list[int]:
    """The living children of the server's first process that are scorers."""
    found = []
    for child in Path(f"/proc/{server.processes[0].pid}/task").glob("*/children"):
        for pid in child.read_text().split():
            line = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"scorer" in line:
                found.append(int(pid))
    return found


def post(server: Server, cast: Cast, token: dict[str, str], body: str) -> str:
    article = {"key": cast.story.key, "url": cast.story.url, "title": cast.story.title}
    sent = {"site": "daily", "article": article, "body": body}
    answer = requests.post(f"{server.api}/api/v1/comments", json=sent, headers=token, timeout=20)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["status"])


def test_scorer_judges_over_a_socket_as_its_engine_does(settings: Settings, tmp_path: Path, reach: Reach) -> None:
    local = load_engine("embedded", None)
    path = tmp_path / "s"
    path.touch()  # As after a kill -9.
    remote = reach(f"unix:{path}")
    with running_scorer(settings, "--socket", str(path)) as process:
        wait_for(lambda: remote.why == "")

        scores = remote.score([RUDE, KIND, "😀"])
        spans = remote.evidence(RUDE)

        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert (remote.name, remote.version, remote.languages) == ("embedded", local.version, frozenset({"en"}))
    for got, wanted in zip(scores, local.score([RUDE, KIND, "😀"]), strict=True):
        assert got == {label: pytest.approx(score, abs=0.02) for label, score in wanted.items()}
    assert [RUDE[start:end] for start, end in spans] == ["stupid idiot"]
    assert not path.exists()


def test_scorer_that_goes_and_comes_back_is_found_again(settings: Settings, reach: Reach) -> None:
    port = free_port()
    remote = reach(f"http://127.0.0.1:{port}")

    with pytest.raises(ClassifierUnavailable, match="refused"):
        remote.score([KIND])
    assert (remote.name, remote.version) == ("scorer", "none")
    with running_scorer(settings, "--port", str(port)):
        wait_for(lambda: remote.why == "")
        first = remote.score([RUDE])
    with pytest.raises(ClassifierUnavailable, match="is away"):
        remote.score([RUDE])
    assert "is away" in remote.why
    with running_scorer(settings, "--port", str(port)):
        wait_for(lambda: remote.why == "")
        assert remote.score([RUDE]) == first


def test_many_long_texts_go_in_several_parts(settings: Settings, tmp_path: Path, reach: Reach) -> None:
    remote = reach(f"unix:{tmp_path / 's'}")
    texts = [f"{number} " + "☃" * 60_000 for number in range(5)]
    with running_scorer(settings, "--socket", str(tmp_path / "s")):
        wait_for(lambda: remote.why == "")

        scores = remote.score([*texts, RUDE])

        with pytest.raises(ClassifierUnavailable, match="longer than the scorer takes"):
            remote.score(["x" * 600_000])
    assert len(scores) == 6
    assert (scores[-1]["insult"] or 0) > 0.5


def test_scorer_ends_when_its_parent_is_gone(settings: Settings, tmp_path: Path) -> None:
    with running_scorer(settings, "--socket", str(tmp_path / "s"), "--parent", "1") as process:
        assert process.wait(40) == 0


@pytest.fixture
def scorer(settings: Settings) -> Iterator[Any]:
    """The scorer's application with an embedding that stands in for a model's: a text's length and its first letter."""

    def embed(texts: Any) -> Any:
        return np.array([[len(text), ord(text[0])] for text in texts], dtype=np.float32)

    judge = Judge(BatchingEngine(load_engine("embedded", None), Batcher(), embed=embed), load_relevance())
    app = create_scorer(settings, judge=judge)
    yield app
    judge.close()
    app.extensions["commentsvc"].db.dispose()


@pytest.mark.parametrize("key", ["", "Bearer wrong", "Bearer ünwise"])
@pytest.mark.parametrize("what", ["score", "evidence", "embed"])
def test_only_our_own_processes_are_let_in(scorer: Any, what: str, key: str) -> None:
    answer = scorer.test_client().post(f"/internal/{what}", json={"texts": [RUDE]}, headers={"Authorization": key})

    assert (answer.status_code, answer.json["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("texts", ["you", [1], None])
def test_what_is_no_list_of_texts_is_refused(scorer: Any, settings: Settings, texts: Any) -> None:
    headers = {"Authorization": f"Bearer {scorer_key(settings.secret_key)}"}

    answer = scorer.test_client().post("/internal/score", json={"texts": texts}, headers=headers)

    assert (answer.status_code, answer.json["error"]["field"]) == (422, "texts")


def test_embeddings_are_float32_one_row_a_text(scorer: Any, settings: Settings) -> None:
    headers = {"Authorization": f"Bearer {scorer_key(settings.secret_key)}"}

    answer = scorer.test_client().post("/internal/embed", json={"texts": ["ab", "z"]}, headers=headers)

    assert answer.status_code == 200
    assert np.frombuffer(answer.data, dtype="<f4").reshape(2, -1).tolist() == [[2.0, 97.0], [1.0, 122.0]]


def test_perspective_and_operations_are_served_too_and_nothing_else(scorer: Any, db: Database, cast: Cast) -> None:
    client = scorer.test_client()
    with db.writing() as session:
        key = factories.bearer(session, cast.cam, cast.daily, Scope.ANALYZE)

    asked = {"comment": {"text": RUDE}, "requestedAttributes": {"INSULT": {}}}
    answer = client.post("/v1alpha1/comments:analyze", json=asked, headers=key)

    assert answer.status_code == 200, answer.text
    assert answer.json["attributeScores"]["INSULT"]["summaryScore"]["value"] > 0.5
    assert [client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics")] == [200, 200, 200]
    assert [client.get(path).status_code for path in ("/api/v1/config?site=daily", "/console")] == [404, 404]


@pytest.mark.slow
def test_comments_posted_while_the_scorer_is_dead_are_held_and_judged_when_it_is_back(
    db: Database, database_url: str, cast: Cast, tmp_path: Path
) -> None:
    with db.writing() as session:
        authors = [factories.person(session) for _ in range(6)]
        tokens = [factories.bearer(session, author, cast.daily) for author in authors]
    port = free_port()
    settings = Settings(database_url=database_url, data_dir=tmp_path, secret_key="tests-only-" + "k" * 32)
    with running_server(database_url, tmp_path, scorer_url=f"http://127.0.0.1:{port}") as server:
        before = post(server, cast, tokens[0], f"{CALM} Before.")
        with running_scorer(settings, "--port", str(port)) as process:
            wait_for(lambda: requests.get(f"{server.api}/readyz", timeout=5).json()["classifier"] == "ok")
            alive = post(server, cast, tokens[1], f"{CALM} Alive.")
            with ThreadPoolExecutor(4) as pool:
                sent = [pool.submit(post, server, cast, token, f"{CALM} {at}") for at, token in enumerate(tokens[2:])]
                process.kill()
                during = [one.result() for one in sent]
        dead = post(server, cast, tokens[0], f"{CALM} Dead.")
        degraded = requests.get(f"{server.api}/readyz", timeout=5).json()

        with running_scorer(settings, "--port", str(port)):
            with db.writing() as session:
                session.execute(update(Job).where(Job.state == JobState.WAITING).values(run_at=0))
            wait_for(lambda: statuses(db) == {"published"})

    assert (before, alive, dead) == ("held", "published", "held")
    assert set(during) <= {"held", "published"}
    assert degraded["status"] == "degraded"
    with db.reading() as session:
        unscored = select(SignalRow.comment_id).where(SignalRow.check == "toxicity", SignalRow.state == "observed")
        assert session.scalars(select(Comment.id).where(Comment.id.not_in(unscored))).all() == []


def statuses(db: Database) -> set[str]:
    with db.reading() as session:
        return set(session.scalars(select(Comment.status)))


@pytest.mark.slow
def test_workers_share_one_scorer_that_is_started_again_and_never_outlives_them(
    db: Database, database_url: str, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writing() as session:
        token = factories.bearer(session, cast.ada, cast.daily)
    with running_server(database_url, tmp_path, workers=2) as server:
        (first,) = scorers_of(server)
        alive = post(server, cast, token, f"{CALM} Alive.")
        os.kill(first, signal.SIGKILL)
        dead = post(server, cast, token, f"{CALM} Dead.")
        wait_for(lambda: scorers_of(server) not in ([], [first]))
        (second,) = scorers_of(server)
        wait_for(lambda: post(server, cast, token, f"{CALM} {time.monotonic()}") == "published")
        # The first process alone: nobody can end its companion but itself.
        os.kill(server.processes[0].pid, signal.SIGKILL)
        wait_for(lambda: not Path(f"/proc/{second}/cmdline").exists() or is_dead(second))

        server.kill()
    assert (alive, dead) == ("published", "held")


def is_dead(pid: int) -> bool:
    return ") Z " in Path(f"/proc/{pid}/stat").read_text()
