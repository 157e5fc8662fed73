"""Do log lines, answers and jobs name the request, and nothing of a person?"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from structlog.testing import capture_logs

from commentsvc.app import create_app, services_for
from commentsvc.infra import jobs, measures
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.toxicity import Unavailable
from commentsvc.settings import Settings
from commentsvc.store.db import Database
from commentsvc.store.models import Job
from commentsvc.worker import run_next
from tests import factories
from tests.conftest import Cast

ASKED = {"X-Request-Id": "proxy-asked-0001"}


@pytest.fixture
def own_app(settings: Settings, shared_judge: Any) -> Iterator[Any]:
    made = create_app(settings.model_copy(update={"log_format": "json"}), judge=shared_judge)
    yield made
    made.extensions["commentsvc"].db.dispose()


def behind_proxy(app: Any, settings: Settings) -> Any:
    changed = settings.model_copy(update={"trusted_proxies": 1, "log_format": "json"})
    services = services_for(changed, app.extensions["commentsvc"].judge)
    app.extensions["commentsvc"].db.dispose()
    app.extensions["commentsvc"] = services
    return app.test_client()


def test_id_is_made_here_unless_a_trusted_proxy_gave_one(own_app: Any, settings: Settings) -> None:
    made = [own_app.test_client().get("/healthz", headers=ASKED).headers["X-Request-Id"] for _ in range(2)]
    client = behind_proxy(own_app, settings)
    taken = client.get("/healthz", headers=ASKED).headers["X-Request-Id"]
    refused = [
        client.get("/healthz", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        for bad in ("short", "a" * 65, "with space in it", "<script>alert(1)</script>", "ünicode-name")
    ]

    assert len({*made, ASKED["X-Request-Id"]}) == 3
    assert taken == "proxy-asked-0001"
    assert all(len(given) == 24 and given.isalnum() for given in refused)


def test_json_logs_have_one_line_a_request_and_nothing_of_a_person(own_app: Any, cast: Cast) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = own_app.test_client().get(
            "/api/v1/comments?site=daily&article=secret-story", headers={"User-Agent": "me"}
        )
        own_app.test_client().open("/nowhere/ada@daily.example", method="BREW")

    known, unknown = lines
    assert isinstance(known.pop("ms"), float)
    assert known == {
        "event": "request", "log_level": "info", "route": "/api/v1/comments", "method": "GET", "status": 200,
        "request_id": answer.headers["X-Request-Id"],
    }  # fmt: skip
    assert (unknown["route"], unknown["method"], unknown["status"]) == (None, "other", 404)
    assert "secret" not in json.dumps(lines)
    assert "ada" not in json.dumps(lines)


def test_crash_is_named_in_answer_page_and_log(own_app: Any) -> None:
    @own_app.get("/api/v1/test-crash/<name>")
    def crash(name: str) -> None:
        raise RuntimeError("no")

    own_app.add_url_rule("/test-crash", "page-crash", own_app.doc(hide=True)(lambda: crash("x")))
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        answer = own_app.test_client().get("/api/v1/test-crash/ada")
        page = own_app.test_client().get("/test-crash", headers={"Accept": "text/html"})

    asked = answer.headers["X-Request-Id"]
    assert answer.status_code == 500
    assert answer.json["error"]["details"] == {"request_id": asked}
    assert {line["request_id"] for line in lines[:2]} == {asked}
    assert lines[0]["route"] == "/api/v1/test-crash/<name>"
    assert page.status_code == 500
    assert page.headers["X-Request-Id"] in page.text


def test_id_goes_with_the_job_that_a_request_asks_for(
    own_app: Any, settings: Settings, db: Database, cast: Cast
) -> None:
    with db.writing() as session:
        token = factories.bearer(session, cast.ada, cast.daily)
    client = behind_proxy(own_app, settings)
    judge = Judge(Unavailable("embedded", "it is out"), own_app.extensions["commentsvc"].judge.relevance)
    own_app.extensions["commentsvc"] = services_for(own_app.extensions["commentsvc"].settings, judge)
    article = {"key": cast.story.key, "url": cast.story.url, "title": cast.story.title}
    said = {"site": "daily", "article": article, "body": "The ferry was late again."}

    posted = client.post("/api/v1/comments", json=said, headers={**token, **ASKED})
    seen: list[Any] = []

    def look(_db: Database, _judge: Judge, args: Any) -> None:
        seen.append((args, structlog.contextvars.get_contextvars()["request_id"]))
        raise ValueError("no")

    with db.writing() as session:
        row = session.scalars(select(Job).where(Job.name == "rescore")).one()
        row.name, row.run_at = "look", 1
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        assert run_next(db, judge, worker="w", registry={"look": look}, name="look")
    judge.close()

    assert posted.status_code == 201, posted.text
    ((args, asked),) = seen
    assert asked == "proxy-asked-0001"
    assert set(args) == {"comment", "revision"}
    assert (lines[0]["request_id"], lines[0]["job"]) == ("proxy-asked-0001", "look")
    assert structlog.contextvars.get_contextvars().get("request_id") is None
    assert (measures.REGISTRY.get_sample_value("commentsvc_jobs_run_total", {"job": "look", "result": "failed"})) == 1


def test_job_without_a_request_has_no_id(db: Database) -> None:
    with db.writing() as session:
        jobs.enqueue(session, "note", {"a": 1}, now=1)
        claimed = jobs.claim(session, worker="w", now=2)

    assert claimed is not None
    assert (claimed.args, claimed.request_id) == ({"a": 1}, None)
