"""How many database connections the processes of a deployment may open, against what each server allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.databases.aliases import served
from infra.databases.reachability import connect


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionBudget:
    """The most connections that may be open at once on one server."""

    server: str
    processes: int
    aliases: int
    pool_size: int
    allowed: int

    @property
    def most(self) -> int:
        return self.processes * self.aliases * self.pool_size

    @property
    def fits(self) -> bool:
        return self.most <= self.allowed

    def __str__(self) -> str:
        sum_ = f"{self.processes} processes x {self.aliases} schemas x {self.pool_size} pooled = at most {self.most}"
        verdict = "" if self.fits else ": TOO MANY, lower DATABASE_POOL_SIZE or WEB_PROCESSES"
        return f"{sum_} of {self.allowed} connections at {self.server}{verdict}"


def budgets(processes: int) -> list[ConnectionBudget]:
    """Return one budget per server that the aliases are on, as the server itself is set up."""
    servers: dict[str, list[Mapping[str, Any]]] = {}
    for login in served().values():
        servers.setdefault(f"{login['HOST'] or 'localhost'}:{login['PORT'] or 5432}", []).append(login)
    return [
        ConnectionBudget(
            server=server,
            processes=processes,
            aliases=len(logins),
            pool_size=logins[0]["OPTIONS"]["pool"]["max_size"],
            allowed=_allowed(logins[0]),
        )
        for server, logins in servers.items()
    ]


def _allowed(login: Mapping[str, Any]) -> int:
    with connect(login) as connection:
        row = connection.execute(
            "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
        ).fetchone()
    assert row is not None
    return int(row[0])
