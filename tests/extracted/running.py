"""A service as people start it: `manage.py serve` in a folder of its own, with a PostgreSQL of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import httpx

from infra.contracts import registry
from infra.contracts.declaration import declaration_of
from infra.contracts.http_route import Http, Peer
from infra.contracts.proxies import proxy_class
from infra.contracts.wire import Caller
from tests.shop_process import free_port
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90.0  # initdb and all migrations on two busy cores
C = TypeVar("C")


class RunningService:
    """The service of a module within a `with` block.

    Args:
        folder: of what it writes.
        root: holds the package `extracted`; what is not there comes from the checkout.
        command: what starts it, `manage.py` of its folder by default.
        environment: more variables. It follows no record unless they say so.
    """

    def __init__(
        self,
        module: str,
        folder: Path,
        *,
        root: Path = ROOT,
        command: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.module = module
        self.url = f"http://127.0.0.1:{free_port()}"
        self.log = folder / f"{module}-service.log"
        self._folder = folder
        self._command = [*command] or [sys.executable, str(root / "extracted" / module / "manage.py"), "serve"]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DJANGO"))}
        self._environment = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "BANYAN_STATE_DIR": str(folder / "state"),
            "FOLLOW_RECORD": "no",
            "SERVICE_KEYS": _own_key(),
            "WEB_PROCESSES": "1",
            f"{module.upper()}_SERVICE_URL": self.url,
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        eventually(self._answers_or_ended, f"the service of {self.module} answers", seconds=_START_SECONDS)
        assert self._process.poll() is None, f"The service did not start:\n{self.log.read_text()[-4000:]}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process
        self._process.send_signal(signal.SIGINT)  # as Ctrl-C does
        assert self._process.wait(timeout=60) == 0, self.log.read_text()[-4000:]

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=10)

    def contract(self, protocol: type[C], *, caller: str = "tests") -> C:
        """Return the object through which to ask the service over HTTP, signed with its key."""
        wiring = registry.wiring()
        declared = declaration_of(protocol)
        route = Http(declared, Peer(self.url), Caller(caller, wiring.service_name), wiring.service_keys)
        made: Any = proxy_class(cast("Any", protocol))
        return cast("C", made(route, caller))

    def answers_as_every_service_does(self) -> dict[str, Any]:
        """Look at what does not depend on the module; return what the service says of itself."""
        assert self.get("/healthz").json() == {"status": "ok"}
        assert self.get("/readyz").json() == {"status": "ready"}
        assert "banyan_" in self.get("/metrics").text
        said = dict(self.get("/_service").json())
        assert said["module"] == self.module
        nothing = self.get(f"/api/v1/{self.module}/nothing/is/here")
        assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
        unsigned = httpx.post(f"{self.url}/_contracts/{next(iter(said['contracts']))}/anything", json={})
        assert unsigned.status_code in (401, 403), unsigned.text
        return said

    def _answers_or_ended(self) -> bool:
        assert self._process
        if self._process.poll() is not None:
            return True
        try:
            return httpx.get(f"{self.url}/readyz", timeout=1.0).status_code == 200
        except httpx.TransportError:
            return False


def _own_key() -> str:
    key = registry.wiring().service_keys[0]
    return f"{key.id}:{key.secret.decode()}"
