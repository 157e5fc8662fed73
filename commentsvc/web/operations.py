"""Is the service well? For load balancers, for Prometheus, and for people who are woken up."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, g, jsonify, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from commentsvc.infra import measures
from commentsvc.queries import health, rescoring
from commentsvc.store import migrate
from commentsvc.store.db import now_us
from commentsvc.web import context

blueprint = Blueprint("operations", __name__)

_METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}


@blueprint.get("/healthz")
def healthz() -> Response:
    """Say that the process answers."""
    return jsonify({"status": "ok"})


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Say whether requests can be served: 503 without the database, `degraded` while only helpers are out."""
    services = context.services()
    parts: dict[str, Any] = {"database": _database()}
    if parts["database"] != "ok":
        return jsonify({"status": "unavailable", **parts}), 503
    judge = services.judge.describe()
    parts["classifier"] = judge["state"]
    parts["engine"] = _engine(judge)
    parts["relevance"] = {"state": judge["relevance"]["state"], **_engine(judge["relevance"])}
    parts["scores"] = _scores()
    if services.settings.redis_url:
        parts["redis"] = "unavailable" if services.limiter.is_degraded else "ok"
    is_well = parts["classifier"] == parts["relevance"]["state"] == "ok" and parts.get("redis", "ok") == "ok"
    return jsonify({"status": "ok" if is_well else "degraded", **parts}), 200


@blueprint.get("/metrics")
def metrics() -> Response:
    """Answer in Prometheus' text format."""
    gauges = CollectorRegistry()
    gauges.register(_Gauges(context.services()))
    return Response(generate_latest(measures.collected()) + generate_latest(gauges), content_type=CONTENT_TYPE_LATEST)


@blueprint.before_app_request
def start_clock() -> None:
    """Note when a request began."""
    g.started = time.perf_counter()


@blueprint.after_app_request
def count(response: Response) -> Response:
    """Count an answer under its endpoint's name; under its address the memory would fill with labels."""
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"
    measures.requests.labels(endpoint, method, response.status_code).inc()
    if "started" in g:
        measures.request_seconds.labels(endpoint).observe(time.perf_counter() - g.started)
    return response


class _Gauges:
    """What all processes share: the queue of people, the queue of jobs, the latest verdicts."""

    def __init__(self, services: context.Services) -> None:
        self._services = services

    def describe(self) -> Iterator[Metric]:
        return iter(())

    def collect(self) -> Iterator[Metric]:
        with self._services.db.reading() as session:
            queue = health.queue(session, now=now_us())
            verdicts = health.verdicts(session)
            scores = rescoring.upkeep(session)
            ages = health.ages(session, now=now_us())
            mails = health.mails(session, now=now_us())
        yield _labelled("commentsvc_oldest_seconds", "How long the oldest has waited.", "what", ages)
        yield _labelled("commentsvc_mails", "Mails of the last day.", "state", mails)
        yield GaugeMetricFamily("commentsvc_open_cases", "Cases that wait for a manager.", queue.open_cases)
        jobs = {"waiting": queue.waiting_jobs, "overdue": queue.overdue_jobs, "failing": queue.failing_jobs,
                "retried": queue.retried_jobs, "failed": queue.failed_jobs}  # fmt: skip
        yield _labelled("commentsvc_jobs", "Unfinished jobs.", "state", jobs)
        passes = {"done": scores.done, "total": scores.total}
        yield _labelled("commentsvc_rescoring", "Comments in rescorings under way.", "state", passes)
        yield GaugeMetricFamily("commentsvc_unscored", "Held comments whose check had failed.", scores.unscored)
        yield self._classifier()
        about = f"Automatic verdicts among the latest {health.LATEST:,} decisions."
        yield _labelled("commentsvc_verdicts", about, "outcome", verdicts)

    def _classifier(self) -> Metric:
        about = self._services.judge.describe()
        family = GaugeMetricFamily(
            "commentsvc_classifier", "1 while the classifier answers.", labels=["engine", "version", "state"]
        )
        family.add_metric([about["engine"], about["version"], about["state"]], float(about["state"] == "ok"))
        return family


def _labelled(name: str, about: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _engine(about: dict[str, Any]) -> dict[str, str]:
    """Name an engine, and say why it doesn't answer or what has become of its files, where there is anything to say."""
    said = {"why": about["why"], "files": about["files"]}
    return {"name": about["engine"], "version": about["version"], **{name: what for name, what in said.items() if what}}


def _scores() -> dict[str, Any]:
    """Say how far scores are from being the engine's own: a detail, nobody is served worse meanwhile."""
    with context.services().db.reading() as session:
        found = rescoring.upkeep(session)
    state = "rescoring" if found.sites else "ok"
    return {"state": state, "done": found.done, "total": found.total, "held": found.unscored}


def _database() -> str:
    try:
        revision = migrate.current(context.services().db)
    except SQLAlchemyError:
        return "unavailable"
    return "ok" if revision == migrate.newest() else "not migrated"
