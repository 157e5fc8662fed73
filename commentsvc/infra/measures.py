"""What does a process count about its work, and how do several processes count together?

Only metrics with labels are kept here: their values are made when first used, after `share` has said where.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    start_http_server,
    values,
)
from prometheus_client.multiprocess import MultiProcessCollector

disable_created_metrics()  # type: ignore[no-untyped-call]  # When a counter began says nothing that its reset doesn't.
REGISTRY = CollectorRegistry()
_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_FAST = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_LONG = (0.01, 0.1, 1.0, 10.0, 60.0)

requests = Counter(
    "commentsvc_requests", "Requests answered.", ("endpoint", "method", "status"), registry=REGISTRY
)  # fmt: skip
request_seconds = Histogram(
    "commentsvc_request_seconds", "Time to an answer.", ("endpoint",), buckets=_FAST, registry=REGISTRY
)
decided = Counter(
    "commentsvc_decided", "Verdicts on comments, by the check that led to them.", ("check", "outcome"),
    registry=REGISTRY,
)  # fmt: skip
checks = Counter("commentsvc_checks", "What checks had to say about comments.", ("check", "state"), registry=REGISTRY)
engine_seconds = Histogram(
    "commentsvc_engine_seconds", "Time in an engine, for a text or for a batch.", ("engine",), buckets=_FAST,
    registry=REGISTRY,
)  # fmt: skip
page_cache = Counter("commentsvc_page_cache", "Public pages asked for.", ("result",), registry=REGISTRY)
jobs = Counter("commentsvc_jobs_run", "Jobs that a worker has run.", ("job", "result"), registry=REGISTRY)
job_seconds = Histogram("commentsvc_job_seconds", "Time in a job.", ("job",), buckets=_LONG, registry=REGISTRY)


def observe_engine(engine: str, seconds: float) -> None:
    """Note how long an engine took."""
    engine_seconds.labels(engine).observe(seconds)


@contextmanager
def share() -> Iterator[None]:
    """Have this process's children count together, by files that all of them read, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="commentsvc-metrics-") as folder:
        os.environ[_FOLDER] = folder
        alone, values.ValueClass = values.ValueClass, values.MultiProcessValue()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            del os.environ[_FOLDER]
            values.ValueClass = alone


def collected() -> CollectorRegistry:
    """Return what is counted: by all processes that share, or by this one."""
    if _FOLDER not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return registry


def publish(port: int) -> None:
    """Answer Prometheus on this machine, in a process that serves nothing else."""
    start_http_server(port, "127.0.0.1", registry=REGISTRY)
