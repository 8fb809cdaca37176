"""The port and the made-up passwords of one embedded server, in a file that only its user reads."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

from infra.databases.embedded.errors import EmbeddedServerError, usable


class _Content(TypedDict):
    port: int | None
    passwords: dict[str, str]


class Credentials:
    """One JSON file; several processes may read and write it at once."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def password(self, name: str) -> str:
        """Return the password of `name`; it is made up at the first asking, and kept."""
        known = self._read()["passwords"].get(name)
        return known or self._change(lambda content: content["passwords"].setdefault(name, secrets.token_urlsafe(24)))

    def port(self) -> int | None:
        return self._read()["port"]

    def keep_port(self, port: int) -> None:
        def change(content: _Content) -> str:
            content["port"] = port
            return ""

        self._change(change)

    def _read(self) -> _Content:
        with usable(self._file.parent):
            try:
                text = self._file.read_text()
            except FileNotFoundError:
                return {"port": None, "passwords": {}}
        try:
            content = json.loads(text)
            return {"port": content.get("port"), "passwords": dict(content["passwords"])}
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            raise EmbeddedServerError(
                f"{self._file} is damaged, and it holds the passwords of the database beside it."
                " Restore it, or give up this data and start afresh: make clean"
            ) from error

    def _change(self, change: Callable[[_Content], str]) -> str:
        with usable(self._file.parent), self._alone():
            content = self._read()
            answer = change(content)
            fresh = self._file.with_suffix(f".{os.getpid()}")
            try:
                with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    json.dump(content, file)
                    file.flush()
                    os.fsync(file.fileno())
                if os.geteuid() == 0:  # sudo make run must not lock out the user whose checkout it is
                    folder = self._file.parent.stat()
                    os.chown(fresh, folder.st_uid, folder.st_gid)
                fresh.replace(self._file)
            finally:
                fresh.unlink(missing_ok=True)
            return answer

    @contextmanager
    def _alone(self) -> Iterator[None]:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with open(self._file.with_suffix(".lock"), "a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
