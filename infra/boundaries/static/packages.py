"""Packages, files and keys: reaching through a package, handing internals out, patching, migrations, caches, folders."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.graph import module_meant
from infra.boundaries.static.index import class_values
from infra.boundaries.static.project import Zone
from infra.boundaries.static.relations import USER_MODEL, target_of
from infra.boundaries.static.source import Scope, ancestors, chain
from infra.boundaries.static.text import argument, called

_CACHE_METHODS = (
    "get",
    "set",
    "add",
    "delete",
    "incr",
    "decr",
    "touch",
    "get_or_set",
    "has_key",
    "get_many",
    "delete_many",
)


def look(view: View) -> Iterator[Crossing]:
    """Yield what a source reaches, changes or hands out by way of packages."""
    yield from _chains(view)
    yield from _patched(view)
    if view.zone is Zone.MODULE:
        yield from _handed_out(view)
        if "migrations" in view.source.name.split("."):
            yield from _migration(view)


def _chains(view: View) -> Iterator[Crossing]:
    project, source = view.project, view.source
    packages = {prefix for module in project.modules.values() for prefix in module.prefixes}
    imported = {each.target for each in source.imports if each.whole} - packages
    for node, scope in source.attributes:
        path = source.dotted(node)
        owner = project.module_of(path)
        if not view.is_foreign(owner) or project.is_public(path):
            continue
        bound = source.bindings[[*chain(node)][-1]]
        is_package = not project.module_of(bound) or bound in project.modules[owner].prefixes
        if not is_package or path in project.modules[owner].prefixes or _seen_from_above(view, path, owner):
            continue
        meant = module_meant(project, path)
        if not imported.isdisjoint(ancestors(meant)):
            continue  # `import a.b.c` said so openly, and is a finding itself
        rest = path.removeprefix(meant).lstrip(".").partition(".")[0]
        target = project.short(f"{meant}.{rest}" if rest else meant)
        detail = f"It reaches {target} through the package {bound}."
        yield view.crosses(rules.CHAIN, node, scope, to=owner, target=target, detail=detail)


def _seen_from_above(view: View, path: str, owner: str) -> bool:
    doors = (f"{prefix}.{name}" for prefix in view.project.modules[owner].prefixes for name in ("apps", "http"))
    return view.zone is Zone.ABOVE and any(path == door or path.startswith(f"{door}.") for door in doors)


def _patched(view: View) -> Iterator[Crossing]:
    places = [
        (node.value, scope) for node, scope in view.source.changes if isinstance(node, ast.Attribute | ast.Subscript)
    ]
    places += [
        (call.args[0], scope)
        for call, scope in view.source.calls
        if call.args and called(call) in ("setattr", "delattr", "add_to_class", "contribute_to_class", "update_wrapper")
    ]
    places += [
        (call.func.value, scope)
        for call, scope in view.source.calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "add_to_class"
    ]
    for node, scope in places:
        while isinstance(node, ast.Subscript):
            node = node.value
        path = "" if _is_local(node, scope) else view.source.dotted(node)
        if view.is_foreign(owner := view.project.module_of(path)):
            target = view.project.short(path)
            detail = f"It changes {target}, which belongs to {owner}."
            yield view.crosses(rules.PATCH, node, scope, to=owner, target=target, detail=detail)


def _is_local(node: ast.expr, scope: Scope) -> bool:
    """Return whether a chain begins with something of the function around it, whatever is imported by that name elsewhere."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    if scope.function is None or not isinstance(node, ast.Name):
        return False
    return any(
        (isinstance(part, ast.arg) and part.arg == node.id)
        or (isinstance(part, ast.Name) and part.id == node.id and isinstance(part.ctx, ast.Store))
        for part in ast.walk(scope.function)
    )


def _handed_out(view: View) -> Iterator[Crossing]:
    project, source = view.project, view.source
    if project.strict:
        if source.is_package and source.name in project.modules[view.module].prefixes:
            for statement in source.body:
                if not _is_harmless(statement):
                    detail = f"{source.path} does more than describe the module."
                    yield view.crosses(rules.NOT_EMPTY, statement, Scope(), to="", target="__init__", detail=detail)
        return
    if project.is_public(source.name) or (source.is_package and source.name in project.modules[view.module].prefixes):
        for imported in source.imports:
            model = project.index.models_by_path.get(imported.target)
            if model is not None and model.module == view.module and not imported.scope.function:
                target = project.short(imported.target)
                detail = f"{project.short(source.name)} is public and hands out the model {target}."
                yield view.crosses(rules.RE_EXPORT, imported.line, imported.scope, to="", target=target, detail=detail)


def _is_harmless(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _migration(view: View) -> Iterator[Crossing]:
    for node, _ in view.source.classes:
        for field, value in class_values(node).items():
            if field not in ("dependencies", "run_before", "replaces") or not isinstance(value, ast.List | ast.Tuple):
                continue
            for entry in value.elts:
                target, owner = _history(view, entry)
                if view.is_foreign(owner) or target == USER_MODEL:
                    whose = f"the history of {owner}" if owner else "the history of the user model's app"
                    scope = Scope(f"{node.name}.{field}")
                    detail = f"`{field}` ties this migration to {whose}."
                    yield view.crosses(rules.MIGRATION, entry, scope, to=owner, target=target, detail=detail)


def _history(view: View, entry: ast.expr) -> tuple[str, str]:
    if isinstance(entry, ast.Tuple) and len(entry.elts) == 2:
        label, name = (view.project.index.texts.whole(view.source, part) for part in entry.elts)
        return f"migration {label}.{name}", view.project.index.labels.get(label or "", "")
    if isinstance(entry, ast.Call) and called(entry) == "swappable_dependency":
        target, owner = target_of(view.project, view.source, argument(entry, 0))
        return ("", "") if owner == view.module else (target, owner)
    return "", ""


# --- Keys and files ---


def look_at_keys(view: View) -> Iterator[Crossing]:
    """Yield the keys in caches and sessions, and the paths, that are another module's by their names."""
    texts = view.project.index.texts
    for call, scope in view.source.calls:
        names = [*chain(call.func)]
        store = names[1] if len(names) > 1 else ""
        if names and names[0] in _CACHE_METHODS and ("cache" in store or store == "session"):
            first = argument(call, 0, "key", "keys")
            keys = [*texts.all_of(view.source, first)] or ([texts.known(view.source, first)] if first else [])
            for key in keys:
                yield from _key(view, key, call, scope)
        elif names and names[0] in ("join", "joinpath", "Path", "PurePath"):
            parts = [texts.whole(view.source, value) or "\0" for value in call.args]
            yield from _path(view, "/".join(parts), call, scope)
    for subscript, scope in view.source.subscripts:
        store = next(chain(subscript.value), "")
        if store in ("session", "caches", "cache"):
            key = texts.known(view.source, subscript.slice)
            yield from _key(view, key if store != "caches" else f"{key}:", subscript, scope)
    for string, scope in view.source.strings:
        yield from _path(view, texts.known(view.source, string), string, scope)


def _key(view: View, key: str, node: ast.AST, scope: Scope) -> Iterator[Crossing]:
    named = re.match(r"([A-Za-z][A-Za-z0-9_]*?)(?=[:._/|-])", key)
    names = {**{name: name for name in view.project.modules}, **view.project.index.labels}
    # "stock_level" begins with stock as much as "stock:level" does.
    owner = next((names[name] for name in names if re.match(rf"{re.escape(name)}[:._/|-]", key)), "") if named else ""
    if view.is_foreign(owner):
        shown = key.replace("\0", "...")
        detail = f"It uses the key {shown!r}, which begins with the name of {owner}."
        yield view.crosses(rules.KEY, node, scope, to=owner, target=f"key {shown}", detail=detail)


def _path(view: View, text: str, node: ast.AST, scope: Scope) -> Iterator[Crossing]:
    if "/" not in text or " " in text or "\n" in text or text in view.project.loaded_by_name:
        return
    for module in view.project.modules.values():
        for prefix in module.prefixes:
            folder = prefix.replace(".", "/")
            if "/" not in folder or not view.is_foreign(module.name):
                continue
            if re.search(rf"(?:^|[/\0]){re.escape(folder)}/", f"{text}/"):
                detail = f"It names a path in {folder}/, which is the folder of {module.name}."
                yield view.crosses(rules.FILE, node, scope, to=module.name, target=f"folder {folder}", detail=detail)
                return


def look_at_plumbing(view: View) -> Iterator[Crossing]:
    """Yield the modules that plumbing knows by name."""
    project = view.project
    for string, scope in view.source.strings:
        text = string.value if isinstance(string, ast.Constant) else None
        if not isinstance(text, str):
            continue
        owner = project.modules[text].name if text in project.modules else project.module_of(text)
        owner = owner or project.index.tables.get(text, "") or project.index.queues.get(text, "")
        owner = owner or project.index.prefixes.get(text, "")
        if owner:
            detail = f"{text!r} names {owner}, a module."
            yield view.crosses(rules.KNOWN_BELOW, string, scope, to=owner, target=f"module {owner}", detail=detail)
