"""What each module really has, read from the loaded project: contracts, events, handlers, tasks, tables, addresses, imports."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.migrations import RunSQL, SeparateDatabaseAndState
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.urls import URLPattern, URLResolver, get_resolver

from infra.boundaries.generation.house import House
from infra.contracts.declaration import declared_contracts
from infra.events.declaration import declared
from infra.events.subscriptions import all_subscriptions
from infra.schedule.declaration import tasks_of

_CREATED = re.compile(
    r'^\s*(?P<verb>CREATE|DROP)\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"?(?P<name>\w+)"?(?!\s+PARTITION\s+OF)\b',
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Something that a module has, and where it stands."""

    name: str  # as a manifest would name it
    source: str  # dotted
    path: str = ""  # relative to the project's root
    line: int = 0


def contracts(package: str, house: House) -> Iterator[Thing]:
    """Yield the contracts that a module's package declares, imported or not."""
    _import_if_there(f"{package}.contract")
    for contract in declared_contracts():
        if _is_in(contract.protocol.__module__, package):
            yield _thing(contract.wire_name, contract.protocol, house)


def events(package: str, house: House) -> Iterator[Thing]:
    """Yield the events that a module's package declares, imported or not."""
    _import_if_there(f"{package}.events")
    for name, event in declared().items():
        if _is_in(event.__module__, package):
            yield _thing(name, event, house)


def subscriptions(module: str, house: House) -> Iterator[Thing]:
    """Yield the events that a module handles."""
    for subscription in all_subscriptions():
        if subscription.consumer == module:
            yield _thing(subscription.event_name, subscription.handlers[0], house)


def tasks(module: str, package: str, house: House) -> Iterator[Thing]:
    """Yield a module's periodic tasks, without its name in front; not those that the plumbing runs in every schema."""
    for task in tasks_of(module):
        run = task.run.func if isinstance(task.run, partial) else task.run
        if _is_in(run.__module__, package):
            yield _thing(task.name.removeprefix(f"{module}."), run, house)


def tables(module: str, house: House) -> Iterator[Thing]:
    """Yield the tables of a module's models, and those that its migrations make in SQL."""
    for model in apps.get_app_config(module).get_models(include_auto_created=True):
        options = model._meta
        if options.managed and not options.proxy:
            # A table between two others has no class in any file.
            yield _thing(options.db_table, options.auto_created or model, house)
    for name, (source, path) in _tables_in_sql(module, house).items():
        yield Thing(name=name, source=source, path=path)


def addresses(package: str, house: House) -> Iterator[Thing]:
    """Yield the addresses whose views stand in a module's package, with a slash in front."""
    for route, view in _routes(get_resolver().url_patterns, "/"):
        if _is_in(view.__module__, package):
            yield _thing(route, view, house)


def imported(package: str, house: House) -> set[str]:
    """Return the dotted names that the files of a module's package import, anywhere in them."""
    names: set[str] = set()
    for file in sorted(house.root.joinpath(*package.split(".")).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
                names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def _thing(name: str, code: Any, house: House) -> Thing:
    code = inspect.unwrap(code)
    try:
        path = Path(inspect.getsourcefile(code) or "").relative_to(house.root).as_posix()
        line = inspect.getsourcelines(code)[1]
    except (OSError, TypeError, ValueError):  # made at run time, or outside the project
        path, line = "", 0
    qualified = getattr(code, "__qualname__", type(code).__qualname__)
    return Thing(name=name, source=f"{code.__module__}.{qualified}", path=path, line=line)


def _tables_in_sql(module: str, house: House) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations
    for (label, name), migration in sorted(migrations.items()):
        if label != module:
            continue
        source = type(migration).__module__
        for statement in _statements(migration.operations):
            for match in _CREATED.finditer(statement):
                if match["verb"].upper() == "CREATE":
                    path = f"{source.replace('.', '/')}.py"
                    found[match["name"]] = (f"{module}.{name}", path if (house.root / path).is_file() else "")
                else:
                    found.pop(match["name"], None)
    return found


def _statements(operations: Iterable[Operation]) -> Iterator[str]:
    for operation in operations:
        if isinstance(operation, SeparateDatabaseAndState):
            yield from _statements(operation.database_operations)
        elif isinstance(operation, RunSQL):
            parts = [operation.sql] if isinstance(operation.sql, str) else operation.sql
            yield from (part if isinstance(part, str) else str(part[0]) for part in parts)


def _routes(
    patterns: Iterable[URLPattern | URLResolver], prefix: str
) -> Iterator[tuple[str, Callable[..., object] | type]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^").lstrip("/")
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            view = pattern.callback
            # Django's and DRF's functions stand in a library; the class that they serve is the module's.
            yield route, getattr(view, "view_class", None) or getattr(view, "cls", None) or view


def _import_if_there(name: str) -> None:
    if find_spec(name.rpartition(".")[0]) is not None and find_spec(name) is not None:
        import_module(name)


def _is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")
