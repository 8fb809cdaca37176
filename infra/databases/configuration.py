"""Django's database settings, one alias per schema: from URLs in the environment, or on the embedded server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from infra.deployment.environment import Environment

# A connection is waited for at most 5 s: longer means that the pool is too small or a transaction too long.
POOL_TIMEOUT_SECONDS = 5
# An unreachable server is told apart from a slow one before the caller gives up.
CONNECT_TIMEOUT_SECONDS = 4
# A connection prepares a statement after it has run so often: soon, as only statements asked all the time can be.
PREPARED_FROM = 1


class DatabaseConfiguration:
    """Where each alias's rows are, and as whom they are served, migrated and administered.

    Args:
        schemas: schema by alias; the serving role has the schema's name, the owner role `_owner` behind it.
        embedded: serves every alias without a URL of its own; None demands a URL for each.
    """

    def __init__(self, env: Environment, schemas: Mapping[str, str], embedded: EmbeddedServer | None) -> None:
        self._env = env
        self._schemas = schemas
        self._server = embedded
        self.embedded_aliases = (
            tuple(alias for alias in schemas if not env.given(url_variable(alias))) if embedded else ()
        )

    def serving(self) -> dict[str, dict[str, Any]]:
        """Return `DATABASES`."""
        return {alias: self._serving(alias) for alias in self._schemas}

    def owners(self) -> dict[str, dict[str, Any]]:
        """Return the logins that migrate, for the aliases where one is known."""
        logins = {
            alias: self._login(alias, owner_url_variable(alias), f"{self._schemas[alias]}_owner")
            for alias in self._schemas
        }
        return {alias: login for alias, login in logins.items() if login}

    def admin_url(self) -> str:
        """Return the URL of the role that makes roles and schemas, empty where none is known."""
        default = self._server.url(SUPERUSER) if self._server and self.embedded_aliases else None
        return self._env.url("ADMIN_DATABASE_URL", default) if default or self._env.given("ADMIN_DATABASE_URL") else ""

    def _serving(self, alias: str) -> dict[str, Any]:
        login = self._login(alias, url_variable(alias), self._schemas[alias]) or self._env.database(url_variable(alias))
        return pooled(login, self._env)

    def _login(self, alias: str, variable: str, role: str) -> dict[str, Any] | None:
        if self._env.given(variable):
            return self._env.database(variable)
        if self._server and alias in self.embedded_aliases:
            return self._env.database(variable, self._server.url(role))
        return None


def pooled(login: Mapping[str, Any], env: Environment) -> dict[str, Any]:
    """Return the login's database settings with a pool of connections in each process."""
    # A process opens at most this many connections per alias. A request keeps the one that it took to its end, also while
    # it asks slow partners: each of the web server's threads needs its own, and so do the relay and the clock beside them.
    pool_size = env.number("DATABASE_POOL_SIZE", env.number("WEB_THREADS", 8, least=1) + 2, least=1)
    # Only statements of infra/databases/prepared.py are prepared. Off for poolers that give a client another connection for
    # each transaction and do not know prepared statements.
    prepares = env.flag("DATABASE_PREPARES", True)
    options = {
        **login.get("OPTIONS", {}),
        "connect_timeout": CONNECT_TIMEOUT_SECONDS,
        "prepare_threshold": PREPARED_FROM if prepares else None,
        "pool": {
            "min_size": 0,
            "max_size": pool_size,
            "timeout": POOL_TIMEOUT_SECONDS,
            "num_workers": 1,  # a thread per alias that opens connections; the default of 3 makes 18 idle threads
        },
    }
    engine = "infra.databases.pooled"
    return {**login, "ENGINE": engine, "CONN_MAX_AGE": 0, "OPTIONS": options, "TEST": {"DEPENDENCIES": []}}


def url_variable(alias: str) -> str:
    return f"{alias.upper()}_DATABASE_URL"


def owner_url_variable(alias: str) -> str:
    return f"{alias.upper()}_OWNER_DATABASE_URL"
