"""One suite per contract, run on every route: in process, through the HTTP stack, and over a socket.

    pytestmark = pytest.mark.usefixtures("database")

    def test_what_is_not_on_sale_is_left_out(each_route: EachRoute) -> None:
        catalog = each_route(CatalogContract)

        assert catalog.offers(references=["nothing"], currency="EUR") == {}

`each_route` runs the test three times. It sets `settings.CONTRACT_ROUTE`, so that code under test which resolves contracts
itself takes the same route. A test that needs the module's answers prepared does so through the module, before it asks; the
answering side runs in another thread on the route `http`, so what was prepared must be committed.

To let a fake answer for another module: `with standing_in(CatalogContract, FakeCatalog()): ...` (`infra.contracts.testing`).
The fake is asked on the same routes, through the same codec.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from typing import Protocol, TypeVar

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from pytest_django import Settings

from infra.contracts import registry
from infra.contracts.declaration import Contract
from infra.contracts.http_route import Http, Peer, PeerLimits
from infra.contracts.wire import Caller

ROUTES = ("inprocess", "loopback", "http")
C = TypeVar("C")


class EachRoute(Protocol):
    """Gives the object through which to ask a contract on the route of this run."""

    def __call__(self, protocol: type[C], *, caller: str = "tests") -> C: ...


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        pass


class _Roomy(ThreadedWSGIServer):
    # Of fifty clients at the same moment none is to be turned away by the listening socket.
    request_queue_size = 128


@pytest.fixture(scope="session")
def live_server_address() -> Iterator[str]:
    """The whole single web app on a socket of this machine, in threads of this process."""
    server = _Roomy(("127.0.0.1", 0), _Quiet)
    server.set_app(WSGIHandler())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(timeout=10)


@pytest.fixture(params=ROUTES)
def each_route(request: pytest.FixtureRequest, settings: Settings) -> Iterator[EachRoute]:
    """Run the test on every route; see the top of this file."""
    route: str = request.param
    peer = None
    if route == "http":
        # A peer per test: no breaker stays open from the test before. Tests may ask more at once than a web process.
        peer = Peer(request.getfixturevalue("live_server_address"), limits=PeerLimits(concurrent_calls=32))
        registry.add_local_route("http", partial(_over_http, peer))
    settings.CONTRACT_ROUTE = route

    def ask(protocol: type[C], *, caller: str = "tests") -> C:
        return registry.resolve(protocol, caller=caller)

    yield ask
    if peer is not None:
        peer.close()


def _over_http(peer: Peer, declared: Contract, caller: str) -> Http:
    wiring = registry.wiring()
    return Http(declared, peer, Caller(caller, wiring.service_name), wiring.service_keys)
