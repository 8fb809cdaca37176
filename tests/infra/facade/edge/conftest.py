"""A Caddy with the generated configuration, and the files that tell it where modules are."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from infra.boundaries.manifest import Manifest
from infra.extraction.record.values import Phase, Where
from infra.facade.edge.caddy import Caddy, admin_socket
from infra.facade.edge.configuration import Structure, written
from infra.facade.edge.routes import RouteFiles
from tests.infra.facade.edge.behind import Behind
from tests.servers import free_port

MODULE = "lamps"
PREFIX = "/api/v1/lamps"
MANIFESTS = [
    Manifest(
        name=MODULE, owner="x", purpose="x", tables=(), url_prefixes=("/api/v1/lamps/", "/.well-known/lamps.json")
    ),
    Manifest(name="chairs", owner="x", purpose="x", tables=()),
]


@dataclass
class Edge:
    """The edge, and what is behind it."""

    url: str
    monolith: Behind
    service: Behind
    routes: RouteFiles
    caddy: Caddy
    client: httpx.Client

    def say(self, module: str = MODULE, **values: Any) -> None:
        """Have the record say this of the module."""
        self.routes.write({module: Where(module=module, addresses={"service": self.service.url}, **values)})

    def home(self, side: str, *, hold: bool = False) -> None:
        self.say(phase=Phase.SWITCHED if side == "service" else Phase.DUAL_WRITE, hold=hold)

    def answered_by(self, method: str = "GET", path: str = f"{PREFIX}/1", **more: Any) -> str:
        answer = self.client.request(method, path, **more)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["from"])

    def in_background(self, method: str, **more: Any) -> Answer:
        return Answer(self, method, **more)


class Answer:
    """An answer that has yet to come."""

    def __init__(self, edge: Edge, method: str, **more: Any) -> None:
        self._found: list[httpx.Response] = []
        self._thread = threading.Thread(
            target=lambda: self._found.append(edge.client.request(method, f"{PREFIX}/1", **more)), daemon=True
        )
        self._thread.start()

    @property
    def has_come(self) -> bool:
        return not self._thread.is_alive()

    def wait(self) -> httpx.Response:
        self._thread.join(20)
        (answer,) = self._found
        return answer


def structure(folder: Path, monolith: str, **more: Any) -> Structure:
    return Structure(
        listen=f"127.0.0.1:{free_port()}",
        monolith=monolith,
        routes=folder / "routes",
        admin=admin_socket(folder),
        storage=folder / "certificates",
        session_cookie="sessionid",
        **more,
    )


@pytest.fixture
def edge(tmp_path: Path) -> Iterator[Edge]:
    monolith, service = Behind("monolith"), Behind("service")
    made = structure(tmp_path, monolith.dial)
    routes = RouteFiles(made.routes, [manifest.name for manifest in MANIFESTS], made.monolith)
    routes.write({})
    caddy = Caddy(tmp_path, made.admin)
    url = f"http://{made.listen}"
    try:
        caddy.start(written(made, MANIFESTS))
        with httpx.Client(base_url=url, timeout=20.0) as client:
            yield Edge(url, monolith, service, routes, caddy, client)
    finally:
        caddy.stop()
        monolith.close()
        service.close()
