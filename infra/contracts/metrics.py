"""Numbers for Prometheus: rate, outcomes and duration of contract calls, as the caller sees them."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Histogram

# In process a call takes microseconds, over a network a millisecond; the longest timeout declared is 15 s.
_BUCKETS = (0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0)

calls = Counter(
    "banyan_contract_calls",
    "Contract calls made, by outcome: result, declared (a refusal of the business), or the code of a failure.",
    ["contract", "method", "route", "outcome"],
)
durations = Histogram(
    "banyan_contract_call_duration_seconds",
    "Time from asking to the answer, with all attempts.",
    ["contract", "method", "route"],
    buckets=_BUCKETS,
)

sendings = Counter(
    "banyan_contract_calls_sent_on",
    "Calls of modules that can move, sent to a service: answered, answered here instead, or the code of a failure.",
    ["contract", "method", "outcome"],
)


def sent_on(contract: str, method: str, outcome: str) -> None:
    """Count one call that went to a service."""
    sendings.labels(contract, method, outcome).inc()


def observe(contract: str, method: str, route: str, outcome: str, seconds: float) -> None:
    """Count one call."""
    count, duration = _series(contract, method, route, outcome)
    count.inc()
    duration.observe(seconds)


@cache  # as many as there are methods times outcomes
def _series(contract: str, method: str, route: str, outcome: str) -> tuple[Counter, Histogram]:
    return calls.labels(contract, method, route, outcome), durations.labels(contract, method, route)
