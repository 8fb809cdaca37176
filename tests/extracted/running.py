"""A service as people start it: `manage.py serve` in a folder of its own, with a PostgreSQL of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from infra.contracts import registry
from infra.contracts.signing import signed
from infra.contracts.wire import CALLER, OUTCOME, PREFIX, Caller
from tests.shop_process import free_port
from tests.waiting import answers, eventually

ROOT = Path(__file__).resolve().parents[2]
_START_SECONDS = 90.0  # initdb and all migrations on two busy cores


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
        self.environment = {
            **inherited,
            "PYTHONPATH": os.pathsep.join([str(root), str(ROOT)]),
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
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process
        self._process.send_signal(signal.SIGINT)  # as Ctrl-C does
        assert self._process.wait(timeout=60) == 0, self.log.read_text()[-4000:]

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self.environment, stdout=log, stderr=log, start_new_session=True
            )
        eventually(self._answers_or_ended, f"the service of {self.module} answers", seconds=_START_SECONDS)
        assert self._process.poll() is None, f"The service did not start:\n{self.log.read_text()[-4000:]}"

    def kill(self) -> None:
        """Kill `serve` and the web server that it started, at once."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=60)
        eventually(lambda: not answers(f"{self.url}/readyz"), "the web server has ended with its parent")

    def refusal(self) -> str:
        """Start it in vain; return what it says on standard error."""
        done = subprocess.run(
            self._command, cwd=self._folder, env=self.environment, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stderr

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", headers=headers, timeout=10)

    def ask(self, contract: str, method: str, /, **arguments: Any) -> Any:
        """Return what the service answers when the single web app asks a contract."""
        body, caller = json.dumps(arguments).encode(), str(Caller("monolith", "tests"))
        path = f"{PREFIX}{contract}/{method}"
        signature = signed(registry.wiring().service_keys, method="POST", path=path, body=body, caller=caller)
        headers = {"Content-Type": "application/json", CALLER: caller, "Authorization": signature}
        answer = httpx.post(f"{self.url}{path}", content=body, headers=headers, timeout=10)
        assert (answer.status_code, answer.headers[OUTCOME]) == (200, "result"), answer.text
        return answer.json()

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
        return self._process.poll() is not None or answers(f"{self.url}/readyz")


def _own_key() -> str:
    key = registry.wiring().service_keys[0]
    return f"{key.id}:{key.secret.decode()}"
