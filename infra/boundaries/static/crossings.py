"""A finding and the module that it reaches: what rules yield, and what maps and rankings are drawn from."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule
from infra.boundaries.static.project import Project, Zone
from infra.boundaries.static.source import Scope, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One place where source text breaks a rule."""

    finding: Finding
    other: str  # the module that it reaches; empty where it is none or cannot be told


@dataclass(frozen=True, slots=True)
class View:
    """One source as a rule looks at it: who it belongs to, and what is foreign to it."""

    project: Project
    source: Source
    zone: Zone
    module: str  # its own; empty above and below

    @property
    def owner(self) -> str:
        """Whose findings these are: a module, or the top-level package of what is none."""
        return self.module or self.source.name.partition(".")[0]

    def is_foreign(self, module: str) -> bool:
        """Return whether something that belongs to a module is not this source's own."""
        return bool(module) and module != self.module

    def crosses(self, rule: Rule, node: ast.AST | int, scope: Scope, *, to: str, target: str, detail: str) -> Crossing:
        """Return a crossing at a node (or line) of this source."""
        short = self.project.short(self.source.name)
        return Crossing(
            finding=Finding(
                rule=rule,
                module=self.owner,
                source=f"{short}.{scope.name}" if scope.name else short,
                target=target,
                detail=detail,
                path=self.source.path,
                line=node if isinstance(node, int) else getattr(node, "lineno", 0),
            ),
            other=to,
        )


Look = Callable[[View], Iterator[Crossing]]


def views(project: Project, *zones: Zone) -> Iterator[View]:
    """Yield the sources of some zones."""
    for source in project.sources_of(*zones):
        yield View(project, source, project.zone_of(source.name), project.module_of(source.name))
