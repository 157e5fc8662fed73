"""Is nothing about a person in the log, whatever they do and whatever goes wrong?"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text

from commentsvc.actions import exporting
from commentsvc.app import configure_logs, create_app
from commentsvc.infra import jobs
from commentsvc.store.db import Database, now_us
from commentsvc.store.models import Person
from commentsvc.worker import run_next
from tests import factories
from tests.conftest import Cast
from tests.web.test_accounts import ADA, NEW, submit

ADDRESS = "203.0.113.77"
BODY = "A calm remark about quokkas."
MARKS = ("ada@daily.example", "zoe@news.example", "x@y.example", ADDRESS, "quokka", "Ada Holm", "vier wörter", "argon2")


@pytest.fixture
def restored() -> Iterator[None]:
    """Log as before when the test is over."""
    yield
    configure_logs("console")


def use(client: Any, cast: Cast, bearer: dict[str, str]) -> None:
    """Do what people do, and some of it wrongly."""
    submit(client, "/auth/sign-up", **NEW)
    client.post("/auth/sign-out")
    submit(client, "/auth/sign-in", email=ADA["email"], password="not hers")
    submit(client, "/auth/sign-in", **ADA)
    article = {"key": "story", "url": "https://daily.example/story", "title": "Story"}
    posted = client.post(
        "/api/v1/comments", json={"site": "daily", "article": article, "body": BODY}, headers=bearer
    ).get_json()
    client.patch(f"/api/v1/comments/{posted['id']}", json={"body": BODY + "\ud800"}, headers=bearer)
    submit(client, f"/report/{posted['id']}", ground="other", explanation=BODY, name="Ada Holm", email="x@y.example")
    client.get("/console/daily/people?q=Ada Holm")
    client.get(f"/auth/set-password/{ADA['email']}")


def test_no_line_says_who_did_what_from_where(
    settings: Any, shared_judge: Any, db: Database, cast: Cast, capsys: pytest.CaptureFixture[str], restored: None
) -> None:
    app = create_app(settings.model_copy(update={"log_format": "json"}), judge=shared_judge)

    @app.get("/crash")
    def crash() -> str:
        with app.extensions["commentsvc"].db.writing() as session:
            session.execute(
                text(
                    "INSERT INTO persons (id, email, name, skeleton, epoch, created_at) VALUES (:i, :e, :n, 'x', 1, 1)"
                ),
                {"i": 10**6, "e": ADA["email"], "n": "Ada Holm"},
            )
        return "unreachable"

    def fail(*_: object) -> None:
        with db.writing() as session:
            session.add(Person(email=ADA["email"], name="Ada Holm", skeleton="y", epoch=1, created_at=1))

    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = ADDRESS
    with db.writing() as session:
        bearer = factories.bearer(session, cast.ada, cast.daily)
        exporting.ask(session, session.get_one(Person, cast.ada.id), now=now_us())
        jobs.enqueue(session, "fail", {}, now=now_us())

    use(client, cast, bearer)
    crashed = client.get("/crash").status_code
    while run_next(db, shared_judge, worker="w", registry={"fail": fail, exporting.JOB: lambda *_: None}):
        pass

    app.extensions["commentsvc"].db.dispose()
    log = capsys.readouterr().err
    lines = [json.loads(line) for line in log.splitlines()]
    with db.reading() as session:
        kept = session.scalar(text("SELECT error FROM jobs WHERE name = 'fail'"))
    assert crashed == 500
    assert {line["event"] for line in lines} >= {"unexpected error", "A job failed."}
    whole = log + str(kept)
    assert [mark for mark in MARKS if mark in whole] == []
    assert "IntegrityError" in whole
