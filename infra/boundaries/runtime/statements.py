"""Whose tables a statement names, and whose code runs it: for tests and development, as each statement is looked at.

In production the roles of the database refuse what is found here; there this guard would only add the call site.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import FrameType
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from infra.boundaries.findings import Finding
from infra.boundaries.manifest import Manifest
from infra.boundaries.rules import Rule
from infra.boundaries.runtime import rules
from infra.boundaries.runtime.places import CallSite, call_site, module_of, shown
from infra.boundaries.runtime.policy import settle
from infra.boundaries.runtime.table_names import tables_in

# As many different statements as a long run of tests makes; then all are read again.
REMEMBERED_STATEMENTS = 8192
# From here on it is another module's turn, by right: what it does below is its own.
_HAND_OVER = ("infra.contracts.", "infra.events.", "infra.schedule.")

Execute = Callable[[Any, Any, bool, dict[str, Any]], Any]


class ForeignStatement(RuntimeError):
    """A statement reached for another module's rows, or was run by another module's code."""


class StatementGuard:
    """A wrapper around every statement of every alias (Django's `execute_wrappers`)."""

    def __init__(self, manifests: Iterable[Manifest]) -> None:
        manifests = tuple(manifests)
        self._modules = {manifest.name for manifest in manifests}
        self._owner_of_table: Mapping[str, str] = {
            table: manifest.name for manifest in manifests for table in manifest.tables
        }
        self._owner_of_schema: Mapping[str, str] = {manifest.schema: manifest.name for manifest in manifests}
        self._foreign: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {}

    def __call__(self, execute: Execute, statement: Any, parameters: Any, many: bool, context: dict[str, Any]) -> Any:
        alias = context["connection"].alias
        text = statement if isinstance(statement, str) else _text(statement)
        key = (alias, text)
        foreign = self._foreign.get(key)
        if foreign is None:
            if len(self._foreign) >= REMEMBERED_STATEMENTS:
                self._foreign.clear()
            foreign = self._foreign[key] = self._foreign_tables(alias, text)
        for table, owner in foreign:
            _settle_table(alias, table, owner)
        if alias in self._modules:
            _refuse_foreign_code(alias)
        return execute(statement, parameters, many, context)

    def watch(self) -> None:
        """Guard the connections that there are in this thread, and all that are opened from now on."""
        connection_created.connect(self._wrap, dispatch_uid="infra.boundaries.runtime.statements", weak=False)
        for connection in connections.all(initialized_only=True):
            self._wrap(connection=connection)

    def _wrap(self, *, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        if self not in connection.execute_wrappers:
            connection.execute_wrappers.insert(0, self)

    def _foreign_tables(self, alias: str, text: str) -> tuple[tuple[str, str], ...]:
        found = []
        for schema, table in sorted(tables_in(text)):
            owner = self._owner_of_schema.get(schema) if schema else self._owner_of_table.get(table)
            if owner is not None and owner != alias:
                found.append((f"{schema}.{table}" if schema else table, owner))
        return tuple(found)


def _settle_table(alias: str, table: str, owner: str) -> None:
    site = call_site()
    _settle(
        rules.FOREIGN_TABLE,
        site.module,
        f"table {table} of {owner}",
        f"A statement on alias {alias} names the table {table}, which is {owner}'s, at {site}.",
        site,
    )


def _refuse_foreign_code(alias: str) -> None:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        module = _runs_for(frame.f_globals.get("__name__", ""), frame.f_code.co_filename)
        if module is not None:
            if module and module != alias:
                code = frame.f_code
                site = CallSite(
                    f"{frame.f_globals['__name__']}.{code.co_qualname}", module, shown(code.co_filename), frame.f_lineno
                )
                detail = f"Code of {module} runs a statement on alias {alias}, at {site}."
                _settle(rules.FOREIGN_ALIAS, module, f"alias {alias}", detail, site)
            return
        frame = frame.f_back


@cache  # as many as there are Python modules
def _runs_for(name: str, file: str) -> str | None:
    """Return the module whose code this is; empty where code is nobody's that may ask any alias; None to look further up."""
    if (module := module_of(name)) is not None:
        return module
    if name.startswith(_HAND_OVER):
        return ""
    is_own_code = file.startswith(f"{settings.BASE_DIR}/") and "site-packages" not in file
    return "" if is_own_code and not name.startswith("infra.") else None


def _settle(rule: Rule, module: str, target: str, detail: str, site: CallSite) -> None:
    finding = Finding(
        rule=rule, module=module, source=site.name, target=target, detail=detail, path=site.path, line=site.line
    )
    settle(finding, ForeignStatement)


def _text(statement: Any) -> str:
    if isinstance(statement, bytes):
        return statement.decode()
    return str(statement.as_string(None)) if hasattr(statement, "as_string") else str(statement)
