"""SQL that names other modules' tables, and connections that are other modules'."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.project import Project, Zone
from infra.boundaries.static.source import Scope, Source, chain
from infra.boundaries.static.text import argument, called

TAKES_SQL = ("execute", "executemany", "raw", "RawSQL", "RunSQL", "SQL", "copy", "copy_expert", "mogrify", "stream")
_READS_LIKE_SQL = re.compile(
    r"\b(?:select\b.+\bfrom|insert\s+into|update\b.+\bset|delete\s+from|truncate|merge\s+into|lock\s+table|copy\s+\S+\s+(?:from|to)"
    r"|(?:create|alter|drop|comment\s+on|grant\b.+\bon|references)\b.+\b(?:table|view|trigger|index|on|references)"
    r"|(?:from|join)\s+\w+\s)",
    re.IGNORECASE | re.DOTALL,
)
_AFTER = (
    r"\b(?:from|join|into|update|table|references|truncate|only|view|copy)\s+(?:if\s+(?:not\s+)?exists\s+)?(?:only\s+)?"
)
_NAMES_A_TABLE = re.compile(_AFTER + r"(?:(\"?)(\w+)\1\s*\.\s*)?(\"?)(\w+)\3", re.IGNORECASE)


def look(view: View) -> Iterator[Crossing]:
    """Yield the foreign tables that a source's SQL names."""
    texts = view.project.index.texts
    for string, scope in view.source.strings:
        text = texts.known(view.source, string)
        if len(text) > 10 and _READS_LIKE_SQL.search(text):
            yield from _named(view, string, scope, text, is_certain=False)
    for call, scope in view.source.calls:
        name = called(call)
        if name in TAKES_SQL:
            for value in (*call.args, *(keyword.value for keyword in call.keywords)):
                for text in texts.all_of(view.source, value) if isinstance(value, ast.List | ast.Tuple) else ():
                    yield from _named(view, call, scope, text, is_certain=True)
                yield from _named(view, call, scope, texts.known(view.source, value), is_certain=True)
        elif name == "extra":
            for keyword in call.keywords:
                values = keyword.value.values if isinstance(keyword.value, ast.Dict) else [keyword.value]
                for text in (text for value in values for text in texts.all_of(view.source, value)):
                    certain = f"from {text}" if keyword.arg == "tables" else text
                    yield from _named(view, call, scope, certain, is_certain=True)
        elif name == "Identifier":
            for value in call.args:
                text = texts.whole(view.source, value) or ""
                yield from _named(view, call, scope, f"from {text}", is_certain=True)


def look_at_scripts(project: Project) -> Iterator[Crossing]:
    """Yield the foreign tables that scripts of SQL beside a module's code name."""
    for script in project.sql:
        if module := project.module_of(script.package):
            stub = Source(name=script.package, path=script.path, is_package=True)
            for number, line in enumerate(script.text.splitlines(), start=1):
                if not line.lstrip().startswith("--"):
                    view = View(project, stub, Zone.MODULE, module)
                    yield from _named(view, number, Scope(), line, is_certain=True)


def _named(view: View, node: ast.AST | int, scope: Scope, text: str, *, is_certain: bool) -> Iterator[Crossing]:
    tables = view.project.index.tables
    # A table may be called like a column of the module's own: then only its place in the statement tells.
    columns = view.project.index.columns.get(view.module, set())
    named = {table.lower() for table in _tables_in(frozenset(tables)).findall(text)} - columns
    found = {table: tables[table] for table in named}
    for _, schema, _, table in _NAMES_A_TABLE.findall(text):
        if table.lower() in tables and (is_certain or "_" in table):
            found[table.lower()] = tables[table.lower()]
        if is_certain and (owner := _schemas(view.project).get(schema.lower())) is not None:
            found[f"{schema}.{table}".lower()] = owner
    for table, owner in sorted(found.items()):
        if view.is_foreign(owner):
            detail = f"SQL names {table}, a table of {owner}."
            yield view.crosses(rules.SQL, node, scope, to=owner, target=f"table {table}", detail=detail)


@lru_cache(maxsize=4)
def _tables_in(tables: frozenset[str]) -> re.Pattern[str]:
    """Return what finds tables in any text: only names with an underscore are no English words."""
    names = sorted((table for table in tables if "_" in table), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, names)) or '(?!)'})\b", re.IGNORECASE)


def _schemas(project: Project) -> dict[str, str]:
    return {module.manifest.schema: module.name for module in project.modules.values() if module.manifest}


# --- Databases ---

_TAKES_ALIAS = (
    "using",
    "db_manager",
    "get_connection",
    "atomic",
    "on_commit",
    "get_autocommit",
    "set_rollback",
    "savepoint",
)
_ALIAS_KEYWORDS = ("using", "database", "alias", "db")


def look_at_aliases(view: View) -> Iterator[Crossing]:
    """Yield the databases of others that a source uses."""
    aliases = view.project.aliases
    if not aliases:
        return
    for call, scope in view.source.calls:
        name = called(call)
        given = [argument(call, None, keyword) for keyword in _ALIAS_KEYWORDS]
        given += [argument(call, 0)] if name in _TAKES_ALIAS and name != "on_commit" else []
        for value in given:
            yield from _alias(view, view.project.index.texts.whole(view.source, value), call, scope)
        if name == "atomic" and not call.args and not call.keywords:
            yield from _default(view, view.source.dotted(call.func), "django.db.transaction.atomic", call, scope)
    for subscript, scope in view.source.subscripts:
        if next(chain(subscript.value), "") in ("connections", "DATABASES"):
            yield from _alias(view, view.project.index.texts.whole(view.source, subscript.slice), subscript, scope)
    for attribute, scope in view.source.attributes:
        dotted = view.source.dotted(attribute)
        if dotted.startswith("django.db.connection."):
            yield from _default(view, dotted, dotted, attribute, scope)
    for function, scope in view.source.functions:
        for decorator in function.decorator_list:
            yield from _default(view, view.source.dotted(decorator), "django.db.transaction.atomic", function, scope)


def _alias(view: View, alias: str | None, node: ast.AST, scope: Scope) -> Iterator[Crossing]:
    owner = view.project.aliases.get(alias) if alias else None
    if owner is not None and owner != view.module:
        whose = f"{owner}'s" if owner else "no module's"
        detail = f"It uses the database {alias!r}, which is {whose}."
        yield view.crosses(rules.ALIAS, node, scope, to=owner, target=f"database {alias}", detail=detail)


def _default(view: View, dotted: str, expected: str, node: ast.AST, scope: Scope) -> Iterator[Crossing]:
    """Yield where no alias is named, so that Django takes `default`, and that is not this module's."""
    if (
        dotted == expected
        and view.zone is Zone.MODULE
        and view.project.aliases.get("default", view.module) != view.module
    ):
        detail = "It names no database, so it uses 'default', which is not this module's."
        yield view.crosses(rules.ALIAS, node, scope, to="", target="database default", detail=detail)
