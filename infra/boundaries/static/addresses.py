"""Links: other modules' addresses by name and written out, their templates, tags and static files."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.project import Project, Zone
from infra.boundaries.static.source import Scope, Source
from infra.boundaries.static.text import argument, called

_REVERSES = ("reverse", "reverse_lazy", "redirect", "resolve_url")
_VIEW_NAME = ("viewname", "view_name", "url_name", "lookup_view_name", "pattern_name")
_TAG = re.compile(r"\{%-?\s*(extends|include|load|url|static|import|from)\s+([^%]*?)-?%\}")
_QUOTED = re.compile(r"[\"']([^\"']+)[\"']")


def look(view: View) -> Iterator[Crossing]:
    """Yield the addresses that a source names."""
    for call, scope in view.source.calls:
        given = [argument(call, None, keyword) for keyword in _VIEW_NAME]
        given += [argument(call, 0, "to")] if called(call) in _REVERSES else []
        for value in given:
            name = view.project.index.texts.whole(view.source, value)
            yield from _name(view, name, call, scope)
    for string, scope in view.source.strings:
        yield from _path(view, view.project.index.texts.known(view.source, string), string, scope)


def _name(view: View, name: str | None, node: ast.AST | int, scope: Scope) -> Iterator[Crossing]:
    if not name or "/" in name or view.zone is not Zone.MODULE:
        return
    owner = _owner_of_address(view, name)
    if view.is_foreign(owner):
        detail = f"It looks up the address {name}, which belongs to {owner}."
        yield view.crosses(rules.ADDRESS_NAME, node, scope, to=owner, target=f"address {name}", detail=detail)


def _owner_of_address(view: View, name: str) -> str:
    index = view.project.index
    namespace, separator, rest = name.partition(":")
    if not separator:
        holders = index.addresses.get(name, set())
        return "" if view.module in holders or len(holders) != 1 else next(iter(holders))
    if namespace == "admin":
        return next((owner for label, owner in index.labels.items() if rest.startswith(f"{label}_")), "")
    return index.namespaces.get(namespace, "")


def _path(view: View, text: str, node: ast.AST | int, scope: Scope) -> Iterator[Crossing]:
    if "/" not in text or view.zone is not Zone.MODULE:
        return
    for prefix, owner in view.project.index.prefixes.items():
        place = text.find(prefix)
        # At the beginning, or right behind a host that is known or computed.
        if place < 0 or not view.is_foreign(owner) or (place and text[place - 1] in "/ \n"):
            continue
        if " " in text[:place] or "\n" in text[:place]:
            continue  # a sentence about it, not a link
        detail = f"It writes out {prefix}, which {owner} serves."
        yield view.crosses(rules.ADDRESS_PATH, node, scope, to=owner, target=f"address {prefix}", detail=detail)


# --- Pages ---


def look_at_names_of_files(view: View) -> Iterator[Crossing]:
    """Yield the templates and static files of others that Python names."""
    index = view.project.index
    for string, scope in view.source.strings:
        if not (isinstance(string, ast.Constant) and isinstance(string.value, str) and "." in string.value):
            continue
        yield from _file(view, string.value, string, scope, index.templates, "template")
        yield from _file(view, string.value, string, scope, index.static_files, "static file")


def look_at_templates(project: Project) -> Iterator[Crossing]:
    """Yield what templates take of other modules."""
    for template in project.templates:
        module = project.module_of(template.package)
        zone = project.zone_of(template.package)
        if zone not in (Zone.MODULE, Zone.ABOVE) or project.is_test(template.package):
            continue
        stub = Source(name=f"{template.package}.templates", path=template.path, is_package=False)
        view = View(project, stub, zone, module)
        name = Scope(template.name)
        for found in _TAG.finditer(template.text):
            line = template.text.count("\n", 0, found.start()) + 1
            yield from _tag(view, found[1], found[2], line, name)
        for found in re.finditer(r"(?:href|action|src)=[\"']?([^\"'\s>]+)", template.text):
            line = template.text.count("\n", 0, found.start()) + 1
            yield from _path(view, found[1], line, name)


def _tag(view: View, tag: str, rest: str, line: int, scope: Scope) -> Iterator[Crossing]:
    index = view.project.index
    if tag == "load":
        for library in rest.split(" from ")[-1].split():
            if view.is_foreign(owner := index.libraries.get(library, "")):
                detail = f"{scope.name} loads the template tags {library}, which belong to {owner}."
                yield view.crosses(rules.TAGS, line, scope, to=owner, target=f"tags {library}", detail=detail)
        return
    quoted = _QUOTED.match(rest.strip())
    if quoted is None:
        return
    if tag == "url":
        yield from _name(view, quoted[1], line, scope)
    elif tag == "static":
        yield from _file(view, quoted[1], line, scope, index.static_files, "static file")
    else:
        yield from _file(view, quoted[1], line, scope, index.templates, "template")


def _file(
    view: View, name: str, node: ast.AST | int, scope: Scope, owners: dict[str, str], what: str
) -> Iterator[Crossing]:
    owner = owners.get(name, "")
    if view.is_foreign(owner):
        detail = f"It uses the {what} {name}, which belongs to {owner}."
        yield view.crosses(rules.TEMPLATE, node, scope, to=owner, target=f"{what} {name}", detail=detail)
