"""Which app belongs to which module: a TOML file that a team writes, or lets itself be proposed and then corrects."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from infra.boundaries.static.project import Module, Project

FILE = "boundaries-map.toml"

SHARED = "(shared)"
ABOVE = "(above)"
OUTSIDE = "(outside)"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_PREFIX = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_TABLES = ("modules", "public", "around")
_AROUND = ("shared", "above", "skip")


class MappingError(Exception):
    """A mapping cannot be used; the message says what in the file to change."""


@dataclass(frozen=True, kw_only=True)
class ModuleMap:
    """Dotted prefixes by what they belong to; of several that fit a name, the longest decides."""

    modules: Mapping[str, tuple[str, ...]]
    public: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by module: what others may use of it
    shared: tuple[str, ...] = ()  # plumbing: every module may use it, and it should use none
    above: tuple[str, ...] = ()  # settings, root URLs: may use every module, and none should use it
    skip: tuple[str, ...] = ()  # not looked at

    @cached_property
    def _homes(self) -> Mapping[str, str]:
        homes = {prefix: module for module, prefixes in self.modules.items() for prefix in prefixes}
        for home, prefixes in ((SHARED, self.shared), (ABOVE, self.above), ("", self.skip)):
            homes.update(dict.fromkeys(prefixes, home))
        return homes

    def home_of(self, dotted: str) -> str:
        """Return the module of a file or thing; SHARED, ABOVE or OUTSIDE (of all), or nothing where it is skipped."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            if (home := self._homes.get(".".join(parts[:end]))) is not None:
                return home
        return OUTSIDE

    def is_public(self, module: str, reached: str) -> bool:
        """Return whether others may use this thing of a module."""
        return any(reached == prefix or reached.startswith(f"{prefix}.") for prefix in self.public.get(module, ()))

    def applied_to(self, project: Project) -> Project:
        """Return a project with these modules; it is not read again."""
        return replace(
            project,
            modules={
                name: Module(name=name, prefixes=prefixes, public=self.public.get(name, ()))
                for name, prefixes in self.modules.items()
            },
            above=self.above,
            below=self.shared,
            skip=self.skip,
        )


def read(file: Path) -> ModuleMap:
    """Return the mapping in a file.

    Raises:
        MappingError: it is not there, no TOML, or contradicts itself.
    """
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingError(f"{file} cannot be read ({error.strerror}). Write one with --propose.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(f"{file} is not TOML: {error}") from error
    for table in document:
        if table not in _TABLES:
            raise MappingError(
                f"{file}: [{table}] means nothing here; known are {', '.join(f'[{t}]' for t in _TABLES)}."
            )
    modules = _prefixes(file, document, "modules")
    if not modules:
        raise MappingError(
            f'{file} names no module. Write below [modules] lines like: orders = ["shop.orders", "shop.carts"]'
        )
    around = _prefixes(file, document, "around")
    public = _prefixes(file, document, "public")
    if stray := sorted(set(around) - set(_AROUND)):
        raise MappingError(f"{file}: [around] knows {', '.join(_AROUND)}; {', '.join(stray)} means nothing.")
    if stray := sorted(set(public) - set(modules)):
        raise MappingError(f"{file}: [public] names {', '.join(stray)}, which [modules] does not.")
    _refuse_shared_prefixes(file, {**modules, **{f"[around] {name}": values for name, values in around.items()}})
    return ModuleMap(
        modules=modules,
        public=public,
        shared=around.get("shared", ()),
        above=around.get("above", ()),
        skip=around.get("skip", ()),
    )


def _prefixes(file: Path, document: Mapping[str, Any], table: str) -> dict[str, tuple[str, ...]]:
    content = document.get(table, {})
    if not isinstance(content, dict):
        raise MappingError(f"{file}: {table} is a table; write [{table}] on a line of its own.")
    for name, values in content.items():
        if not _NAME.fullmatch(name):
            raise MappingError(f"{file}: {name!r} in [{table}] is no name; letters, digits, _ and - are allowed.")
        if not isinstance(values, list) or not all(
            isinstance(each, str) and _PREFIX.fullmatch(each) for each in values
        ):
            raise MappingError(f'{file}: {name} in [{table}] is a list of dotted names, like ["shop.orders"].')
    return {name: tuple(values) for name, values in content.items()}


def _refuse_shared_prefixes(file: Path, places: Mapping[str, Iterable[str]]) -> None:
    holders: dict[str, str] = {}
    for place, prefixes in places.items():
        for prefix in prefixes:
            if prefix in holders:
                raise MappingError(f"{file}: {prefix} belongs to {holders[prefix]} and to {place}. Take it out of one.")
            holders[prefix] = place
