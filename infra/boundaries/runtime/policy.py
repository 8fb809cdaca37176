"""What becomes of what a guard sees: one policy for all of them.

`settings.GUARD_POLICY` is `raise` (development, tests, and production where it is wanted) or `log` (production's default): then
what was seen is counted, and logged with its call site, each call site at most once a minute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from prometheus_client import Counter

from infra.boundaries.findings import Finding

log = logging.getLogger("infra.boundaries.runtime")

findings_seen = Counter(
    "banyan_boundary_findings",
    "Crossings of a boundary seen while running, by rule, by the module that crosses, and by what it reaches",
    ["rule", "module", "target"],
)

# A loop that crosses a boundary a thousand times a second says so once a minute.
SECONDS_BETWEEN_LINES = 60.0

Listener = Callable[[Finding], None]
_listeners: list[Listener] = []


class _Lines:
    """When each call site was logged last, and how often it was passed over since."""

    def __init__(self) -> None:
        self._last: dict[tuple[str, str, int], tuple[float, int]] = {}

    def passed_over(self, finding: Finding) -> int | None:
        """Return how many were passed over since the last line, None where this one is to be passed over, too."""
        key = (finding.rule.id, finding.path or finding.source, finding.line)
        now = time.monotonic()
        last, count = self._last.get(key, (-SECONDS_BETWEEN_LINES, 0))
        if now - last < SECONDS_BETWEEN_LINES:
            self._last[key] = (last, count + 1)
            return None
        self._last[key] = (now, 0)
        return count

    def forget(self) -> None:
        self._last.clear()


lines = _Lines()


def on_finding(listener: Listener) -> None:
    """Call `listener(finding)` for everything that a guard sees, under either policy; it must be quick and must not raise."""
    if listener not in _listeners:
        _listeners.append(listener)


def stop_listening(listener: Listener) -> None:
    if listener in _listeners:
        _listeners.remove(listener)


@contextmanager
def collected() -> Iterator[list[Finding]]:
    """Collect what guards see in this process during the block."""
    findings: list[Finding] = []
    on_finding(findings.append)
    try:
        yield findings
    finally:
        stop_listening(findings.append)


def record(finding: Finding) -> None:
    """Count a finding and log it, whatever the policy: for what raises by itself."""
    findings_seen.labels(finding.rule.id, finding.module, finding.target).inc()
    for listener in tuple(_listeners):
        listener(finding)
    if settings.GUARD_POLICY == "log" and (passed_over := lines.passed_over(finding)) is not None:
        since = f" ({passed_over} more of it since the last line)" if passed_over else ""
        facts = {
            "rule": finding.rule.id,
            "module": finding.module,
            "target": finding.target,
            "call_site": finding.where,
        }
        log.error("%s%s", sentence(finding), since, extra={"boundary": facts, "call_site": finding.where})


def settle(finding: Finding, error: type[Exception]) -> None:
    """Record a finding, and refuse to go on where the policy is `raise`.

    Raises:
        error: under the policy `raise`.
    """
    record(finding)
    if settings.GUARD_POLICY == "raise":
        raise error(sentence(finding))


def sentence(finding: Finding) -> str:
    """Return what happened, why it matters and what to do, in a line."""
    return f"{finding.rule.id}: {finding.detail} {finding.rule.why} {finding.rule.recipe}"
