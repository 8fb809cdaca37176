"""How a project's packages stand to each other. The plumbing knows no project; each one describes its own in its settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

# What a module may consist of, what imports on top. Names on one line do not import each other; all are optional.
INSIDE = (
    "(apps)",
    "(http) | (admin) | (service) | (handlers) | (tasks) | (management)",
    "(use_cases)",
    "(queries)",
    "(models) | (gateways)",
    "(events) | (contract)",
    "(settings)",
    "(manifest)",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Where the modules of a project are, what stands above and below them, and of what each consists."""

    root: Path  # holds the packages
    modules: str  # the package whose subpackages are the modules
    above: tuple[str, ...]  # composition roots: packages that import modules, and that no module imports
    below: tuple[str, ...]  # packages that every module stands on, and that import none
    inside: tuple[str, ...] = INSIDE
    inside_ignored: tuple[str, ...] = ("migrations",)
    # Besides each module's manifest, contract and events: what must be importable without any framework.
    plain: tuple[str, ...] = ("infra.boundaries.manifest", "infra.contracts", "infra.events.declaration")
    frameworks: tuple[str, ...] = ("django", "rest_framework", "celery")

    @property
    def folder(self) -> Path:
        """The folder of the modules."""
        return self.root.joinpath(*self.modules.split("."))
