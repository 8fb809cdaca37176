"""Numbers for Prometheus: rate, errors and duration per module and route, and what events wait.

Under gunicorn each process writes to files in `PROMETHEUS_MULTIPROC_DIR` (infra/observability/worker_processes.py), and any of
them answers for all.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# A page of the catalogue takes 5 ms, a checkout 25; what takes 2.5 s has lost its customer.
_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

requests = Counter(
    "banyan_http_requests", "Requests answered, by module, route and status.", ["module", "method", "route", "status"]
)
durations = Histogram(
    "banyan_http_request_duration_seconds",
    "Time from a request's arrival to its answer, by module and route.",
    ["module", "method", "route"],
    buckets=_BUCKETS,
)


def known_method(method: str | None) -> str:
    """Return an HTTP method as it is counted: strangers may make up as many as they like."""
    return method if method in _METHODS else "other"


def observe(module: str, method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request."""
    count, duration = _series(module, known_method(method), route, status)
    count.inc()
    duration.observe(seconds)


@lru_cache(maxsize=4096)
def _series(module: str, method: str, route: str, status: int) -> tuple[Any, Any]:
    return requests.labels(module, method, route, str(status)), durations.labels(module, method, route)


def exposition() -> bytes:
    """Return everything that is counted, in Prometheus' text format."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
