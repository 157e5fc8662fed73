"""Are answers that are given again those that the application would give, byte for byte, whatever happens meanwhile?"""

import gzip
import http.client
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from flask import Flask

from commentsvc.queries.threads import stamp, vote_window
from commentsvc.settings import Settings
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Article, Comment, Membership, Person, Site
from commentsvc.web.shelf import Offer, Shelf, Watched, key_of
from tests import factories
from tests.conftest import ENGINE, Cast
from tests.server import Server, running_server

THREAD = "/api/v1/comments?site=daily&article=story"
COUNTS = "/api/v1/counts?site=daily&article=story&article=unknown"

only_sqlite = pytest.mark.skipif(ENGINE != "sqlite", reason="nothing that is watched is kept before PostgreSQL")


@pytest.fixture
def first(db: Database, cast: Cast) -> int:
    with db.writing() as session:
        return int(factories.comment(session, cast.story, cast.ada, "The ferry is late again. " * 30).id)


@pytest.fixture
def server(database_url: str, first: int, tmp_path: Path) -> Iterator[Server]:
    with running_server(database_url, tmp_path, scorer_url="http://127.0.0.1:9") as served:
        yield served


def hits(server: Server) -> int:
    counted = requests.get(f"{server.api}/metrics", timeout=10).text
    found = re.search(r'_page_cache_total\{result="hit"\} (\S+)', counted)
    return int(float(found[1])) if found else 0


def plain(server: Server, path: str, **headers: str) -> requests.Response:
    return requests.get(server.api + path, headers={"Accept-Encoding": "identity", **headers}, timeout=10)


@only_sqlite
def test_what_is_given_again_is_what_was_given_packed_where_asked_for(server: Server) -> None:
    check_given_again(server)
    check_packing(server)
    check_others(server)


def check_given_again(server: Server) -> None:
    for path in (THREAD, f"{THREAD}&sort=newest&limit=5", COUNTS):
        before, made, again = hits(server), plain(server, path), plain(server, path)
        different = {"date", "x-request-id"}
        assert hits(server) == before + 1, path
        assert again.content == made.content
        assert {name: value for name, value in again.headers.items() if name.lower() not in different} == {
            name: value for name, value in made.headers.items() if name.lower() not in different
        }
        assert again.headers["X-Request-Id"] != made.headers["X-Request-Id"]


def check_packing(server: Server) -> None:
    made = plain(server, THREAD)
    tag = made.headers["ETag"]
    raw = http.client.HTTPConnection("127.0.0.1", server.port)
    answers = {}
    for asked in ("gzip", "br, gzip;q=0.5", "gzip;q=0", ""):
        raw.request("GET", THREAD, headers={"Accept-Encoding": asked} if asked else {})
        answer = raw.getresponse()
        answers[asked] = (answer.headers.get("Content-Encoding"), answer.headers["ETag"], answer.read())
    raw.close()

    for asked in ("gzip", "br, gzip;q=0.5"):
        encoding, weak, body = answers[asked]
        assert (encoding, weak, gzip.decompress(body)) == ("gzip", f"W/{tag}", made.content)
        assert len(body) < len(made.content) / 2
    assert answers["gzip;q=0"] == answers[""] == (None, tag, made.content)
    assert made.headers["Vary"] == "Accept-Encoding"
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        unchanged = plain(server, THREAD, **{"If-None-Match": known})
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert "Content-Type" not in unchanged.headers
    assert plain(server, THREAD, **{"If-None-Match": '"other"'}).content == made.content
    assert requests.head(server.api + THREAD, timeout=10).content == b""


def test_nothing_that_has_changed_is_given_again(
    db: Database, cast: Cast, first: int, server: Server, app: Flask
) -> None:
    """After each change the server answers as an application does that keeps nothing."""
    bare = app.test_client()

    def post() -> None:
        with db.writing() as session:
            factories.comment(session, session.get_one(Article, cast.story.id), cast.bo, "I was there, too.")

    def reject() -> None:
        with db.writing() as session:
            factories.reject(session, session.get_one(Comment, first), session.get_one(Person, cast.cam.id))

    def change(kind: type[Any], key: Any, **values: Any) -> Callable[[], None]:
        def apply() -> None:
            with db.writing() as session:
                found = session.get_one(kind, key)
                for name, value in values.items():
                    setattr(found, name, value)

        return apply

    article, site = cast.story.id, cast.daily.id
    changes: list[Callable[[], None]] = [
        post,
        reject,
        change(Article, article, state="closed"),
        change(Article, article, state="open", mode="premoderate"),
        change(Article, article, slow_mode=30),
        change(Article, article, tripped="premoderate"),
        change(Article, article, title="Another title"),
        change(Article, article, tripped=None, mode=None),
        change(Site, site, policy={"mode": "closed"}),
        change(Site, site, policy={"mode": "premoderate"}),
        change(Article, article, version=99),
    ]
    seen = []
    for apply in changes:
        for path in (THREAD, COUNTS):
            plain(server, path)
        apply()
        for path in (THREAD, COUNTS):
            given = plain(server, path).json()
            assert given == bare.get(path).get_json()
            seen.append(given)
    # All but the last change something that readers see.
    assert len({str(one) for one in seen[::2]}) == len(changes) - 1


@only_sqlite
def test_a_vote_is_seen_when_its_window_is_over(db: Database, cast: Cast, first: int, server: Server) -> None:
    plain(server, THREAD)
    with db.writing() as session:
        session.get_one(Comment, first).up = 7
        session.get_one(Article, cast.story.id).voted_at = vote_window(now_us())
    plain(server, THREAD)
    with db.writing() as session:
        session.get_one(Comment, first).up = 8

    time.sleep(5.1)
    votes = plain(server, THREAD).json()["comments"][0]["votes"]

    assert votes == {"up": 8, "down": 0}


def check_others(server: Server) -> None:
    plain(server, THREAD)

    assert plain(server, THREAD.replace("story", "other")).json()["comments"] == []
    assert plain(server, f"{THREAD}&limit=x").status_code == 422
    assert plain(server, f"{THREAD}&surprise=1").status_code == 422
    assert plain(server, THREAD.replace("/api/v1/comments", "/api/v1/counts")).json() == {"counts": {"story": 1}}
    assert requests.post(server.api + THREAD, timeout=10).status_code in {400, 401}
    assert requests.options(server.api + THREAD, timeout=10).headers["Access-Control-Allow-Methods"]


def test_names_are_not_given_again_for_long(db: Database, cast: Cast, first: int, app: Flask) -> None:
    """What the stamp doesn't know of, somebody's new name, ends with the half minute for which an answer is kept."""
    offers: list[Offer] = []
    app.test_client().get(THREAD, environ_overrides={"commentsvc.offers": offers})
    with db.writing() as session:
        session.get_one(Membership, (cast.ada.id, cast.daily.id)).name = "Ada the Second"

    assert [offer.until - now_us() <= 30_000_000 for offer in offers] == [True]
    assert [offer.route for offer in offers] == ["/api/v1/comments"]


@only_sqlite
def test_the_shelf_is_bounded_and_forgets_what_was_asked_longest_ago(
    db: Database, cast: Cast, first: int, settings: Settings
) -> None:
    shelf = Shelf(db, settings.model_copy(update={"page_cache_mb": 1}))
    with db.reading() as session:
        query = stamp("daily", "story")
        watched = Watched(query, [tuple(row) for row in session.execute(query)])
    offer = Offer(now_us() + 60_000_000, watched, "widget_api.thread", "/api/v1/comments")
    etag = ("etag", '"x"')
    for number in range(30):
        shelf.keep(f"key {number}", offer, (200, [etag], bytes(60_000)))
        shelf.find("key 0", {})
    shelf.keep("large", offer, (200, [etag], bytes(200_000)))
    shelf.keep("refused", offer, (404, [etag], b"{}"))
    late = Offer(now_us() - 1, watched, "widget_api.thread", "/api/v1/comments")
    shelf.keep("late", late, (200, [etag], b"{}"))

    kept = [key for key in ("key 0", "key 1", "key 29", "large", "refused", "late") if shelf.find(key, {})]
    assert kept == ["key 0", "key 29"]


def test_a_database_that_is_gone_is_the_applications_business(settings: Settings, tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path / 'gone.db'}")
    shelf = Shelf(db, settings)
    query = stamp("daily", "story")
    shelf.keep("key", Offer(now_us() + 60_000_000, Watched(query, []), "e", "/r"), (200, [("etag", '"x"')], b"{}"))

    assert shelf.find("key", {}) is None


def test_a_key_names_host_path_and_query() -> None:
    scope = SimpleNamespace(headers={"host": "a.example"}, path="/api/v1/comments", query_string="site=x")

    assert key_of(scope) == "a.example /api/v1/comments?site=x"
