"""Aliases whose schema must stand still for a while, or is kept elsewhere: who knows of such registers a check here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from infra.databases.reachability import DatabaseRefusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Standstill:
    """Why an alias is not migrated now."""

    reason: str  # a sentence that says what to do
    elsewhere: bool = False  # its tables are kept elsewhere: there is nothing to migrate here, and nothing is missing


class MigrationsRefused(DatabaseRefusal):
    """Some aliases have new migrations and must stand still; nothing was applied to any alias."""


Check = Callable[[str], Standstill | None]
_checks: list[Check] = []


def refuse_migrations(check: Check) -> None:
    """Have `check(alias)` asked before an alias is migrated; what is up to date already is never refused."""
    if check not in _checks:
        _checks.append(check)


def standstill_of(alias: str) -> Standstill | None:
    """Return why an alias is not migrated now, None where it may be."""
    return next((found for check in _checks if (found := check(alias))), None)
