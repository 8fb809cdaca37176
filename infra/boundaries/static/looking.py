"""Letting all static rules look at a project."""

from __future__ import annotations

from collections.abc import Iterator

from infra.boundaries.findings import Finding, in_order
from infra.boundaries.static import (
    addresses,
    import_rules,
    messages,
    names,
    packages,
    relations,
    rules,
    sql,
    transactions,
)
from infra.boundaries.static.crossings import Crossing, Look, views
from infra.boundaries.static.files import no_collection
from infra.boundaries.static.project import Project, Zone

_INSIDE, _ABOVE, _BELOW = Zone.MODULE, Zone.ABOVE, Zone.BELOW
_LOOKS: tuple[tuple[Look, tuple[Zone, ...]], ...] = (
    (names.look, (_INSIDE, _ABOVE)),
    (relations.look, (_INSIDE, _ABOVE)),
    (sql.look, (_INSIDE, _ABOVE)),
    (sql.look_at_aliases, (_INSIDE, _ABOVE)),
    (transactions.look, (_INSIDE, _ABOVE)),
    (messages.look, (_INSIDE, _ABOVE)),
    (addresses.look, (_INSIDE,)),
    (addresses.look_at_names_of_files, (_INSIDE, _ABOVE)),
    (packages.look, (_INSIDE, _ABOVE)),
    (packages.look_at_keys, (_INSIDE,)),
    (packages.look_at_plumbing, (_BELOW,)),
)


def crossings(project: Project) -> list[Crossing]:
    """Return what all static rules find, each once, with the module that it reaches."""
    with no_collection():
        found = [*_found(project)]
    by_finding = {crossing.finding: crossing for crossing in found}
    return [by_finding[finding] for finding in in_order(by_finding)]


def check(project: Project) -> list[Finding]:
    """Return what all static rules find, in order."""
    return [crossing.finding for crossing in crossings(project)]


def _found(project: Project) -> Iterator[Crossing]:
    yield from import_rules.look(project)
    for look, zones in _LOOKS:
        for view in views(project, *zones):
            yield from look(view)
    yield from sql.look_at_scripts(project)
    yield from addresses.look_at_templates(project)
    yield from _unread(project)


def _unread(project: Project) -> Iterator[Crossing]:
    for file in project.unread:
        if project.zone_of(file.name) is Zone.OUTSIDE:
            continue
        short = project.short(file.name)
        yield Crossing(
            finding=Finding(
                rule=rules.UNREAD,
                module=project.module_of(file.name) or file.name.partition(".")[0],
                source=short,
                target="unread",
                detail=f"{short} was not looked into: {file.reason}.",
                path=file.path,
                line=file.line,
            ),
            other="",
        )
