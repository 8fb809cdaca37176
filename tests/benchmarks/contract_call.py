"""What asking another module costs: a value of ten fields, there and back, on each route.

    python -m tests.benchmarks.contract_call

One caller, one call after the other. `plain` calls the method itself. `in process` adds two copies in each direction, the guard
against open transactions, the deadline, the look where the module is, and the counting; `command` is counted among the writes
that a switch waits for, too; `observed` adds what a running shop notes of each call in a request,
while another thread adds the notes up. The aim for both is less than 25 microseconds more than plain. `http` goes to another
process through gunicorn and the shop's middleware; its floor is a bare WSGI function under the same gunicorn, asked with the
same HTTP client, so that the difference is what contracts and Django add.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import django
import httpx
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings

from infra.boundaries.observation.recording import Recorder
from infra.boundaries.observation.storing import SECONDS_BETWEEN_STORES
from infra.boundaries.observation.sums import Sums
from infra.contracts import command, contract, journeys, provide, query, registry, resolve
from infra.contracts.codec import encode_plain
from infra.contracts.http_route import close_peers
from infra.money import Money

AIM_MICROSECONDS = 25
SAMPLES = 15
RAW_PATH = "/raw"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenFields:
    """As many and as different fields as a typical answer has."""

    id: UUID
    parent_id: UUID
    sku: str
    name: str
    slug: str
    price: Money
    available: int
    changed_at: datetime
    is_on_sale: bool
    image: str | None


@contract("probe.v1")
class ProbeContract(Protocol):
    """Something to ask."""

    @query(timeout_seconds=5.0, errors=())
    def same(self, *, value: TenFields) -> TenFields:
        """Return the value."""
        ...

    @command(timeout_seconds=5.0, errors=(), key="key")
    def keep(self, *, key: str, value: TenFields) -> TenFields:
        """Return the value, as a command that wrote it would."""
        ...


class Probe:
    def same(self, *, value: TenFields) -> TenFields:
        return value

    def keep(self, *, key: str, value: TenFields) -> TenFields:
        return value


VALUE = TenFields(
    id=UUID("01890a5d-ac96-774b-bcce-b302099a8057"),
    parent_id=UUID("01890a5d-ac96-774b-bcce-b302099a8058"),
    sku="LAMP-OAK-40",
    name="Desk lamp, oak, 40 cm",
    slug="desk-lamp-oak-40-cm",
    price=Money(4990, "EUR"),
    available=17,
    changed_at=datetime(2026, 5, 1, 12, 30, tzinfo=UTC),
    is_on_sale=True,
    image="/media/lamp.webp",
)


def wire(route: str = "inprocess", location: str = "local") -> Any:
    """Answer the contract in this process, and return the object to ask it by."""

    registry.configure(
        replace(
            registry.wiring(),
            local_route=route,
            locations={"probe": location},
            callers={"probe.v1": ["tests"]},
        )
    )
    provide(ProbeContract, Probe())
    return resolve(ProbeContract, caller="tests")


def served() -> Callable[..., Iterable[bytes]]:
    """Return the WSGI application of the server process: the shop, and beside it the floor."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.test")
    django.setup()
    wire()
    shop, answer = WSGIHandler(), encode_plain(VALUE)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != RAW_PATH:
            return shop(environ, start_response)
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    return application


def measured(call: Callable[[], object], *, calls: int) -> tuple[float, float]:
    """Return the median and the least time of a call in microseconds, over samples of several calls each."""
    samples = []
    for _ in range(SAMPLES):
        begun = time.perf_counter()
        for _ in range(calls):
            call()
        samples.append((time.perf_counter() - begun) / calls * 1e6)
    return statistics.median(samples), min(samples)


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "monolith.settings.test"
    django.setup()
    settings.CONTRACT_CALL_BUDGET = sys.maxsize  # one request asks thousands here; the guard still counts them
    probe = Probe()
    figures = {"plain call": measured(lambda: probe.same(value=VALUE), calls=20_000)}
    for name, route, calls in (("in process", "inprocess", 5_000), ("loopback", "loopback", 100)):
        asked = wire(route)
        figures[name] = measured(lambda: asked.same(value=VALUE), calls=calls)  # noqa: B023
    asked = wire()
    figures["command"] = measured(lambda: asked.keep(key="k", value=VALUE), calls=5_000)
    with _noting():
        figures["observed"] = measured(lambda: asked.same(value=VALUE), calls=5_000)
    port = _free_port()
    server = _start_server(port)
    try:
        address = f"http://127.0.0.1:{port}"
        with httpx.Client(trust_env=False) as client:
            body = encode_plain({"value": VALUE})
            figures["bare HTTP"] = measured(lambda: client.post(address + RAW_PATH, content=body).content, calls=100)
        asked = wire(location=address)
        if asked.same(value=VALUE) != VALUE:
            raise SystemExit("The server answers something else.")
        figures["http"] = measured(lambda: asked.same(value=VALUE), calls=100)
    finally:
        close_peers()
        server.terminate()
        server.wait(timeout=30)
    _print(figures)


@contextmanager
def _noting() -> Iterator[None]:
    """Note calls as a serving process does, in a request, and add the notes up in another thread as often."""
    recorder, sums, stop = Recorder(), Sums(), threading.Event()

    def add_up() -> None:
        while not stop.wait(SECONDS_BETWEEN_STORES / 10):
            recorder.add_up(sums)

    thread = threading.Thread(target=add_up)
    recorder.begin()
    thread.start()
    journey = journeys.begin("request", "GET /benchmark")
    try:
        with override_settings(CONTRACT_CALL_BUDGET=0):  # no request asks so much
            yield
    finally:
        journeys.end(journey)
        recorder.stop()
        stop.set()
        thread.join()


def _start_server(port: int) -> subprocess.Popen[bytes]:
    command = [
        sys.executable, "-m", "gunicorn", "tests.benchmarks.contract_call:served()",
        "--bind", f"127.0.0.1:{port}", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "75",
        "--log-level", "critical",
    ]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    until = time.monotonic() + 30
    while time.monotonic() < until and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.05)
    server.kill()
    raise SystemExit("The server did not start.")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _print(figures: dict[str, tuple[float, float]]) -> None:
    plain = figures["plain call"][0]
    lines = [f"{'':<12}{'median us':>12}{'least us':>12}{'more than plain':>18}{'ratio':>10}"]
    for name, (median, least) in figures.items():
        lines.append(f"{name:<12}{median:>12.1f}{least:>12.1f}{median - plain:>18.1f}{median / plain:>10.0f}")
    for name in ("in process", "command", "observed"):
        more = figures[name][0] - plain
        verdict = "within" if more < AIM_MICROSECONDS else "ABOVE"
        lines.append(f"{name}: {more:.1f} us more than a plain call, {verdict} the aim of {AIM_MICROSECONDS}.")
    added = figures["http"][0] - figures["bare HTTP"][0]
    lines.append(f"http: {added / 1000:.2f} ms more than bare HTTP to the same server.")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
