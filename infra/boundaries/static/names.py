"""Imports that are no imports: models, classes, commands and permissions fetched by a name in a string."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.project import Zone
from infra.boundaries.static.relations import USER_MODEL
from infra.boundaries.static.source import Scope, chain
from infra.boundaries.static.text import UNKNOWN, argument, called

MODEL_GETTERS = ("get_model", "get_registered_model", "get_app_config", "get_containing_app_config")
# By name, how each takes the dotted path: all of them import what it says, or look at it.
IMPORTERS = (
    "import_string",
    "import_module",
    "__import__",
    "find_spec",
    "resolve_name",
    "run_module",
    "locate",
    "load_object",
    "get_class",
    "get_classes",
    "files",
    "get_data",
)
_PROVABLE = ("import_string", "import_module", "__import__", "find_spec", "resolve_name", "run_module", "locate")
# Settings that name something of Django's own: nobody reaches a module through them.
_OF_DJANGO = (["DEFAULT_AUTO_FIELD", "settings"], ["SESSION_ENGINE", "settings"])
_BY_LABEL = ("get_class", "get_classes")  # loaders that begin a path with an app label
_PERMISSION = re.compile(r"(\w+)\.(?:add|change|delete|view)_\w+")
_ASKS_PERMISSION = ("has_perm", "has_perms", "permission_required", "has_module_perms", "with_perm")


def look(view: View) -> Iterator[Crossing]:
    """Yield what a source fetches of other modules by name."""
    for call, scope in view.source.calls:
        name = called(call)
        if name in MODEL_GETTERS:
            yield from _model(view, call, scope)
        elif name in IMPORTERS:
            yield from _imported(view, call, scope)
        elif name == "call_command":
            yield from _command(view, call, scope)
        elif name in _ASKS_PERMISSION:
            yield from _permission_asked(view, call, scope)
        elif name == "getattr":
            yield from _attribute(view, call, scope)
        elif view.zone is Zone.MODULE:
            yield from _unprovable(view, call, scope, name)
        yield from _content_type(view, call, scope, name)
    for node, scope in view.source.subscripts:
        yield from _from_registry(view, node, scope)
    for string, scope in view.source.strings:
        if isinstance(string, ast.Constant) and (named := _PERMISSION.fullmatch(str(string.value))):
            yield from _permission(view, named[1], str(string.value), string, scope)


def _model(view: View, call: ast.Call, scope: Scope) -> Iterator[Crossing]:
    first = argument(call, 0, "app_label", "object_name", "label")
    if first is None:
        return
    texts, index = view.project.index.texts, view.project.index
    label = texts.whole(view.source, first)
    if label is None and f".{view.source.dotted(first)}".endswith(".AUTH_USER_MODEL"):
        owner = index.owner_of_model(index.user_model)
        if owner != view.module or not owner:
            detail = f"{called(call)} fetches the user model."
            yield view.crosses(rules.GET_MODEL, call, scope, to=owner, target=USER_MODEL, detail=detail)
        return
    if label is None:
        if view.zone is Zone.MODULE and _is_registry(view, call.func):
            yield _computed(view, call, scope, called(call))
        return
    model = texts.whole(view.source, argument(call, 1, "model_name")) if "." not in label else ""
    name = f"{label}.{model}" if model else label
    owner = index.owner_of_model(name) or view.project.module_of(label)
    if view.is_foreign(owner):
        yield view.crosses(
            rules.GET_MODEL,
            call,
            scope,
            to=owner,
            target=name,
            detail=f"{called(call)} fetches {name}, which belongs to {owner}.",
        )


def _is_registry(view: View, func: ast.expr) -> bool:
    """Return whether a call goes to Django's registry of apps, or the copy of it that a migration is handed."""
    names = [*chain(func)]
    return "apps" in names[1:] or view.source.dotted(func).startswith("django.apps")


def _imported(view: View, call: ast.Call, scope: Scope) -> Iterator[Crossing]:
    first = argument(call, 0, "name", "dotted_path", "import_name", "module_label", "package", "anchor")
    if first is None or [*chain(first)] in _OF_DJANGO:
        return
    texts = view.project.index.texts
    path = texts.known(view.source, first)
    if path.startswith("."):
        package = texts.whole(view.source, argument(call, 1, "package")) or ""
        # One dot is the package itself, each further one its parent.
        rest = path.lstrip(".")
        parts = package.split(".")
        parts = parts[: len(parts) - (len(path) - len(rest) - 1)]
        path = ".".join([*parts, rest])
    certain = path.partition(UNKNOWN)[0]
    is_whole = UNKNOWN not in path
    # `modules.sto` may go on to be any module's name; what ends with a dot, or is whole, may not.
    named = path if is_whole else certain.rpartition(".")[0]
    path = named.replace(":", ".")
    owner = view.project.module_of(path)
    if not owner and called(call) in _BY_LABEL:
        owner = view.project.index.labels.get(path.partition(".")[0], "")
    if view.is_foreign(owner):
        if not view.project.is_public(path) and not _may_be_mounted(view, path):
            target = view.project.short(path)
            detail = f"{called(call)} imports {target}, which belongs to {owner}."
            yield view.crosses(rules.DOTTED_STRING, call, scope, to=owner, target=target, detail=detail)
    elif not is_whole and not owner and view.zone is Zone.MODULE and called(call) in _PROVABLE:
        yield _computed(view, call, scope, called(call))


def _may_be_mounted(view: View, path: str) -> bool:
    module = view.project.modules.get(view.project.module_of(path))
    if view.zone is not Zone.ABOVE or module is None:
        return False
    return any(path.startswith(f"{prefix}.{name}") for prefix in module.prefixes for name in ("apps", "http"))


def _from_registry(view: View, node: ast.Subscript, scope: Scope) -> Iterator[Crossing]:
    """Yield for `sys.modules["..."]`, `apps.all_models["..."]` and `apps.app_configs["..."]`."""
    registry = next(chain(node.value), "")
    name = view.project.index.texts.whole(view.source, node.slice)
    if name is None or registry not in ("modules", "all_models", "app_configs"):
        return
    if registry == "modules":
        owner = view.project.module_of(name) if view.source.dotted(node.value) == "sys.modules" else ""
        rule = rules.DOTTED_STRING
    else:
        owner, rule = view.project.index.labels.get(name, ""), rules.GET_MODEL
    if view.is_foreign(owner):
        target = view.project.short(name)
        detail = f"{registry}[...] fetches {target}, which belongs to {owner}."
        yield view.crosses(rule, node, scope, to=owner, target=target, detail=detail)


def _unprovable(view: View, call: ast.Call, scope: Scope, name: str) -> Iterator[Crossing]:
    if isinstance(call.func, ast.Name) and name in ("eval", "exec") and name not in view.source.bindings:
        yield _computed(view, call, scope, name)
    elif name == "get_models" and not call.args and view.source.dotted(call.func) == "django.apps.apps.get_models":
        yield _computed(view, call, scope, "apps.get_models")


def _attribute(view: View, call: ast.Call, scope: Scope) -> Iterator[Crossing]:
    """Yield for `getattr(orders, "models")` on another module's package."""
    if len(call.args) < 2 or not (package := view.source.dotted(call.args[0])):
        return
    owner = view.project.module_of(package)
    name = view.project.index.texts.whole(view.source, call.args[1]) or "..."
    path = f"{package}.{name}"
    if view.is_foreign(owner) and view.project.zone_of(package) is Zone.MODULE and not view.project.is_public(path):
        target = view.project.short(path)
        detail = f"getattr reaches {target}, which is internal to {owner}."
        yield view.crosses(rules.CHAIN, call, scope, to=owner, target=target, detail=detail)


def _command(view: View, call: ast.Call, scope: Scope) -> Iterator[Crossing]:
    name = view.project.index.texts.whole(view.source, argument(call, 0, "command_name"))
    owner = view.project.index.commands.get(name or "", "")
    if view.is_foreign(owner) and view.zone is Zone.MODULE:
        detail = f"call_command runs {name}, a command of {owner}."
        yield view.crosses(rules.COMMAND, call, scope, to=owner, target=f"command {name}", detail=detail)


def _permission_asked(view: View, call: ast.Call, scope: Scope) -> Iterator[Crossing]:
    for name in view.project.index.texts.all_of(view.source, argument(call, 0, "perm", "perm_list")):
        if "." in name and not _PERMISSION.fullmatch(name):
            yield from _permission(view, name.partition(".")[0], name, call, scope)


def _permission(view: View, label: str, name: str, node: ast.AST, scope: Scope) -> Iterator[Crossing]:
    owner = view.project.index.labels.get(label, "")
    if view.is_foreign(owner) and view.zone is Zone.MODULE:
        detail = f"The permission {name} belongs to {owner}."
        yield view.crosses(rules.PERMISSION, node, scope, to=owner, target=f"permission {name}", detail=detail)


def _content_type(view: View, call: ast.Call, scope: Scope, name: str) -> Iterator[Crossing]:
    if name in MODEL_GETTERS:
        return
    first = argument(call, 0) if name == "get_by_natural_key" and "ContentType" in [*chain(call.func)] else None
    given = argument(call, None, "app_label", "content_type__app_label", "object_type__app_label")
    label = view.project.index.texts.whole(view.source, first or given)
    owner = view.project.index.labels.get(label or "", "")
    if view.is_foreign(owner):
        detail = f"It asks for the content types of {label}, which belongs to {owner}."
        yield view.crosses(rules.CONTENT_TYPE, call, scope, to=owner, target=f"content type {label}", detail=detail)


def _computed(view: View, call: ast.Call, scope: Scope, what: str) -> Crossing:
    detail = f"What {what}(...) fetches is computed, so nobody can tell that it is not another module's."
    return view.crosses(rules.COMPUTED, call, scope, to="", target=f"{what}(...)", detail=detail)
