"""gunicorn as a child of a `serve` command: started, watched until it answers, stopped in order."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

from infra.databases.embedded.processes import command_line
from infra.deployment import lifeline

HOST = "127.0.0.1"
CONFIGURATION = Path(__file__).parents[1] / "gunicorn.py"
ANSWER_SECONDS = 60
LEFT_BEHIND_SECONDS = 5


class CannotServe(Exception):
    """Nothing can be served; the text says why and what to do."""


class WebServer:
    """One gunicorn on 127.0.0.1, in a session of its own, so that Ctrl-C reaches it through its parent only.

    Args:
        application: as gunicorn names it, such as `monolith.wsgi:application`.
        folder: where it runs.
    """

    def __init__(self, application: str, port: int, folder: Path) -> None:
        self.port = port
        self._application = application
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline: int | None = None

    def start(self) -> None:
        reading, self._lifeline = os.pipe()
        command = [sys.executable, "-m", "gunicorn", "-c", str(CONFIGURATION), self._application]
        variables = {**os.environ, "HOST": HOST, "PORT": str(self.port), lifeline.VARIABLE: str(reading)}
        self._process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=variables,
            pass_fds=[reading],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        os.close(reading)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + ANSWER_SECONDS
        while not self._answers():
            if self.ended() is not None:
                raise CannotServe("The web server ended while it started; its reason stands above.")
            if time.monotonic() > deadline:
                raise CannotServe(f"The web server has not answered on port {self.port} for {ANSWER_SECONDS} seconds.")
            time.sleep(0.05)

    def ended(self) -> int | None:
        """Return the exit code of a server that is gone."""
        return self._process.poll() if self._process else None

    def stop(self, *, at_once: bool = False) -> None:
        """Ask it to finish the requests in flight and end; `at_once` cuts them off."""
        if self._process and self.ended() is None:
            self._process.send_signal(signal.SIGQUIT if at_once else signal.SIGTERM)

    def wait(self, seconds: float) -> bool:
        """Return whether it is gone within so many seconds."""
        try:
            if self._process:
                self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=10)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status > 0
        except OSError:
            return False
        finally:
            connection.close()


def end_left_behind(pid: int) -> bool:
    """End a web server whose `manage.py serve` was killed before it; return whether there was one."""
    deadline, asked = time.monotonic() + LEFT_BEHIND_SECONDS, False
    while "gunicorn" in command_line(pid):
        os.kill(pid, signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM if not asked else 0)
        asked = True
        time.sleep(0.05)
    return asked


def become_gunicorn(application: str, folder: Path) -> NoReturn:
    """Turn this process into the web server, which thus gets an orchestrator's signals itself."""
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", str(CONFIGURATION), application])  # noqa: S606


def require_free_port(port: int, *, advice: str = "") -> None:
    """Refuse a port that is taken.

    Args:
        advice: how to choose another one, with `{free}` for one that is.
    """
    if reason := _why_not_bindable(port):
        free = next((other for other in range(max(port, 1024) + 1, 65535) if not _why_not_bindable(other)), None)
        choice = f", or {advice.format(free=free)}" if advice and free else ""
        raise CannotServe(f"Port {port} on {HOST} {reason}{choice}")


def _why_not_bindable(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except PermissionError:
            return "is only for root"
        except OSError:
            return "is in use by another program. Stop that program"
    return None
