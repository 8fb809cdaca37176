"""How many events a second one relay delivers, and how soon after the commit.

    python -m tests.benchmarks.event_throughput [events]

Own durable PostgreSQL; the handler writes one row through the ORM. The floor is that handler alone, a hundred calls in a
transaction, with no event around it. Through Redis there are one relay process and two worker processes.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import django
from django.conf import settings
from django.db import connections, transaction

from infra.databases import pools
from infra.databases.embedded import SUPERUSER, EmbeddedServer
from infra.databases.ownership import as_owner
from infra.events import wakeup
from infra.events.inbox import receive
from infra.events.outbox import publish
from infra.events.outbox_relay import Relay
from infra.events.relay import start_in_background, stop_in_background
from tests import databases
from tests.benchmarks.event_consumer import Measured, effect_model, keep_a_row
from tests.servers import running_redis

DATABASE = "banyan_benchmark"
SKEWS = (1, 20, 2_000, 20_000)  # distinct keys
LATENCY_EVENTS = 500
LATENCY_RATE = 100  # a second
ROOT = Path(__file__).resolve().parents[2]
_pause = threading.Event()


@dataclass(frozen=True, slots=True)
class Latency:
    """From just before the commit to the handler, in milliseconds."""

    p50: float
    p95: float


def main(events: int = 20_000) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.event_settings"
    django.setup()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        os.chmod(folder, 0o755)  # noqa: S103 - PostgreSQL runs as another user
        server = EmbeddedServer(Path(folder) / "postgres", durable=True)
        stack.enter_context(server.in_use())
        os.environ[databases.SERVER_URL_VARIABLE] = server.url(SUPERUSER, "postgres")
        databases.create_from_template(DATABASE)
        stack.callback(pools.close_all)
        _create_table()

        floor = _floor(min(events, 5_000))
        _say(f"floor: the handler alone, 100 calls in a transaction: {floor:,.0f}/s")
        _say(f"publishing, one event in a transaction: {_publishing(1_000):,.0f}/s")
        _say(f"{'route':10}{'keys':>8}{'events/s':>12}{'of floor':>10}")
        for keys in SKEWS:
            _report("eager", keys, _eager(events, keys), floor)
        with running_redis() as url:
            for keys in SKEWS:
                _report("redis", keys, _through_broker(url, events, keys), floor)
            latencies = {
                "eager": _latency(_eager_delivery()),
                "redis": _latency(_broker_delivery(url)),
            }
        _say(f"{f'commit to handler, {LATENCY_RATE}/s':28}{'p50':>12}{'p95':>12}")
        for route, latency in latencies.items():
            _say(f"{route:28}{latency.p50:>9.1f} ms{latency.p95:>9.1f} ms")


def _report(route: str, keys: int, rate: float, floor: float) -> None:
    _say(f"{route:10}{keys:>8,}{rate:>12,.0f}{rate / floor:>10.0%}")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _floor(calls: int) -> float:
    events = [Measured(key=f"{n % 20}", number=n, committed_at=0) for n in range(calls)]
    started = time.perf_counter()
    for start in range(0, calls, 100):
        with transaction.atomic(using="orders"):
            for event in events[start : start + 100]:
                keep_a_row(event)
    rate = calls / (time.perf_counter() - started)
    _empty()
    return rate


def _publishing(events: int) -> float:
    started = time.perf_counter()
    for number in range(events):
        with transaction.atomic(using="catalog"):
            publish(Measured(key=f"{number % 20}", number=number, committed_at=0))
    rate = events / (time.perf_counter() - started)
    _empty()
    return rate


def _publish_backlog(events: int, keys: int) -> None:
    numbers = iter(range(events))
    while batch := list(islice(numbers, 500)):
        with transaction.atomic(using="catalog"):
            for number in batch:
                publish(Measured(key=f"key-{number % keys}", number=number, committed_at=0))


def _eager(events: int, keys: int) -> float:
    _publish_backlog(events, keys)
    relay = Relay("catalog", receive, confirmed_by_handover=True)
    started = time.perf_counter()
    while relay.relay_once():
        pass
    rate = events / (time.perf_counter() - started)
    _check(events)
    return rate


def _through_broker(url: str, events: int, keys: int) -> float:
    """Return the rate from the first effect to the last, so that the start of processes does not count."""
    with _worker(url):
        _publish_backlog(100, 100)
        with _relay(url):
            _wait_for(100)
        _empty_effects()
        _publish_backlog(events, keys)
        with _relay(url):
            _wait_for(events)
    with connections["orders"].cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM max(at) - min(at)) FROM benchmark_effect")
        (seconds,) = cursor.fetchone()
    _check(events)
    return events / float(seconds)


def _latency(delivery: AbstractContextManager[None]) -> Latency:
    with delivery:
        for number in range(LATENCY_EVENTS):
            with transaction.atomic(using="catalog"):
                publish(Measured(key=f"key-{number % 20}", number=number, committed_at=time.monotonic_ns()))
            _pause.wait(1 / LATENCY_RATE)
        _wait_for(LATENCY_EVENTS)
    with connections["orders"].cursor() as cursor:
        cursor.execute("SELECT nanoseconds_late / 1e6 FROM benchmark_effect ORDER BY position")
        late = [float(row[0]) for row in cursor.fetchall()][20:]  # without the first connections
    _check(LATENCY_EVENTS)
    parts = statistics.quantiles(late, n=20)
    return Latency(p50=parts[9], p95=parts[18])


@contextmanager
def _eager_delivery() -> Iterator[None]:
    start_in_background()
    try:
        yield
    finally:
        stop_in_background()


@contextmanager
def _broker_delivery(url: str) -> Iterator[None]:
    with _worker(url), _relay(url):
        _publish_backlog(100, 100)
        _wait_for(100)
        _empty_effects()
        yield


def _relay(url: str) -> AbstractContextManager[None]:
    return _process([sys.executable, "-m", "django", "relay"], url)


def _worker(url: str) -> AbstractContextManager[None]:
    options = [
        "--concurrency",
        "2",
        "--loglevel",
        "error",
        "--without-gossip",
        "--without-mingle",
        "--without-heartbeat",
    ]
    return _process([sys.executable, "-m", "celery", "--app", "monolith.celery", "worker", *options], url)


@contextmanager
def _process(command: list[str], url: str) -> Iterator[None]:
    keys = ("NAME", "HOST", "PORT", "USER", "PASSWORD")
    aliases = ("default", *settings.MODULES)
    addresses = {alias: {key: connections.settings[alias][key] for key in keys} for alias in aliases}
    variables = os.environ | {"BANYAN_BENCHMARK_DATABASES": json.dumps(addresses), "CELERY_BROKER_URL": url}
    with subprocess.Popen(
        command, cwd=ROOT, env=variables, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait()


def _wait_for(effects: int) -> None:
    while effect_model().objects.count() < effects:  # type: ignore[attr-defined]
        _pause.wait(0.05)


def _check(events: int) -> None:
    """Refuse the figure when an event is missing, doubled or out of order."""
    with connections["orders"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE number <= before) FROM (SELECT number,"
            " lag(number) OVER (PARTITION BY key ORDER BY position) AS before FROM benchmark_effect) AS effects"
        )
        assert cursor.fetchone() == (events, 0), "events are missing, doubled or out of order"
    _empty()


def _empty() -> None:
    _empty_effects()
    with as_owner("catalog"), connections["catalog"].cursor() as cursor:
        cursor.execute("TRUNCATE outbox_event, outbox_ready, outbox_stream, outbox_relay")
    with as_owner("orders"), connections["orders"].cursor() as cursor:
        cursor.execute("TRUNCATE inbox_event, inbox_stream")
    wakeup.wait(0)


def _empty_effects() -> None:
    with as_owner("orders"), connections["orders"].cursor() as cursor:
        cursor.execute("TRUNCATE benchmark_effect")


def _create_table() -> None:
    with as_owner("orders"), connections["orders"].schema_editor() as editor:
        editor.create_model(effect_model())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
