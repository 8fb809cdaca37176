"""Whose is what in a loaded project: code by its package, models by their label, tables and schemas by manifests."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from django.apps import AppConfig
from django.apps import apps as loaded_apps
from django.apps.registry import Apps
from django.conf import settings
from django.db.models import Model
from django.utils.functional import cached_property

from infra.boundaries.findings import Finding
from infra.boundaries.manifest import Manifest
from infra.boundaries.rules import Rule
from infra.databases.router import PLUMBING_LABELS

PUBLIC = frozenset({"contract", "events", "manifest"})
_ROOT_SETTINGS = ("SETTINGS_MODULE", "ROOT_URLCONF", "WSGI_APPLICATION", "ASGI_APPLICATION")


class Territory:
    """Who owns what.

    An owner is a module's name, or the first package of the composition root (which settings and root addresses name), or
    empty: libraries and plumbing, which are used by all.
    """

    def __init__(self, manifests: Iterable[Manifest], apps: Apps = loaded_apps) -> None:
        self.manifests = {manifest.name: manifest for manifest in manifests}
        self.apps = apps
        self.packages = {self._package_of(manifest): manifest.name for manifest in self.manifests.values()}
        self.table_owners = {table: name for name, manifest in self.manifests.items() for table in manifest.tables}
        self.schema_owners = {manifest.schema: name for name, manifest in self.manifests.items()}
        parents = {package.partition(".")[0] for package in self.packages}
        named = {str(getattr(settings, name, None) or "").partition(".")[0] for name in _ROOT_SETTINGS}
        self._roots = frozenset(named - {""})
        self._project = self._roots | parents
        self._owners: dict[str, str] = {}

    def _package_of(self, manifest: Manifest) -> str:
        config = self.apps.app_configs.get(manifest.name)
        if config is not None:
            return config.name
        # Of a module that lives elsewhere only the public files are here.
        for name, module in tuple(sys.modules.items()):
            if name.endswith(f"{manifest.name}.manifest") and getattr(module, "manifest", None) == manifest:
                return name.removesuffix(".manifest")
        return manifest.name

    # --- Code ---

    def owner_of(self, dotted: str) -> str:
        """Return the owner of a Python module, or of what is named in one."""
        if (known := self._owners.get(dotted)) is not None:
            return known
        package, owner = dotted, ""
        while package and not owner:
            owner = self.packages.get(package, "")
            package = package.rpartition(".")[0]
        first = dotted.partition(".")[0]
        owner = owner or (first if first in self._roots else "")
        self._owners[dotted] = owner
        return owner

    def owner_of_code(self, thing: object) -> str:
        """Return the owner of a class, a function, or an instance's class."""
        return self.owner_of(getattr(code_of(thing), "__module__", None) or "")

    def is_module(self, owner: str) -> bool:
        return owner in self.manifests

    def crosses(self, one: str, other: str) -> bool:
        """Return whether a tie between two owners goes over a module's border."""
        return one != other and (one in self.manifests or other in self.manifests)

    def is_public(self, dotted: str) -> bool:
        """Return whether a Python module is one that a module shows to others."""
        package = dotted
        while package not in self.packages:
            package = package.rpartition(".")[0]
            if not package:
                return False
        return dotted[len(package) + 1 :].partition(".")[0] in PUBLIC

    def loaded(self) -> Iterator[tuple[str, str, ModuleType]]:
        """Yield owner, name and the Python module for all that modules and the composition root have loaded."""
        for name, module in tuple(sys.modules.items()):
            if isinstance(module, ModuleType) and (owner := self.owner_of(name)):
                yield owner, name, module

    def classes(self) -> Iterator[tuple[str, type]]:
        """Yield owner and class for each class that modules and the composition root have defined."""
        for owner, name, module in self.loaded():
            for value in tuple(vars(module).values()):
                if isinstance(value, type) and value.__module__ == name:
                    yield owner, value

    # --- Apps and models ---

    def configs(self) -> Iterator[tuple[str, AppConfig]]:
        """Yield owner and configuration of each installed app."""
        for config in self.apps.get_app_configs():
            yield self.owner_of_label(config.label), config

    def owner_of_label(self, label: str) -> str:
        """Return the owner of an app; also of one that is not installed, if a module has its name."""
        if label in self.manifests:
            return label
        config = self.apps.app_configs.get(label)
        return self.owner_of(config.name) if config else ""

    def owner_of_model(self, model: type[Model]) -> str:
        return self.owner_of_label(model._meta.app_label)

    def models(self) -> Iterator[tuple[str, type[Model]]]:
        """Yield owner and class of each model, also of those that Django makes, without the plumbing's."""
        for model in self.apps.get_models(include_auto_created=True, include_swapped=True):
            if not is_plumbing(model):
                yield self.owner_of_model(model), model

    def reaches(self, owner: str, model: object) -> bool:
        """Return whether something is a model behind a border, seen from an owner."""
        return (
            isinstance(model, type)
            and issubclass(model, Model)
            and hasattr(model, "_meta")
            and not model._meta.abstract
            and not is_plumbing(model)
            and self.crosses(owner, self.owner_of_model(model))
        )

    # --- Findings ---

    def finding(
        self, rule: Rule, *, owner: str, source: str, target: str, detail: str, at: object = None, line_of: str = ""
    ) -> Finding:
        """Return a finding, with the place of the code that it is about.

        Args:
            owner: whose code breaks the rule.
            at: a class, function or Python module.
            line_of: a name that is assigned in its body.
        """
        path, line = self._place_of(at, line_of) if at is not None else ("", 0)
        return Finding(rule=rule, module=owner, source=source, target=target, detail=detail, path=path, line=line)

    def named(self, owner: str) -> str:
        """Return what people call an owner."""
        if owner in self.manifests:
            return owner
        return f"the composition root ({owner})" if owner else "the platform"

    def _place_of(self, at: object, line_of: str) -> tuple[str, int]:
        code: Any = code_of(at)
        first = (code.__name__ if isinstance(code, ModuleType) else getattr(code, "__module__", "")).partition(".")[0]
        if first not in self._project:
            return "", 0
        try:
            folder = Path(next(iter(sys.modules[first].__path__))).parent
            path = Path(inspect.getsourcefile(code) or "").relative_to(folder).as_posix()
            lines, start = inspect.getsourcelines(code)
        except (OSError, TypeError, ValueError, KeyError, AttributeError, StopIteration):  # made at run time
            return "", 0
        for offset, text in enumerate(lines if line_of else ()):
            if text.strip().startswith((f"{line_of} =", f"{line_of}:", f"{line_of}=")):
                return path, start + offset
        return path, max(start, 1)


def is_plumbing(model: type[Model]) -> bool:
    """Return whether a model's table stands in every schema: relations to it stay at home."""
    return model._meta.app_label in PLUMBING_LABELS


def code_of(thing: object) -> object:
    """Return the class, function or Python module behind something that can be called or used."""
    while isinstance(thing, partial):
        thing = thing.func
    if isinstance(thing, property):
        thing = thing.fget
    elif isinstance(thing, cached_property):
        thing = thing.func
    elif hasattr(thing, "__func__"):  # a method of a class or of an object
        thing = thing.__func__
    if inspect.isfunction(thing):
        return inspect.unwrap(thing)
    return thing if isinstance(thing, type | ModuleType) else type(thing)


def dotted_name(thing: object) -> str:
    """Return where a class or function stands: module and qualified name."""
    code: Any = code_of(thing)
    if isinstance(code, ModuleType):
        return code.__name__
    return f"{code.__module__}.{code.__qualname__}"
