"""`manage.py edge` as a process: it follows the record, and those who change it wait for it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.db.models import QuerySet

from infra.extraction.record.changing import change, read
from infra.extraction.record.models import Acknowledgement
from infra.extraction.record.values import Phase, Where
from infra.facade.edge.routes import NOWHERE
from tests.infra.facade.edge.behind import Behind
from tests.servers import free_port
from tests.shop_process import shop_environment
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("database")

MODULE = settings.MANIFESTS[0].name
PATH = f"{settings.MANIFESTS[0].url_prefixes[0]}x"


class Process:
    """A running `manage.py edge`."""

    def __init__(self, folder: Path, monolith: str, *, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.said: list[str] = []
        environment = {
            **shop_environment(folder),
            "MONOLITH_URL": monolith,
            "EDGE_LISTEN": f"127.0.0.1:{port}",
            "PYTHONUNBUFFERED": "1",
        }
        environment.pop("EXTRACTION_RECORD_URL", None)
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", "edge"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        eventually(
            lambda: any("The edge listens on" in line for line in self.said) or self._process.poll() is not None,
            "the edge runs",
            seconds=60,
        )
        assert self._process.poll() is None, "".join(self.said)

    def end(self, number: int = signal.SIGTERM) -> int:
        if self._process.poll() is None:
            self._process.send_signal(number)
        code = self._process.wait(60)
        if number != signal.SIGKILL:  # then Caddy still has the pipe
            self._reader.join(60)
        return code

    def acknowledgements(self) -> QuerySet[Acknowledgement]:
        """Return its own; processes of other tests may follow the record, too."""
        return Acknowledgement.objects.filter(process__contains=f":{self._process.pid}:")

    def answered_by(self, method: str = "GET") -> str:
        answer = httpx.request(method, f"{self.url}{PATH}", timeout=60)
        return str(answer.json()["from"])

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as output:
            for line in output:
                self.said.append(line)


@pytest.fixture
def behind() -> Iterator[tuple[Behind, Behind]]:
    both = Behind("monolith"), Behind("service")
    yield both
    for each in both:
        each.close()


@pytest.fixture
def process(tmp_path: Path, behind: tuple[Behind, Behind]) -> Iterator[Process]:
    made = Process(tmp_path, behind[0].url, port=free_port())
    try:
        yield made
    finally:
        made.end()


def say(process: Process, **fields: object) -> Where:
    """Change the record, and wait until the edge has acknowledged it, also on a machine so busy that its lease runs out."""
    where = change(read(MODULE), who="tests", why="to see", **fields)
    eventually(process.acknowledgements().filter(revision__gte=where.revision).exists, "the edge acknowledges")
    return where


def test_what_the_record_says_is_so_once_it_is_acknowledged(
    process: Process, behind: tuple[Behind, Behind], tmp_path: Path
) -> None:
    _, service = behind
    file = tmp_path / "edge" / "routes" / f"{MODULE}.route"
    assert process.answered_by() == "monolith"

    for _ in range(5):
        say(process, phase=Phase.DUAL_WRITE, addresses={"service": service.url}, hold=True)
        assert file.read_text().endswith(NOWHERE)
        say(process, phase=Phase.SWITCHED, hold=False)
        assert process.answered_by() == process.answered_by("POST") == "service"
        say(process, phase=Phase.DUAL_WRITE)
        assert process.answered_by() == process.answered_by("POST") == "monolith"

    assert process.end() == 0
    assert process.said[-1] == "Stopped.\n"
    assert not process.acknowledgements().exists()


def test_after_it_was_killed_it_starts_again_with_what_the_record_says_by_then(
    process: Process, behind: tuple[Behind, Behind], tmp_path: Path
) -> None:
    monolith, service = behind
    process.end(signal.SIGKILL)
    assert process.answered_by() == "monolith"  # Caddy is left, and those behind it put right what it does not know
    change(read(MODULE), who="tests", why="to see", phase=Phase.SWITCHED, addresses={"service": service.url})

    after = Process(tmp_path, monolith.url, port=int(process.url.rpartition(":")[2]))

    try:
        assert after.answered_by() == "service"
    finally:
        assert after.end() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(after.url)


def test_an_edge_whose_caddy_ends_ends_too_and_says_why(process: Process) -> None:
    (caddy,) = _children_named("caddy", process._process.pid)

    os.kill(caddy, signal.SIGKILL)

    assert process.end(0) == 1
    assert any("Caddy ended by itself" in line for line in process.said)


def test_a_web_app_that_is_no_plain_http_address_is_refused_in_a_sentence(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "manage.py", "edge", "--monolith", "https://shop"],
        cwd=settings.BASE_DIR,
        env=shop_environment(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert ended.returncode == 1
    assert "'https://shop' is no address like http://host:port" in ended.stderr
    assert "Traceback" not in ended.stderr


def _children_named(name: str, parent: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,comm="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [int(pid) for pid, of, command in rows if int(of) == parent and command.strip() == name]
