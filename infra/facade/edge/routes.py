"""Where the edge sends a module's requests: one file per module, replaced when the record changes."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from infra.extraction.admission import HOLD_SECONDS
from infra.extraction.record.values import SERVICE, Phase, Where

logger = logging.getLogger(__name__)
# Nothing may listen at port 1. Caddy tries again until the file names another address.
NOWHERE = "127.0.0.1:1"


class NotPlainHttp(ValueError):
    """The edge speaks plain HTTP to what stands behind it."""


@dataclass(frozen=True, slots=True)
class Route:
    """Addresses as host:port, by what a request does."""

    reads: str
    writes: str

    def __str__(self) -> str:
        return f"{self.reads} {self.writes}"


def dial_of(url: str) -> str:
    """Return host:port of a base URL.

    Raises:
        NotPlainHttp: another scheme, or a path behind the host.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise NotPlainHttp(
            f"{url!r} is no address like http://host:port; the edge speaks plain HTTP to what is behind it."
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{host}:{parts.port or 80}"


def route_of(where: Where, monolith: str, *, obey_hold: bool = True) -> Route:
    """Return where a module's requests go.

    Args:
        monolith: its host:port.
        obey_hold: no where a hold has lasted longer than any may.
    """
    home = monolith
    if where.home == SERVICE and where.service:
        try:
            home = dial_of(where.service)
        except NotPlainHttp as error:
            logger.warning("%s: %s Its requests go through the web app.", where.module, error)
    return Route(reads=home, writes=NOWHERE if where.hold and obey_hold else home)


class RouteFiles:
    """The files, and what they say.

    Args:
        folder: where they are; made when missing.
        monolith: host:port of the web app.
        elsewhere: base URLs of services by module, for those that left for good: a setting says where, not the record.
    """

    def __init__(
        self, folder: Path, modules: Iterable[str], monolith: str, elsewhere: Mapping[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._modules = tuple(modules)
        self._monolith = monolith
        self._elsewhere = {
            module: Where(module=module, phase=Phase.SPLIT, addresses={SERVICE: address})
            for module, address in (elsewhere or {}).items()
        }
        self._known: Mapping[str, Where] = {}
        self._held_since: dict[str, float] = {}
        self._written: dict[str, str] = {}
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)

    def file(self, module: str) -> Path:
        return self._folder / f"{module}.route"

    def write(self, known: Mapping[str, Where]) -> None:
        """Have every file say what the record says; those that do so already stay. It returns when Caddy acts on them."""
        with self._lock:
            self._known = dict(known)
            now = time.monotonic()
            for module in self._modules:
                where = self._where(module)
                if where.hold:
                    self._held_since.setdefault(module, now)
                else:
                    self._held_since.pop(module, None)
                self._replace(module, route_of(where, self._monolith, obey_hold=self._may_hold(module)))

    def end_long_holds(self) -> None:
        """Send on the writes of modules that are held for longer than any switch takes: whoever began that is gone.

        Behind the edge they are held, or refused, by those who know better.
        """
        with self._lock:
            for module in self._held_since:
                if not self._may_hold(module):
                    self._replace(module, route_of(self._where(module), self._monolith, obey_hold=False))

    def _where(self, module: str) -> Where:
        return self._elsewhere.get(module) or self._known.get(module) or Where(module=module)

    def _may_hold(self, module: str) -> bool:
        since = self._held_since.get(module)
        return since is None or time.monotonic() - since < HOLD_SECONDS

    def _replace(self, module: str, route: Route) -> None:
        text = str(route)
        if self._written.get(module) == text:
            return
        made = self._folder / f".{module}.new"
        made.write_text(text)
        os.replace(made, self.file(module))  # whoever reads sees the old or the new one, never half of one
        self._written[module] = text
