"""What does load and a database that goes away do to what readers see? Nothing is lost, doubled or miscounted."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, func, select

from commentsvc.enums import Mode
from commentsvc.store import migrate
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment, SignalRow, Vote
from tests import factories
from tests.conftest import Cast
from tests.postgres import Postgres, running_postgres
from tests.server import Server, running_server, wait_for

VOTERS = 64
ARRIVING = 50
"""Comments a second."""
TIMES = 3
RECOVERED_S = 5.0

pytestmark = pytest.mark.slow


def test_64_voters_three_times_each_count_64(db: Database, database_url: str, cast: Cast, tmp_path: Path) -> None:
    with db.writing() as session:
        comment = factories.comment(session, cast.story, cast.ada).id
        tokens = [factories.bearer(session, factories.person(session), cast.daily) for _ in range(VOTERS)]

    with running_server(database_url, tmp_path, workers=2, scorer_url="http://127.0.0.1:9") as server:

        def vote(token: dict[str, str]) -> list[int]:
            address = f"{server.api}/api/v1/comments/{comment}/vote"
            return [
                requests.put(address, json={"value": 1}, headers=token, timeout=30).status_code for _ in range(TIMES)
            ]

        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(vote, tokens))

    with db.reading() as session:
        kept = session.get_one(Comment, comment)
        votes = session.scalar(select(func.count()).select_from(Vote))
    assert answers == [[200] * TIMES] * VOTERS
    assert (kept.up, kept.down, votes) == (VOTERS, 0, VOTERS)


def test_show_more_neither_skips_nor_repeats_while_fifty_comments_a_second_arrive(
    db: Database, database_url: str, cast: Cast, tmp_path: Path
) -> None:
    start = now_us() - 3600 * 1_000_000
    with db.writing() as session:
        there = {str(factories.comment(session, cast.story, cast.ada, now=start + at).id) for at in range(300)}
    over, arrived = threading.Event(), []

    def arrive() -> None:
        while not over.wait(1 / ARRIVING):
            with db.writing() as session:
                story = session.get_one(Article, cast.story.id)
                arrived.append(str(factories.comment(session, story, cast.bo, now=now_us()).id))

    with running_server(database_url, tmp_path, scorer_url="http://127.0.0.1:9") as server:
        arriving = threading.Thread(target=arrive)
        arriving.start()
        seen = {sort: walk(server, sort, until=there) for sort in ("newest", "oldest", "best", "replies")}
        over.set()
        arriving.join()

    assert len(arrived) >= 20
    for shown in seen.values():
        assert len(shown) == len(set(shown))
        assert there <= set(shown) <= there | set(arrived)


def walk(server: Server, sort: str, *, until: set[str]) -> list[str]:
    """Press "Show more" to the end, or until all of these are there: by "oldest" the end runs away from us."""
    shown: list[str] = []
    query = {"site": "daily", "article": "story", "sort": sort, "limit": "10"}
    while True:
        page = requests.get(f"{server.api}/api/v1/comments", params=query, timeout=10).json()
        shown += [comment["id"] for comment in page["comments"]]
        if page["next"] is None or until <= set(shown):
            return shown
        query["after"] = page["next"]
        time.sleep(0.02)


def test_what_is_posted_while_the_worker_is_down_is_held_and_judged_when_it_is_back(
    new_postgres_database: Callable[[], str], tmp_path: Path
) -> None:
    """The scorer is away, too, so that the request itself can't judge; the worker brings its own model."""
    url = new_postgres_database()
    db = Database(url)
    migrate.upgrade(db)
    with db.writing() as session:
        site = factories.site(session, "daily")
        calm, strict = (factories.article(session, site, key) for key in ("calm", "strict"))
        strict.mode = Mode.PREMODERATE
        token = factories.bearer(session, factories.person(session), site)
        places = [{"key": one.key, "url": one.url, "title": one.title} for one in (calm, strict)]

    with running_server(url, tmp_path, scorer_url="http://127.0.0.1:9") as server:
        worker = server.processes.pop()
        worker.kill()
        worker.wait()
        for place in places:
            body = {"site": "daily", "article": place, "body": f"The {place['key']} ferry leaves at nine o'clock."}
            answer = requests.post(f"{server.api}/api/v1/comments", json=body, headers=token, timeout=30)
            assert (answer.status_code, answer.json()["status"]) == (201, "held")
        time.sleep(2)
        before = judged(db)
        del server.env["COMMENTSVC_SCORER_URL"]
        server.processes.append(server.command("worker"))
        wait_for(lambda: len(judged(db)) == 2)
        wait_for(lambda: statuses(db) == {"calm": "published", "strict": "held"})
        server.stop()
        server.processes.clear()

    db.dispose()
    assert before == set()


def judged(db: Database) -> set[int]:
    with db.reading() as session:
        scored = select(SignalRow.comment_id).where(SignalRow.check == "toxicity", SignalRow.score.is_not(None))
        return set(session.scalars(scored))


def statuses(db: Database) -> dict[str, str]:
    with db.reading() as session:
        found = session.execute(select(Article.key, Comment.status).join(Comment, Comment.article_id == Article.id))
        return {row.key: row.status for row in found}


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def test_a_database_that_restarts_is_found_again_within_seconds(own_postgres: Postgres, tmp_path: Path) -> None:
    """Readers read and writers write while it goes and comes; we are never restarted."""
    engine = create_engine(own_postgres.url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE DATABASE ours")
    engine.dispose()
    url = own_postgres.url.replace("/postgres", "/ours")
    db = Database(url)
    migrate.upgrade(db)
    with db.writing() as session:
        site = factories.site(session, "daily")
        story = factories.article(session, site, "story")
        tokens = [factories.bearer(session, factories.person(session), site) for _ in range(3)]
        where = {"key": story.key, "url": story.url, "title": story.title}
    db.dispose()
    kept: dict[str, str] = {}
    over = threading.Event()

    with running_server(url, tmp_path, scorer_url="http://127.0.0.1:9") as server:
        writers = [threading.Thread(target=write, args=(server, where, token, kept, over)) for token in tokens]
        for writer in writers:
            writer.start()
        wait_for(lambda: len(kept) >= 10)
        own_postgres.restart()
        back, before = time.monotonic(), len(kept)
        wait_for(lambda: requests.get(f"{server.api}/readyz", timeout=10).status_code == 200)
        wait_for(lambda: read(server) and len(kept) > before)
        took = time.monotonic() - back
        wait_for(lambda: len(kept) >= before + 10)
        over.set()
        for writer in writers:
            writer.join()

    with db.reading() as session:
        there = {row.body: str(row.id) for row in session.execute(select(Comment.body, Comment.id))}
        counted = session.scalars(select(Article)).one().comment_count
        published = session.scalar(select(func.count()).where(Comment.status == "published"))
    db.dispose()
    assert took < RECOVERED_S
    assert kept.items() <= there.items()
    # A comment is posted again until it is acknowledged, by the same key: none is there twice.
    assert len(there) == len(set(there.values())) == len(kept)
    assert counted == published


def write(
    server: Server, where: dict[str, str], token: dict[str, str], kept: dict[str, str], over: threading.Event
) -> None:
    """Post one comment after the other, each until it is acknowledged, and write down the ids that we were told."""
    for number in range(10_000):
        if over.is_set():
            return
        key = f"{id(token)}-{number}"
        body = {"site": "daily", "article": where, "body": f"Remark {key}: the ferry is late again."}
        while body["body"] not in kept:
            try:
                answer = requests.post(
                    f"{server.api}/api/v1/comments", json=body, headers={**token, "Idempotency-Key": key}, timeout=30
                )
            except requests.RequestException:
                continue
            if answer.status_code == 201:
                kept[str(body["body"])] = answer.json()["id"]
            else:
                assert answer.status_code in {409, 500, 503}, answer.text
                time.sleep(0.05)


def read(server: Server) -> bool:
    return requests.get(f"{server.api}/api/v1/comments?site=daily&article=story", timeout=10).status_code == 200
