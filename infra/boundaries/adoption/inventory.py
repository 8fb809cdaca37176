"""What a project consists of: files, Django apps with their labels, models; and what a text in its source names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.boundaries.adoption.facts import Facts, facts_of
from infra.boundaries.static.project import Project

_MODEL_FILES = ("models", "abstract_models")
_TEMPLATES = frozenset({"project_template", "app_template"})
# What stands beside models in their files without having rows.
_NO_ROWS = ("Field", "Manager", "QuerySet", "Choices", "Enum", "Error", "Exception", "Form", "object")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One Django app: a package with models, migrations or an app configuration."""

    name: str  # dotted
    label: str
    models: Mapping[str, str]  # by name in lower case, the file that defines it


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """All files that could be read, and what is known of them."""

    facts: Mapping[str, Facts]  # by dotted name
    lines: Mapping[str, int]
    paths: Mapping[str, str]  # from the project's root
    packages: frozenset[str]
    tests: frozenset[str]  # and whatever else is not looked at

    @cached_property
    def apps(self) -> tuple[App, ...]:
        """The Django apps, by dotted name."""
        return tuple(self._app(name) for name in sorted(self.packages - self.tests) if self._is_app(name))

    def _is_app(self, package: str) -> bool:
        if package.rpartition(".")[2] in _MODEL_FILES:
            return False
        return self.has_history(package) or bool(self._models_of(package)) or self._is_configured(package)

    def has_history(self, package: str) -> bool:
        """Return whether it has migrations."""
        return f"{package}.migrations" in self.packages

    def _is_configured(self, package: str) -> bool:
        return any(
            base.endswith(ending)
            for file, ending in ((f"{package}.apps", "Config"), (package, ("AppConfig", "PluginConfig")))
            if file in self.facts
            for bases in self.facts[file].classes.values()
            for base in bases
        )

    def _app(self, package: str) -> App:
        config = self.facts.get(f"{package}.apps") or self.facts.get(f"{package}.config")
        label = config.texts.get("label", "") if config else ""
        return App(name=package, label=label or package.rpartition(".")[2], models=self._models_of(package))

    def _models_of(self, package: str) -> dict[str, str]:
        heads = tuple(f"{package}.{name}" for name in _MODEL_FILES)
        return {name.lower(): file for file in self._files_below(heads) for name in self.facts[file].classes}

    def _files_below(self, heads: Iterable[str]) -> Iterator[str]:
        for head in heads:
            yield from self._by_head.get(head, ())

    @cached_property
    def _by_head(self) -> Mapping[str, list[str]]:
        files: dict[str, list[str]] = defaultdict(list)
        for name in self.facts:
            parts = name.split(".")
            for end in range(1, len(parts) + 1):
                files[".".join(parts[:end])].append(name)
        return files

    @cached_property
    def _apps_by_label(self) -> Mapping[str, App]:
        # Two apps of one label cannot be installed together; the first is as good as the other.
        return {app.label: app for app in reversed(self.apps)}

    @cached_property
    def _files_by_ending(self) -> Mapping[str, list[str]]:
        """Files by each ending of their name that begins at an app: "catalog.forms" for shop.apps.catalog.forms."""
        endings: dict[str, list[str]] = defaultdict(list)
        for app in self.apps:
            for file in self._by_head.get(app.name, ()):
                rest = file[len(app.name) :]
                parts = app.name.split(".")
                for start in range(1, len(parts)):
                    endings[".".join(parts[start:]) + rest].append(file)
        return endings

    def file_of(self, dotted: str) -> tuple[str, str]:
        """Return the file that a dotted name leads to and what remains of the name; two empty texts if it leads nowhere."""
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            if (name := ".".join(parts[:end])) in self.facts:
                return name, ".".join(parts[end:])
        return "", ""

    def model_called(self, label: str, name: str) -> str:
        """Return the file of a model, empty where there is none."""
        app = self._apps_by_label.get(label)
        return app.models.get(name.lower(), "") if app else ""

    def thing_called(self, owner: str, name: str) -> str:
        """Return the file of what a loader would find: ("catalog", "Product"), ("catalog.forms", "SearchForm")."""
        if "." not in owner:
            return self.model_called(owner, name)
        for file in self._files_by_ending.get(owner, ()) or ([owner] if owner in self.facts else []):
            if name in self.facts[file].defined:
                return file
        return ""

    def app_with_links(self, namespace: str) -> App | None:
        """Return the app whose URLs carry a namespace."""
        return self._apps_by_namespace.get(namespace)

    @cached_property
    def _apps_by_namespace(self) -> Mapping[str, App]:
        spaces = dict(self._apps_by_label)
        for app in self.apps:
            for file in (f"{app.name}.urls", f"{app.name}.apps"):
                if (facts := self.facts.get(file)) and (
                    name := facts.texts.get("app_name") or facts.texts.get("namespace")
                ):
                    spaces[name] = app
        return spaces


def inventory_of(project: Project) -> Inventory:
    """Return what a project consists of."""
    return Inventory(
        facts={name: facts_of(source) for name, source in project.sources.items()},
        lines={name: _lines(project.root / source.path) for name, source in project.sources.items()},
        paths={name: source.path for name, source in project.sources.items()},
        packages=frozenset(name for name, source in project.sources.items() if source.is_package),
        tests=frozenset(name for name in project.sources if project.is_test(name) or is_template(name)),
    )


def is_template(name: str) -> bool:
    """Return whether a file is what `startproject` and `startapp` copy: it belongs to sites that do not exist yet."""
    return not _TEMPLATES.isdisjoint(name.split("."))


def _lines(file: Path) -> int:
    return file.read_bytes().count(b"\n")
