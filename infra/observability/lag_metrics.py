"""What events wait, per module, as numbers for Prometheus; read from the databases when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.conf import settings
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from infra.events.lag import Lag, lag_of
from infra.observability.asking import ask_each

ANSWER_SECONDS = 1.0

_GAUGES: dict[str, tuple[str, str]] = {
    "ready": ("banyan_events_ready", "Events published that no relay has handed over yet."),
    "waiting": ("banyan_events_waiting", "Events heard that could not be handled yet."),
    "blocked_keys": ("banyan_events_blocked_keys", "Stream keys whose events wait for an earlier one."),
    "dead": ("banyan_events_dead", "Events that wait for a person: replay or skip."),
    "oldest_unsettled_seconds": ("banyan_events_oldest_unsettled_seconds", "Age of the oldest event not settled."),
}


class LagCollector(Collector):
    """Asks every module's database at once; one that does not answer has no figures but `banyan_events_readable` 0."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        modules = [alias for alias in settings.DATABASES if alias != "default"]
        answers = ask_each(modules, lag_of, seconds=ANSWER_SECONDS)
        readable = GaugeMetricFamily("banyan_events_readable", "Whether the figures could be read.", labels=["module"])
        for module in modules:
            readable.add_metric([module], float(module in answers.given))
        yield readable
        for field, (name, text) in _GAUGES.items():
            yield self._family(name, text, field, answers.given.values())

    @staticmethod
    def _family(name: str, text: str, field: str, lags: Iterable[Lag]) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, text, labels=["module"])
        for lag in lags:
            family.add_metric([lag.module], float(getattr(lag, field)))
        return family


_registry = CollectorRegistry()
_registry.register(LagCollector())


def exposition() -> bytes:
    """Return the figures in Prometheus' text format."""
    return generate_latest(_registry)
