"""What became of each request: its numbers and its line in the access log, both a moment later and in batches.

Written one by one, the lines would hand the interpreter's lock to other threads and cost a request a tenth of its time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from infra.observability import logs, metrics
from infra.observability.batches import Batches
from infra.observability.redaction import redacted
from infra.observability.routes import UNMATCHED, module_of

# Asked every few seconds by machines; a line each would bury the others.
_QUIET = frozenset({"healthz", "readyz", "metrics"})


class Observation(NamedTuple):
    """One request, answered."""

    at: float  # seconds since 1970
    correlation_id: str
    method: str
    route: str
    path: str
    status: int
    seconds: float
    problem: dict[str, Any] | None


def _settle(batch: list[Observation]) -> None:
    lines: list[dict[str, Any]] = []
    for one in batch:
        module = module_of(one.route)
        metrics.observe(module, one.method, one.route, one.status, one.seconds)
        if one.route not in _QUIET:
            lines.append(_line(one, module))
    if lines:
        logs.write_access_lines(lines)


def _line(one: Observation, module: str) -> dict[str, Any]:
    line: dict[str, Any] = {
        "event": "request",
        "level": "info",
        "at": datetime.fromtimestamp(one.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "correlation_id": one.correlation_id,
        "module": module,
        "method": one.method,
        "route": one.route,
        "status": one.status,
        "ms": round(one.seconds * 1000, 2),
    }
    if one.problem is not None:
        line |= {"code": one.problem["code"], "instance": one.problem["instance"]}
    if one.route == UNMATCHED:
        line["path"] = redacted(one.path[:200])
    return line


_observations = Batches(_settle)
add = _observations.add
flush = _observations.flush
