"""Does a caching proxy carry the readers, by our headers alone, and keep nothing that is somebody's own?"""

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from commentsvc.store.db import Database
from tests import factories
from tests.conftest import Cast
from tests.postgres import free_port
from tests.server import Server, running_server

CONFIGURATION = Path(__file__).parent.parent / "deploy" / "nginx.conf"
THREAD = "/api/v1/comments?site=daily&article=story"
PUBLIC = (THREAD, "/api/v1/counts?site=daily&article=story", "/feeds/daily.atom", "/articles/daily/story", "/embed.js")


@pytest.fixture
def server(db: Database, database_url: str, cast: Cast, tmp_path: Path) -> Iterator[Server]:
    with db.writing() as session:
        factories.comment(session, cast.story, cast.ada, "The ferry is late again. " * 30)
    with running_server(database_url, tmp_path, scorer_url="http://127.0.0.1:9") as served:
        yield served


@pytest.fixture
def proxy(server: Server, tmp_path: Path) -> Iterator[str]:
    """The configuration that we ship, without TLS and at other addresses."""
    port, folder = free_port(), tmp_path / "nginx"
    folder.mkdir()
    shipped = CONFIGURATION.read_text()
    changed = re.sub(r"ssl_certificate.*\n", "", shipped).replace("listen 443 ssl", f"listen 127.0.0.1:{port}")
    changed = changed.replace("http://127.0.0.1:8000", server.api).replace(
        "/var/cache/nginx/commentsvc", f"{folder}/kept"
    )
    temporary = "".join(f"{name}_temp_path {folder}/{name};" for name in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    file = folder / "nginx.conf"
    file.write_text(
        f"daemon off; user root; pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{changed}\n}}\n"
    )
    process = subprocess.Popen(["nginx", "-c", str(file), "-e", f"{folder}/error.log"])
    try:
        for _ in range(100):
            try:
                requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2)
                break
            except requests.ConnectionError:
                assert process.poll() is None, (folder / "error.log").read_text()
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def test_readers_are_carried_and_nothing_personal_is_kept(db: Database, cast: Cast, server: Server, proxy: str) -> None:
    check_hit_rates(proxy)
    check_encodings(proxy)
    check_own(db, cast, proxy)
    check_outage(server, proxy)


def check_hit_rates(proxy: str) -> None:
    for path in PUBLIC:
        answers = [requests.get(proxy + path, timeout=10) for _ in range(40)]
        how = [answer.headers["X-Cache"] for answer in answers]
        assert how[0] == "MISS", path
        # What has just become stale is given once more while it is made anew.
        assert set(how[1:]) <= {"HIT", "STALE", "UPDATING", "REVALIDATED"}, path
        assert how.count("HIT") >= 30, path
        assert {answer.content for answer in answers} == {answers[0].content}


def check_encodings(proxy: str) -> None:
    packed = requests.get(proxy + THREAD, headers={"Accept-Encoding": "gzip"}, timeout=10)
    plain = requests.get(proxy + THREAD, headers={"Accept-Encoding": "identity"}, timeout=10)
    unchanged = requests.get(proxy + THREAD, headers={"If-None-Match": plain.headers["ETag"]}, timeout=10)

    assert packed.content == plain.content
    assert "Content-Encoding" not in plain.headers
    assert unchanged.status_code == 304


def check_own(db: Database, cast: Cast, proxy: str) -> None:
    with db.writing() as session:
        tokens = {who.name: factories.bearer(session, who, cast.daily) for who in (cast.ada, cast.bo)}
    path = "/api/v1/me?site=daily&article=story"
    for _ in range(2):
        for name, token in tokens.items():
            answer = requests.get(proxy + path, headers=token, timeout=10)
            assert answer.json()["person"]["name"] == name
            assert answer.headers["X-Cache"] == "BYPASS"
        assert requests.get(proxy + path, timeout=10).status_code == 401
    for own in ("/auth/sign-in?site=daily", "/auth/account", "/console", "/report/1", "/setup"):
        answers = [requests.get(proxy + own, allow_redirects=False, timeout=10) for _ in range(2)]
        assert [answer.headers.get("X-Cache") for answer in answers] == [None, None], own
    assert requests.get(f"{proxy}/metrics", timeout=10).status_code == 403


def check_outage(server: Server, proxy: str) -> None:
    server.kill()

    assert requests.get(proxy + THREAD, timeout=10).json()["comments"]
