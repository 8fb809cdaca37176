"""Models that hold on to other modules' rows: relations, generic ones, shadow models, and look-ups over all of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.index import RELATIONS, Relation, class_values
from infra.boundaries.static.project import Project, Zone
from infra.boundaries.static.source import Scope, Source, chain
from infra.boundaries.static.text import argument, called

USER_MODEL = "settings.AUTH_USER_MODEL"
_JOINS = ("select_related", "prefetch_related", "Prefetch")
_LOOKS_UP = (
    *(
        "filter",
        "exclude",
        "get",
        "values",
        "values_list",
        "order_by",
        "only",
        "defer",
        "annotate",
        "aggregate",
        "update",
    ),
    *(
        "get_or_create",
        "update_or_create",
        "distinct",
        "F",
        "Q",
        "OuterRef",
        "Count",
        "Sum",
        "Min",
        "Max",
        "Avg",
        *_JOINS,
    ),
)
_USES_ROWS = (
    *("all", "filter", "exclude", "get", "count", "exists", "first", "last", "values", "values_list", "create", "add"),
    *("remove", "set", "order_by", "aggregate"),
)


def look(view: View) -> Iterator[Crossing]:
    """Yield how a source's models hold on to other modules'."""
    if "migrations" in view.source.name.split("."):
        return
    for node, scope in view.source.classes:
        inner = Scope(f"{scope.name}.{node.name}" if scope.name else node.name)
        for field, value in class_values(node).items():
            if isinstance(value, ast.Call):
                yield from _field(view, field, value, inner)
        yield from _shadow(view, node, inner)
    yield from _lookups(view)


def target_of(project: Project, source: Source, node: ast.expr | None) -> tuple[str, str]:
    """Return what a relation points at, and the module that it belongs to; the module is empty where it cannot be told."""
    index = project.index
    text = index.texts.whole(source, node)
    if text is not None:
        if text == "self" or "." not in text:
            return text, project.module_of(source.name)
        return text, index.owner_of_model(text)
    if node is None:
        return "", ""
    if isinstance(node, ast.Name) and isinstance(given := source.constants.get(node.id), ast.Call):
        node = given  # `User = get_user_model()` above it
    dotted = source.dotted(node)
    if f".{dotted}".endswith(".AUTH_USER_MODEL") or (isinstance(node, ast.Call) and called(node) == "get_user_model"):
        return USER_MODEL, index.owner_of_model(index.user_model)
    if isinstance(node, ast.Call) and called(node) == "get_model":
        names = [index.texts.whole(source, part) or "" for part in node.args]
        return ".".join(names), index.owner_of_model(".".join(names))
    return (project.short(dotted), project.module_of(dotted)) if dotted else ("", "")


def _field(view: View, field: str, call: ast.Call, scope: Scope) -> Iterator[Crossing]:
    kind = called(call)
    place = Scope(f"{scope.name}.{field}")
    if kind in ("GenericForeignKey", "GenericRelation"):
        target = "content types"
        detail = f"{scope.name}.{field} is a {kind}, which may point at any module's rows."
        if view.zone is Zone.MODULE:
            yield view.crosses(rules.GENERIC, call, place, to="", target=target, detail=detail)
        return
    if kind not in RELATIONS:
        return
    to = argument(call, 0, "to")
    target, owner = target_of(view.project, view.source, to)
    if target == USER_MODEL or (target.startswith("django.contrib.auth.") and view.project.strict):
        if owner != view.module or not owner:
            detail = f"{scope.name}.{field} is a {kind} to the user model."
            yield view.crosses(rules.USER_RELATION, call, place, to=owner, target=target, detail=detail)
        return
    for target_name, target_owner in ((target, owner), _through(view, call)):
        if view.is_foreign(target_owner):
            detail = f"{scope.name}.{field} is a {kind} to {target_name}, which belongs to {target_owner}."
            yield view.crosses(rules.RELATION, call, place, to=target_owner, target=target_name, detail=detail)
    if not target and view.zone is Zone.MODULE and isinstance(to, ast.Call | ast.Subscript | ast.JoinedStr | ast.IfExp):
        detail = f"What {scope.name}.{field} points at is computed."
        yield view.crosses(rules.COMPUTED, call, place, to="", target=f"{kind}(...)", detail=detail)


def _through(view: View, call: ast.Call) -> tuple[str, str]:
    through = argument(call, None, "through")
    return target_of(view.project, view.source, through) if through else ("", "")


def _shadow(view: View, node: ast.ClassDef, scope: Scope) -> Iterator[Crossing]:
    model = view.project.index.models_by_path.get(f"{view.source.name}.{scope.name}")
    if model is None or model.abstract:
        return
    owner = view.project.index.tables.get(model.table, "")
    if view.is_foreign(owner):
        detail = f"{node.name} is a second model on {model.table}, a table of {owner}."
        yield view.crosses(rules.SHADOW, node, scope, to=owner, target=f"table {model.table}", detail=detail)
    if model.label != view.module and view.is_foreign(owner := view.project.index.labels.get(model.label, "")):
        detail = f"{node.name} says by app_label that it belongs to {owner}."
        yield view.crosses(rules.OTHERS_NAME, node, scope, to=owner, target=f"app {model.label}", detail=detail)


def crossing_relations(project: Project) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Return relations over borders, by the module that may look along them: names in queries, and accessors of objects."""
    queries: dict[str, dict[str, str]] = {}
    accessors: dict[str, dict[str, str]] = {}
    local: dict[str, set[str]] = {}
    for model in project.index.models_by_path.values():
        for relation in model.relations:
            owner = _owner(project, model.source, relation)
            if not model.module or not owner or owner == model.module:
                local.setdefault(model.module, set()).add(relation.field)
                local.setdefault(model.module, set()).add(relation.reverse_query)
                continue
            queries.setdefault(model.module, {})[relation.field] = owner
            if relation.reverse_query:
                queries.setdefault(owner, {})[relation.reverse_query] = model.module
                accessors.setdefault(owner, {})[relation.reverse] = model.module
    for module, names in queries.items():
        for name in local.get(module, ()):
            names.pop(name, None)  # one name for two things: which is meant, the text does not say
    return queries, accessors


def _owner(project: Project, source: Source, relation: Relation) -> str:
    return target_of(project, source, argument(relation.node, 0, "to"))[1]


def _lookups(view: View) -> Iterator[Crossing]:
    all_queries, all_accessors = view.project.crossing_relations
    queries, accessors = all_queries.get(view.module, {}), all_accessors.get(view.module, {})
    if not queries and not accessors:
        return
    for call, scope in view.source.calls:
        if called(call) not in _LOOKS_UP or view.is_foreign(view.project.module_of(_begins_with(view.source, call))):
            continue
        joins = called(call) in _JOINS
        paths = [keyword.arg for keyword in call.keywords if keyword.arg]
        for value in call.args:
            paths += [text.lstrip("-") for text in view.project.index.texts.all_of(view.source, value)]
        for path in paths:
            name, separator, rest = path.partition("__")
            if name in queries and (joins or (separator and rest not in ("in", "isnull", "exact"))):
                detail = f"{called(call)}(...{path}...) joins over a relation to {queries[name]}."
                yield view.crosses(rules.LOOKUP, call, scope, to=queries[name], target=path, detail=detail)
    for node, scope in view.source.attributes:
        names = [*chain(node)]
        for later, name in zip(["", *names], names, strict=False):
            if name in accessors and (name.endswith("_set") or later in _USES_ROWS) and name != names[-1]:
                detail = f".{name} reads rows of {accessors[name]}."
                yield view.crosses(rules.LOOKUP, node, scope, to=accessors[name], target=f".{name}", detail=detail)


def _begins_with(source: Source, node: ast.AST) -> str:
    """Return what a chain of calls begins with: a query on another module's model is a finding by its import already."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        node = node.func if isinstance(node, ast.Call) else node.value
    return source.dotted(node)
