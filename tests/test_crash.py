"""A server that dies at the worst moments: nothing acknowledged is lost, nothing is there twice."""

import random
import threading
import time
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from commentsvc.enums import JobState
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment, Job, Revision
from tests import factories
from tests.conftest import ENGINE, Cast
from tests.server import Server, running_scorer, running_server, wait_for

POSTS = 1000
CLIENTS = 4
KILLS = 20 if ENGINE == "postgresql" else 8
"""Before SQLite one process is both server and worker, and takes longer to start: fewer do there."""


@pytest.mark.slow
def test_kill_during_a_thousand_posts_loses_and_doubles_nothing(
    db: Database, database_url: str, cast: Cast, settings: Settings, tmp_path: Path
) -> None:
    """Before PostgreSQL the worker is a process of its own and dies every second time; else it dies with the server."""
    with db.writing() as session:
        authors = [factories.person(session) for _ in range(CLIENTS)]
        tokens = [factories.bearer(session, author, cast.daily) for author in authors]
    ledger: dict[str, str] = {}
    socket = f"unix:{tmp_path / 's'}"
    with (
        running_scorer(settings, "--socket", str(tmp_path / "s")),
        running_server(database_url, tmp_path, scorer_url=socket) as server,
    ):
        clients = [
            threading.Thread(target=send_all, args=(server, cast, token, number, ledger))
            for number, token in enumerate(tokens)
        ]
        for client in clients:
            client.start()
        killed = kill_at_random(server, clients)
        for client in clients:
            client.join()
        wait_for(lambda: not unfinished(db))

    with db.reading() as session:
        kept = {str(row.id): row.body for row in session.execute(select(Comment.id, Comment.body))}
        count = session.get_one(Article, cast.story.id).comment_count
        revisions = session.scalar(select(func.count()).select_from(Revision))
        published = session.scalar(select(func.count()).where(Comment.status == "published"))
        failed = session.scalar(select(func.count()).where(Job.state == JobState.FAILED))
    assert killed == KILLS
    assert len(ledger) == POSTS
    assert {ledger[body]: body for body in ledger} == kept
    assert (revisions, count, failed) == (POSTS, published, 0)


def unfinished(db: Database) -> int:
    with db.reading() as session:
        due = select(func.count()).where(Job.state.in_((JobState.WAITING, JobState.RUNNING)), Job.run_at <= now_us())
        return session.scalar(due) or 0


def send_all(server: Server, cast: Cast, token: dict[str, str], client: int, ledger: dict[str, str]) -> None:
    """Post one client's share, each with a key of its own, repeating whatever wasn't acknowledged."""
    http = requests.Session()
    for number in range(POSTS // CLIENTS):
        body = f"Remark {number} of client {client}: the ferry timetable needs another look."
        ledger[body] = send(http, server, cast, {**token, "Idempotency-Key": f"{client}-{number}"}, body)


def send(http: requests.Session, server: Server, cast: Cast, headers: dict[str, str], body: str) -> str:
    article = {"key": cast.story.key, "url": cast.story.url, "title": cast.story.title}
    end = time.monotonic() + 120
    while time.monotonic() < end:
        try:
            answer = http.post(
                f"{server.api}/api/v1/comments",
                json={"site": "daily", "article": article, "body": body},
                headers=headers,
                timeout=10,
            )
        except requests.RequestException:
            time.sleep(0.05)
            continue
        if answer.status_code == 409 and answer.json()["error"]["code"] == "idempotency_key_in_flight":
            continue
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])
    raise AssertionError("the server didn't come back")


def kill_at_random(server: Server, clients: list[threading.Thread]) -> int:
    lots = random.Random(7)
    killed = 0
    while killed < KILLS and any(client.is_alive() for client in clients):
        time.sleep(lots.uniform(0.1, 0.4))
        if len(server.processes) > 1 and killed % 2:
            server.restart_worker()
        else:
            server.kill()
            server.start()
        killed += 1
    return killed
