"""What imports show: import-linter judges, the sources say where and how."""

from __future__ import annotations

from collections.abc import Iterator

from infra.boundaries.static import rules
from infra.boundaries.static.crossings import Crossing, View
from infra.boundaries.static.engine import Chain, Engine
from infra.boundaries.static.graph import imports_in
from infra.boundaries.static.interface_contract import Edge
from infra.boundaries.static.project import Project, Zone
from infra.boundaries.static.source import Import, Place, Scope

_RULE_BY_PLACE = {
    Place.TOP: rules.IMPORT,
    Place.FUNCTION: rules.LATE_IMPORT,
    Place.TYPE_CHECKING: rules.TYPING_IMPORT,
}


def look(project: Project) -> Iterator[Crossing]:
    """Yield what is wrong with the imports of a project."""
    engine = Engine(project)
    for edge in engine.not_public():
        yield from _not_public(project, edge)
    if not project.strict:
        yield from _upwards_by_zones(project)
        return
    for chain in engine.upwards():
        yield from _upwards(project, chain[0])
    for module in project.modules:
        for chain in engine.undeclared(module):
            yield from _undeclared(project, chain[0])
    for chain in engine.against_the_order_inside():
        yield from _inside(project, chain)
    for name in engine.strays():
        view = _view(project, name)
        yield view.crosses(
            rules.ONE_WAY_IN,
            1,
            Scope(),
            to="",
            target="no place in the module's order",
            detail=f"{project.short(name)} has no place in a module's order.",
        )
    for chain in engine.not_plain():
        yield from _not_plain(project, chain)


def _not_public(project: Project, edge: Edge) -> Iterator[Crossing]:
    view = _view(project, edge["importer"])
    other = project.module_of(edge["imported"])
    for imported in _made_by(project, view, edge):
        target = project.short(imported.target)
        if view.zone is Zone.ABOVE:
            rule, what = rules.FROM_ABOVE, "which is neither public nor something to mount or start"
        else:
            rule, what = _RULE_BY_PLACE[imported.scope.place], f"which is internal to {other}"
        detail = f"{view.owner} imports {target}, {what}."
        yield view.crosses(rule, imported.line, imported.scope, to=other, target=target, detail=detail)


def _upwards(project: Project, edge: Edge) -> Iterator[Crossing]:
    view = _view(project, edge["importer"])
    other = project.module_of(edge["imported"])
    for imported in _made_by(project, view, edge):
        target = project.short(imported.target)
        detail = f"{view.owner} imports {target}, which stands above it."
        yield view.crosses(rules.UPWARDS, imported.line, imported.scope, to=other, target=target, detail=detail)


def _upwards_by_zones(project: Project) -> Iterator[Crossing]:
    height = {Zone.BELOW: 0, Zone.MODULE: 1, Zone.ABOVE: 2}
    for source in project.sources_of(Zone.BELOW, Zone.MODULE):
        for target, imported in imports_in(project, source):
            above = height.get(project.zone_of(target))
            if above is not None and above > height[project.zone_of(source.name)]:
                yield from _upwards(
                    project, {"importer": source.name, "imported": target, "line_numbers": (imported.line,)}
                )


def _undeclared(project: Project, edge: Edge) -> Iterator[Crossing]:
    view = _view(project, edge["importer"])
    other = project.module_of(edge["imported"])
    declared = "hears nothing of" if edge["imported"].endswith(".events") else "does not ask"
    for imported in _made_by(project, view, edge):
        target = project.short(edge["imported"])
        detail = f"{view.owner} imports {target}, and by its manifest it {declared} {other}."
        yield view.crosses(rules.UNDECLARED, imported.line, imported.scope, to=other, target=target, detail=detail)


def _inside(project: Project, chain: Chain) -> Iterator[Crossing]:
    view = _view(project, chain[0]["importer"])
    is_public = project.is_public(view.source.name)
    for imported in _made_by(project, view, chain[0]):
        target = project.short(imported.target)
        if is_public:
            detail = f"{project.short(view.source.name)} is public and imports {target}, which is internal."
        else:
            detail = f"{project.short(view.source.name)} imports {target}, which stands beside or above it."
        rule = rules.RE_EXPORT if is_public else rules.ONE_WAY_IN
        yield view.crosses(rule, imported.line, imported.scope, to="", target=target, detail=detail)


def _not_plain(project: Project, chain: Chain) -> Iterator[Crossing]:
    view = _view(project, chain[0]["importer"])
    framework = chain[-1]["imported"]
    way = " -> ".join(project.short(link["imported"]) for link in chain)
    for imported in _made_by(project, view, chain[0])[:1]:
        detail = f"{project.short(view.source.name)} must be plain Python and imports {way}."
        yield view.crosses(rules.PLAIN, imported.line, imported.scope, to="", target=framework, detail=detail)


def _view(project: Project, name: str) -> View:
    return View(project, project.sources[name], project.zone_of(name), project.module_of(name))


def _made_by(project: Project, view: View, edge: Edge) -> list[Import]:
    """Return the import statements that make an edge of the graph, one per name and place."""
    made = {
        (imported.target, imported.scope): imported
        for target, imported in reversed([*imports_in(project, view.source)])
        if target == edge["imported"]
    }
    return sorted(made.values(), key=lambda imported: imported.line)
