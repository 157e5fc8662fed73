"""Do load balancers and Prometheus hear the truth?"""

from typing import Any

from commentsvc.app import create_app
from commentsvc.enums import Status
from commentsvc.infra import measures
from commentsvc.moderation.embedded import load_relevance
from commentsvc.moderation.pipeline import Judge
from commentsvc.moderation.toxicity import Unavailable
from commentsvc.settings import Settings
from commentsvc.store import migrate
from commentsvc.store.db import Database
from tests import factories
from tests.conftest import Cast
from tests.postgres import free_port


def test_healthz_answers(client: Any) -> None:
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_readyz_of_a_whole_service_is_ok(client: Any) -> None:
    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["database"], answer.json["classifier"]) == ("ok", "ok", "ok")
    assert set(answer.json["engine"]) == {"name", "version"}


def test_readyz_without_a_classifier_is_degraded(settings: Settings) -> None:
    judge = Judge(Unavailable("detoxify", "there is no checkpoint"), load_relevance())
    lame = create_app(settings, judge=judge)

    answer = lame.test_client().get("/readyz")

    judge.close()
    lame.extensions["commentsvc"].db.dispose()
    assert (answer.status_code, answer.json["status"], answer.json["classifier"]) == (200, "degraded", "unavailable")


def test_readyz_without_redis_is_degraded(app: Any, settings: Settings) -> None:
    changed = settings.model_copy(update={"redis_url": f"redis://127.0.0.1:{free_port()}", "rate_limits": "on"})
    lame = create_app(changed, judge=app.extensions["commentsvc"].judge)

    answer = lame.test_client().get("/readyz")

    lame.extensions["commentsvc"].db.dispose()
    assert (answer.status_code, answer.json["status"], answer.json["redis"]) == (200, "degraded", "unavailable")


def test_readyz_without_tables_is_503(client: Any, db: Database) -> None:
    migrate.downgrade(db, "base")

    answer = client.get("/readyz")

    migrate.upgrade(db)
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "database": "not migrated"})


def test_readyz_without_a_database_is_503(app: Any, settings: Settings) -> None:
    gone = settings.model_copy(
        update={"database_url": f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/nothing?connect_timeout=2"}
    )
    lame = create_app(gone, judge=app.extensions["commentsvc"].judge)

    answer = lame.test_client().get("/readyz")

    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "database": "unavailable"})


def test_metrics_count_requests_cases_and_verdicts(client: Any, db: Database, cast: Cast) -> None:
    with db.writing() as session:
        story, ada = session.merge(cast.story), session.merge(cast.ada)
        factories.comment(session, story, ada, status=Status.HELD)
        factories.comment(session, story, ada)
    labels = {"endpoint": "operations.healthz", "method": "GET", "status": "200"}
    before = measures.REGISTRY.get_sample_value("commentsvc_requests_total", labels) or 0
    client.get("/healthz")
    client.get("/healthz")
    client.open("/nowhere/at-all", method="BREW")

    answer = client.get("/metrics")

    lines = answer.text.splitlines()
    assert answer.content_type.startswith("text/plain")
    line = 'commentsvc_requests_total{endpoint="operations.healthz",method="GET",status="200"}'
    assert f"{line} {before + 2}" in lines
    assert any('endpoint="none",method="other"' in line for line in lines)
    assert "commentsvc_open_cases 1.0" in lines
    assert 'commentsvc_verdicts{outcome="hold"} 1.0' in lines
    assert 'commentsvc_jobs{state="waiting"} 0.0' in lines
    assert "nowhere" not in answer.text
