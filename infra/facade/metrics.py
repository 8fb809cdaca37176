"""Numbers for Prometheus: what the facade sent where, what waited, what it had to make good."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

forwarded = Counter(
    "banyan_facade_forwarded",
    "Requests sent to a module's service, by what came of it: answered, held, unreachable, lost.",
    ["module", "outcome"],
)
stragglers = Counter(
    "banyan_facade_stragglers",
    "Requests that a side refused because the module writes elsewhere by now, and that were sent there.",
    ["module", "refused_by"],
)
fallbacks = Counter(
    "banyan_facade_fallbacks",
    "Requests answered here because the service, which had a share of them, failed.",
    ["module"],
)
held = Histogram(
    "banyan_facade_held_seconds",
    "How long requests waited for a switch, of those that waited.",
    ["module"],
    # A switch takes 25 ms, and 500 at the worst; who waits for 2.5 s is refused.
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5),
)
held_too_long = Counter("banyan_facade_held_too_long", "Requests refused after the longest wait.", ["module"])
shadows = Counter(
    "banyan_facade_shadow_reads",
    "Reads asked of both sides, by what came of it: same, different, unsettled (it kept changing), failed, dropped.",
    ["module", "outcome"],
)
taken_back = Counter("banyan_facade_shares_taken_back", "Shares taken back from a service that did badly.", ["module"])
