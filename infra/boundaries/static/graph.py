"""The graph of imports, in the form that import-linter judges, made from the sources that are parsed already.

Grimp would build it from importable packages only; this one also exists for a project that cannot be imported from here.
"""

from __future__ import annotations

from collections.abc import Iterator

from grimp import ImportGraph

from infra.boundaries.static.project import Project
from infra.boundaries.static.source import Import, Source, ancestors


def imports_in(project: Project, source: Source) -> Iterator[tuple[str, Import]]:
    """Yield each import of a source with the module that it really imports: of names in a module, that module.

    A module of the project that is missing, or cannot be read, counts as it is named.
    """
    for imported in source.imports:
        if imported.target in project.sources:
            target = imported.target
        elif imported.origin in project.sources or project.is_inside(imported.origin):
            target = imported.origin
        else:
            target = imported.origin.partition(".")[0]
        if target and target != source.name:
            yield target, imported


def module_meant(project: Project, name: str) -> str:
    """Return the source that a dotted name is or lies in, or the name itself where there is none."""
    return next((prefix for prefix in ancestors(name) if prefix in project.sources), name)


def import_graph(project: Project) -> ImportGraph:
    """Return who imports what, without tests; everything outside the project as one node per package."""
    graph = ImportGraph()
    known = {source.name: source for source in project.sources.values() if _counts(project, source)}
    for name in known:
        graph.add_module(name)
    outside: set[str] = set()
    for source in known.values():
        for target, imported in imports_in(project, source):
            if target not in known:
                if target in project.sources:
                    continue
                if target not in outside:
                    outside.add(target)
                    graph.add_module(target, is_squashed=not project.is_inside(target))
            graph.add_import(
                importer=source.name, imported=target, line_number=imported.line, line_contents=imported.target
            )
    return graph


def _counts(project: Project, source: Source) -> bool:
    is_skipped = any(prefix in project.skip for prefix in ancestors(source.name))
    return not is_skipped and not project.is_test(source.name)
