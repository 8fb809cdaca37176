"""The shop as real processes: gunicorn with its workers, on the database of the running test.

with ShopProcess(tmp_path) as shop:
    httpx.post(f"{shop.url}/api/v1/orders", ...)
    shop.kill()        # SIGKILL to every process, as a power cut would
    shop.start()
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import connections

from infra.databases.configuration import owner_url_variable, url_variable
from tests.waiting import answers, eventually

_START_SECONDS = 60.0  # on two busy cores


class ShopProcess:
    """gunicorn serving the single web app on a free port, with the modules' own roles on the test's database."""

    def __init__(self, folder: Path, *, workers: int = 2, environment: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "shop.log"
        self._environment = {
            **shop_environment(folder),
            "PORT": str(self.port),
            "WEB_PROCESSES": str(workers),
            **(environment or {}),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ShopProcess:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the processes and wait until they answer."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "infra/deployment/gunicorn.py", "monolith.wsgi"],
                cwd=settings.BASE_DIR,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            eventually(self._answers_or_ended, "the shop answers", seconds=_START_SECONDS)
            assert self._process.poll() is None, "it has ended"
        except AssertionError as error:
            raise AssertionError(f"The shop did not start: {error}\n{self.log.read_text()[-3000:]}") from error

    def kill(self) -> None:
        """Kill every process of the shop at once, without a chance to say goodbye."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        """Stop the shop as an operator does."""
        self._signal(signal.SIGTERM)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)
            self._process.wait(timeout=60)

    def _answers_or_ended(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None or answers(f"{self.url}/healthz")


def shop_environment(folder: Path) -> dict[str, str]:
    """Return the environment of a process of the shop on the running test's databases, its state in `folder`."""
    return {
        **os.environ,
        **{url_variable(alias): _url(connections[alias].settings_dict) for alias in settings.SCHEMAS},
        **{owner_url_variable(alias): _url(settings.DATABASE_OWNERS[alias]) for alias in settings.SCHEMAS},
        "DJANGO_SETTINGS_MODULE": "monolith.settings.development",
        "BANYAN_STATE_DIR": str(folder),
        "LOG_FORMAT": "json",
    }


def _url(database: Mapping[str, Any]) -> str:
    user, password = database["USER"], database["PASSWORD"]
    return f"postgresql://{user}:{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
