"""Where modules go when they leave, from the environment or on this machine: addresses of services, and their databases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Protocol

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from infra.databases.roles import FOLLOWER_ROLE, READER_SUFFIX
from infra.deployment.environment import Environment

FIRST_SERVICE_PORT = 8101  # of services on a laptop, in the order of their modules
Logins = Mapping[str, str]  # URL by kind: "serving", "owner", "admin", "reader"


class HasName(Protocol):
    """What is needed of a module's manifest."""

    @property
    def name(self) -> str: ...

    @property
    def schema(self) -> str: ...


class LazyLogins(Mapping[str, Logins]):
    """URLs by module, found when asked for: on a laptop that makes up a password and chooses a port."""

    def __init__(self, modules: Iterable[str], find: Callable[[str], Logins]) -> None:
        self._modules = tuple(modules)
        self._find = find

    def __getitem__(self, module: str) -> Logins:
        if module not in self._modules:
            raise KeyError(module)
        return self._find(module)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


class ExtractionConfiguration:
    """What settings say about modules that leave.

    Args:
        manifests: of all modules; their order gives services on a laptop their ports.
        state: the folder that holds what a laptop keeps; None demands URLs for everything.
    """

    def __init__(self, env: Environment, manifests: Iterable[HasName], state: Path | None) -> None:
        self._env = env
        self._state = state
        self._schemas = {manifest.name: manifest.schema for manifest in manifests}

    def addresses(self) -> dict[str, str]:
        """Return the base URL of each module's service; a module without one can't leave yet."""
        found = {}
        for port, module in enumerate(self._schemas, FIRST_SERVICE_PORT):
            given = self._env.address(_variable(module, "SERVICE_URL"), ("http", "https"))
            if address := given or (f"http://127.0.0.1:{port}" if self._state else ""):
                found[module] = address.rstrip("/")
        return found

    def monolith_url(self) -> str:
        """Return where services find the monolith."""
        return self._env.address("MONOLITH_URL", ("http", "https")) or "http://127.0.0.1:8000"

    def databases(self) -> LazyLogins:
        """Return "serving", "owner" and "admin" of each service's own database; what is not known is missing or empty.

        On a laptop that is an embedded server of the service, which whoever needs it starts (`server_of`).
        """
        return LazyLogins([module for module in self._schemas if self._state or self._given(module)], self._database)

    def shared_databases(self, monolith: EmbeddedServer | None) -> LazyLogins:
        """Return "serving" and "reader" of each module's tables in the monolith's database, for its service.

        Args:
            monolith: serves the modules that have no URL of their own.
        """

        def find(module: str) -> Logins:
            schema, serving = self._schemas[module], _variable(module, "DATABASE_URL")
            server = None if self._env.given(serving) else monolith
            return {
                kind: self._url(variable, lambda role=role: server.url(role) if server else "")  # type: ignore[misc]
                for kind, variable, role in (
                    ("serving", serving, schema),
                    ("reader", reader_variable(module), f"{schema}{READER_SUFFIX}"),
                )
            }

        return LazyLogins(self._schemas, find)

    def record_follower_url(self, monolith: EmbeddedServer | None) -> str:
        """Return the login with which services follow the record; empty where none is known."""
        return self._url("RECORD_FOLLOWER_URL", lambda: monolith.url(FOLLOWER_ROLE) if monolith else "")

    def server_of(self, module: str) -> EmbeddedServer | None:
        """Return the embedded server that holds a service's database, None where a URL names another."""
        if self._state is None or self._given(module):
            return None
        return _server(self._state / "services" / module / "postgres")

    def _given(self, module: str) -> bool:
        return self._env.given(_variable(module, "SERVICE_DATABASE_URL"))

    def _database(self, module: str) -> Logins:
        server, schema = self.server_of(module), self._schemas[module]
        roles = {"serving": schema, "owner": f"{schema}_owner", "admin": SUPERUSER}
        return {
            kind: self._url(
                _variable(module, "SERVICE" if kind == "serving" else f"SERVICE_{kind.upper()}") + "_DATABASE_URL",
                lambda role=role: server.url(role) if server else "",  # type: ignore[misc]
            )
            for kind, role in roles.items()
        }

    def _url(self, variable: str, default: Callable[[], str]) -> str:
        return self._env.url(variable) if self._env.given(variable) else default()


def reader_variable(module: str) -> str:
    return f"{module.upper()}_READER_DATABASE_URL"


def _variable(module: str, what: str) -> str:
    return f"{module.upper()}_{what}"


@cache
def _server(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder)
