"""A project as source text: its modules, who stands above and below them, and every file parsed once.

Nothing of it is imported, no settings are read and no database is asked, so it works for any Django project, loadable or not.
What only the loaded project knows (names that are computed, models that a framework makes) is for the application layer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.static.files import TextFile, Unread, read_all, top_level
from infra.boundaries.static.source import Source, ancestors

if TYPE_CHECKING:
    from infra.boundaries.static.index import Index

PUBLIC = ("contract", "events")
SEEN_FROM_ABOVE = (
    "apps",
    "http",
    "settings",
    "manifest",
)  # besides what is public: what a composition root mounts and starts
_TESTS = re.compile(r"(^|\.)(tests?|testing|conftest|test_\w+|\w+_tests?)(\.|$)")


class Zone(StrEnum):
    """What a file is to the modules."""

    MODULE = "module"
    ABOVE = "above"  # a composition root: settings, root URLs, what ties modules together
    BELOW = "below"  # plumbing: serves every module, knows none
    OUTSIDE = "outside"  # not looked at: tests, vendored code, what nobody mapped


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module of the project."""

    name: str
    prefixes: tuple[str, ...]  # dotted names of its packages
    public: tuple[str, ...]  # dotted names that others may use, with all below them
    manifest: Manifest | None = None


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project's modules and sources. Made by `Project.of`, `banyan_project` or `mapped_project`."""

    root: Path
    modules: Mapping[str, Module]
    sources: Mapping[str, Source]  # by dotted name
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    templates: Sequence[TextFile] = ()
    sql: Sequence[TextFile] = ()
    static_files: Mapping[str, str] = field(default_factory=dict)  # name: package
    unread: Sequence[Unread] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)  # database alias: module, or "" where it is nobody's
    house: House | None = None  # of a project that keeps this house's layout

    @classmethod
    def of(cls, house: House, manifests: Iterable[Manifest]) -> Self:
        """Read a project whose modules have manifests."""
        manifests = tuple(manifests)
        tops = {name.partition(".")[0] for name in (house.modules, *house.above, *house.below)}
        found = read_all(_folders(house.root, tops), house.root)
        modules = {
            manifest.name: Module(
                name=manifest.name,
                prefixes=(prefix := f"{house.modules}.{manifest.name}",),
                public=tuple(f"{prefix}.{door}" for door in PUBLIC),
                manifest=manifest,
            )
            for manifest in manifests
        }
        return cls(
            root=house.root,
            modules=modules,
            sources=found.sources,
            above=house.above,
            below=house.below,
            templates=found.templates,
            sql=found.sql,
            static_files=found.static_files,
            unread=found.unread,
            aliases={name: name for name in modules} | {"default": ""},
            house=house,
        )

    @property
    def strict(self) -> bool:
        """Whether its modules have manifests, so that rules of the house apply besides those of any modular project."""
        return self.house is not None

    @cached_property
    def index(self) -> Index:
        """What the sources define by name: models, tables, tasks, addresses."""
        from infra.boundaries.static.index import index_of

        return index_of(self)

    @cached_property
    def crossing_relations(self) -> tuple[dict[str, dict[str, str]], dict[str, dict[str, str]]]:
        """Relations over borders, by the module that may look along them: names in queries, and accessors of objects."""
        from infra.boundaries.static.relations import crossing_relations

        return crossing_relations(self)

    @cached_property
    def carriers(self) -> dict[str, dict[str, str]]:
        """Classes that carry contracts of other modules, by dotted name: their fields, and the contract in each."""
        from infra.boundaries.static.transactions import carriers

        return carriers(self)

    @cached_property
    def loaded_by_name(self) -> frozenset[str]:
        """Templates and static files, by the names under which they are loaded: these look like paths and are none."""
        return frozenset((*(template.name for template in self.templates), *self.static_files))

    @cached_property
    def _owners(self) -> dict[str, str]:
        return {prefix: module.name for module in self.modules.values() for prefix in module.prefixes}

    @cached_property
    def _known(self) -> dict[str, str]:
        return {}

    def module_of(self, name: str) -> str:
        """Return the module that a dotted name belongs to, by the longest prefix; empty where it is none's."""
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = next(
                (self._owners[prefix] for prefix in ancestors(name) if prefix in self._owners), ""
            )
        return known

    def zone_of(self, name: str) -> Zone:
        """Return what a dotted name is to the modules; the longest prefix decides."""
        for prefix in ancestors(name):
            if prefix in self.skip:
                return Zone.OUTSIDE
            if prefix in self._owners:
                return Zone.OUTSIDE if self.is_test(name) else Zone.MODULE
            if prefix in self.above:
                return Zone.OUTSIDE if self.is_test(name) else Zone.ABOVE
            if prefix in self.below:
                return Zone.BELOW
        return Zone.OUTSIDE

    def is_inside(self, name: str) -> bool:
        """Return whether a dotted name is in one of the project's own packages."""
        return name.partition(".")[0] in self._tops

    @cached_property
    def _tops(self) -> frozenset[str]:
        return frozenset(name.partition(".")[0] for name in (*self.sources, *self._owners, *self.above, *self.below))

    def is_test(self, name: str) -> bool:
        """Return whether a source only tests: tests see everything."""
        own = next((name.removeprefix(prefix) for prefix in ancestors(name) if prefix in self._owners), name)
        return bool(_TESTS.search(own))

    def is_public(self, name: str) -> bool:
        """Return whether other modules may use a dotted name of a module."""
        module = self.modules.get(self.module_of(name))
        return module is not None and any(name == door or name.startswith(f"{door}.") for door in module.public)

    def sources_of(self, *zones: Zone) -> list[Source]:
        """Return the sources of some zones, in the order of their names."""
        return [source for name, source in sorted(self.sources.items()) if self.zone_of(name) in zones]

    def short(self, name: str) -> str:
        """Return a dotted name as findings show it: `modules.orders.models` as `orders.models`."""
        for prefix in ancestors(name):
            if prefix in self._owners:
                module = self._owners[prefix]
                if prefix.rpartition(".")[2] == module:
                    return module + name.removeprefix(prefix)
                break
        return name


def banyan_project(
    root: Path,
    manifests: Iterable[Manifest],
    *,
    modules: str = "modules",
    above: Sequence[str] = ("monolith", "extracted"),
    below: Sequence[str] = ("infra",),
) -> Project:
    """Read a project laid out like this one: modules with manifests in one package, others above and below it."""
    here = {name: tuple(top for top in tops if (root / top).is_dir()) for name, tops in (("a", above), ("b", below))}
    return Project.of(House(root=root, modules=modules, above=here["a"], below=here["b"]), manifests)


def mapped_project(
    root: Path,
    mapping: Mapping[str, Sequence[str]],
    *,
    public: Mapping[str, Sequence[str]] | Sequence[str] = PUBLIC,
    below: Sequence[str] = (),
    above: Sequence[str] = (),
    skip: Sequence[str] = (),
    aliases: Mapping[str, str] | None = None,
) -> Project:
    """Read any Django project.

    Args:
        root: holds its top-level packages, itself or in one folder (`src`).
        mapping: dotted names of packages (or of single files) by the module that they belong to; the longest fitting one decides.
        public: what others may use of a module: names below its packages ("contract"), or full ones; for all or by module.
        below: plumbing that every module may use. above: what may use every module. skip: not looked at.
        aliases: the module by its database alias.
    """
    tops = {name.partition(".")[0] for names in (*mapping.values(), below, above) for name in names}
    found = read_all(_folders(root, tops), root)
    modules = {
        name: Module(
            name=name,
            prefixes=tuple(prefixes),
            public=_public(prefixes, public.get(name, ()) if isinstance(public, Mapping) else public),
        )
        for name, prefixes in mapping.items()
    }
    return Project(
        root=root,
        modules=modules,
        sources=found.sources,
        above=tuple(above),
        below=tuple(below),
        skip=tuple(skip),
        templates=found.templates,
        sql=found.sql,
        static_files=found.static_files,
        unread=found.unread,
        aliases=dict(aliases or {}),
    )


def _public(prefixes: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    full = tuple(name for name in names if any(name == prefix or name.startswith(f"{prefix}.") for prefix in prefixes))
    return full + tuple(f"{prefix}.{name}" for prefix in prefixes for name in names if name not in full)


def _folders(root: Path, tops: Iterable[str]) -> dict[str, Path]:
    return {top: place for top in tops if (place := top_level(root, top))}
