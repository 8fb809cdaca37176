"""The migration guide, followed word for word: every command in it, in its order, for a module that somebody has just made.

In a copy of this checkout with its own PostgreSQL servers, its own shop and its own service. Only ports are others than in the
guide, so that it can be followed beside anything else.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.deployment import bootstrap
from tests.checkout import ROOT, copy_of
from tests.shop_process import free_port
from tests.waiting import answers, eventually

GUIDE = ROOT / "extracted" / "README.md"
SECONDS = 300.0  # for one command, on two busy cores
_BLOCK = re.compile(r"```sh(?: terminal=(\S+))?\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Command:
    """One line of the guide; with an address it runs in a terminal of its own until the end, and answers there."""

    line: str
    answers_at: str = ""


def commands() -> list[Command]:
    found = []
    for address, block in _BLOCK.findall(GUIDE.read_text()):
        lines = [line for line in block.splitlines() if line.strip()]
        assert not address or len(lines) == 1, block
        found += [Command(line, address) for line in lines]
    return found


@dataclass
class Reader:
    """Somebody who types what the guide says, in a checkout of their own."""

    folder: Path
    ports: dict[str, str] = field(default_factory=lambda: {port: str(free_port()) for port in ("8000", "8104")})
    terminals: list[subprocess.Popen[bytes]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def type(self, command: Command) -> None:
        if command.answers_at:
            self._keep_open(command)
            return
        done = subprocess.run(
            ["sh", "-c", self._here(command.line)],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=SECONDS,
        )
        self.said.append(done.stdout)
        assert done.returncode == 0, f"$ {command.line}\n{done.stdout[-6000:]}\n{self._logs()}"

    def leave(self) -> None:
        """Close all terminals, end the carrier that a command started, and remove the databases."""
        for terminal in reversed(self.terminals):
            if terminal.poll() is None:
                os.killpg(terminal.pid, signal.SIGTERM)
        for process in re.findall(r"started a carrier in the background \(process (\d+)", "\n".join(self.said)):
            try:
                os.kill(int(process), signal.SIGTERM)
            except ProcessLookupError:
                continue
            eventually(lambda process=process: not _lives(int(process)), "the carrier has ended", seconds=60)  # type: ignore[misc]
        for terminal in self.terminals:
            terminal.wait(timeout=60)
        subprocess.run(
            [sys.executable, "-m", "infra.databases.embedded", "remove", str(self.folder / ".banyan")],
            cwd=self.folder,
            check=False,
            capture_output=True,
        )

    def _keep_open(self, command: Command) -> None:
        log = (self.folder.parent / f"terminal-{len(self.terminals)}.log").open("wb")
        process = subprocess.Popen(
            ["sh", "-c", f"exec {self._here(command.line)}"],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        log.close()
        self.terminals.append(process)
        address = self._here(command.answers_at)

        def runs_and_answers() -> bool:
            assert process.poll() is None, f"$ {command.line}\n{self._logs()}"
            return answers(address)

        try:
            eventually(runs_and_answers, f"{command.line} answers at {address}", seconds=SECONDS)
        except AssertionError as late:
            raise AssertionError(f"{late}\n{self._logs()}") from late

    def _here(self, text: str) -> str:
        for guide, here in self.ports.items():
            text = text.replace(f"127.0.0.1:{guide}", f"127.0.0.1:{here}")
        return text

    def _environment(self) -> dict[str, str]:
        ours = ("PYTEST", "COV", "BANYAN", "DJANGO", "VIRTUAL_ENV")
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
            "PATH": f"{self.folder / '.venv' / 'bin'}:{os.environ.get('PATH', os.defpath)}",
            "PORT": self.ports["8000"],
            "MONOLITH_URL": f"http://127.0.0.1:{self.ports['8000']}",
            "REVIEWS_SERVICE_URL": f"http://127.0.0.1:{self.ports['8104']}",
            "WEB_PROCESSES": "2",
        }

    def _logs(self) -> str:
        logs = [*self.folder.parent.glob("terminal-*.log"), *self.folder.glob(".banyan/extraction/*.log")]
        return "\n".join(f"--- {log.name}\n{log.read_text(errors='replace')[-3000:]}" for log in logs)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/status")
    return not (status.is_file() and "State:\tZ" in status.read_text())


def have_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give a copy this environment as its own, as if `make` had installed the packages there."""
    own, shared = folder / ".venv", Path(sys.prefix)
    own.mkdir()
    for part in ("bin", "lib", "include", "share", "lib64"):
        if (shared / part).exists():
            (own / part).symlink_to(shared / part)
    (own / "pyvenv.cfg").write_text((shared / "pyvenv.cfg").read_text())
    monkeypatch.setattr(bootstrap, "REPOSITORY", folder)
    (own / "banyan-test.sha256").write_text(bootstrap.digest_of("test"))


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    folder = copy_of(tmp_path / "shop")
    have_environment(folder, monkeypatch)
    typing = Reader(folder)
    yield typing
    typing.leave()


def test_every_command_of_the_guide_does_what_it_says(reader: Reader) -> None:
    every = commands()
    assert {"plan", "scaffold", "start", "status", "verify", "shift", "switch", "reverse", "complete", "cancel"} <= {
        word for command in every for word in command.line.split()
    }

    for command in every:
        reader.type(command)

    amputated = reader.folder.parent / "shop-without-reviews" / "modules" / "reviews"
    assert {path.name for path in amputated.iterdir()} == {"__init__.py", "contract.py", "events.py", "manifest.py"}
    told = "\n".join(reader.said)
    assert "the service's tables are the truth" in told
    assert "the monolith's tables are the truth" in told
    assert re.search(r"the schema reviews_retired_\d{8} is dropped", told)
