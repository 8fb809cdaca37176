"""Letting all static rules look at a project."""

from __future__ import annotations

from collections.abc import Iterator

from infra.boundaries.findings import Finding, in_order
from infra.boundaries.static import import_rules, names, relations, rules, sql
from infra.boundaries.static.crossings import Crossing, Look, views
from infra.boundaries.static.project import Project, Zone

_INSIDE, _ABOVE, _BELOW = Zone.MODULE, Zone.ABOVE, Zone.BELOW
_LOOKS: tuple[tuple[Look, tuple[Zone, ...]], ...] = (
    (names.look, (_INSIDE, _ABOVE)),
    (relations.look, (_INSIDE, _ABOVE)),
    (sql.look, (_INSIDE, _ABOVE)),
    (sql.look_at_aliases, (_INSIDE, _ABOVE)),
)


def crossings(project: Project) -> list[Crossing]:
    """Return what all static rules find, each once, with the module that it reaches."""
    found = [*import_rules.look(project), *_unread(project), *sql.look_at_scripts(project)]
    for look, zones in _LOOKS:
        for view in views(project, *zones):
            found += look(view)
    by_finding = {crossing.finding: crossing for crossing in found}
    return [by_finding[finding] for finding in in_order(by_finding)]


def check(project: Project) -> list[Finding]:
    """Return what all static rules find, in order."""
    return [crossing.finding for crossing in crossings(project)]


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
