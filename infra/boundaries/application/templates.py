"""Templates, static files and tag libraries: where they stand, and what templates reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import django
from django.conf import settings
from django.template.base import Lexer, TokenType

from infra.boundaries.application import rules
from infra.boundaries.application.territory import Territory
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule

_FOLDERS: tuple[tuple[str, Rule], ...] = (
    ("templates", rules.TEMPLATE_FOLDER),
    ("jinja2", rules.TEMPLATE_FOLDER),
    ("static", rules.STATIC_FOLDER),
)


def check(territory: Territory) -> Iterator[Finding]:
    """Yield files that stand outside their module's own folders, libraries of one name, and templates that reach out."""
    for owner, config in territory.configs():
        if territory.is_module(owner):
            for folder, rule in _FOLDERS:
                yield from _folder(territory, owner, config.label, Path(config.path) / folder, rule)
    for engine in _engines():
        for folder in engine.get("DIRS", ()):
            yield from _overriding(territory, Path(folder))
    libraries = _libraries(territory)
    yield from _libraries_of_one_name(territory, libraries)
    yield from _reaching(territory, {name: places[-1] for name, places in libraries.items()})


def _engines() -> list[dict[str, Any]]:
    return list(settings.TEMPLATES)


def _folder(territory: Territory, owner: str, label: str, folder: Path, rule: Rule) -> Iterator[Finding]:
    own = {owner, label}
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        # admin/<label>/ is where Django's admin looks for an app's own overrides.
        astray = [entry]
        if entry.name == "admin" and entry.is_dir() and folder.name == "templates":
            astray = sorted(child for child in entry.iterdir() if child.name not in own)
        for path in astray:
            if path.name in own or path.name.startswith((".", "__")):
                continue
            name = path.relative_to(folder).as_posix() + ("/" if path.is_dir() else "")
            other = territory.owner_of_label(path.name)
            yield territory.finding(
                rule,
                owner=owner,
                source=f"{owner} {folder.name}",
                target=f"{folder.name}/{name}",
                detail=f"{folder.name}/{name} of {owner} is outside {folder.name}/{owner}/"
                + (f", in the folder of {other}." if other and territory.crosses(owner, other) else "."),
            )


def _overriding(territory: Territory, folder: Path) -> Iterator[Finding]:
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if territory.is_module(entry.name):
            yield territory.finding(
                rules.TEMPLATE_FOLDER,
                owner=entry.name,
                source="settings.TEMPLATES",
                target=f"{folder.name}/{entry.name}/",
                detail=f"The project's folder {folder.name}/{entry.name}/ is searched before {entry.name}'s own templates.",
            )


def _libraries(territory: Territory) -> dict[str, list[str]]:
    """Return the Python modules of the tag libraries by the name that templates load them with."""
    found: dict[str, list[str]] = defaultdict(list)
    folders = [("django", django.__path__[0]), *((config.name, config.path) for _, config in territory.configs())]
    for package, folder in folders:
        for library in iter_modules([str(Path(folder) / "templatetags")]):
            found[library.name].append(f"{package}.templatetags.{library.name}")
    for engine in _engines():
        for name, place in engine.get("OPTIONS", {}).get("libraries", {}).items():
            if place not in found[name]:
                found[name].append(place)
    return found


def _libraries_of_one_name(territory: Territory, libraries: dict[str, list[str]]) -> Iterator[Finding]:
    for name, places in sorted(libraries.items()):
        for place in places:
            owner = territory.owner_of(place)
            others = [other for other in places if territory.crosses(owner, territory.owner_of(other))]
            if territory.is_module(owner) and others:
                yield territory.finding(
                    rules.TAG_LIBRARY,
                    owner=owner,
                    source=place,
                    target=others[0],
                    detail=f"{place} and {others[0]} are both loaded as {{% load {name} %}}.",
                )


def _reaching(territory: Territory, libraries: dict[str, str]) -> Iterator[Finding]:
    files: list[tuple[str, str, Path]] = []
    owners: dict[str, str] = {}
    for owner, config in territory.configs():
        folder = Path(config.path) / "templates"
        for path in sorted(folder.rglob("*")) if owner and folder.is_dir() else ():
            if path.is_file():
                name = path.relative_to(folder).as_posix()
                owners.setdefault(name, owner)
                files.append((owner, name, path))
    for owner, name, path in files:
        if not territory.is_module(owner):
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for kind, reached, line in _used(text):
            other = _owner_of_used(territory, kind, reached, owners, libraries)
            if other and territory.crosses(owner, other):
                found = territory.finding(
                    rules.TEMPLATE_REACHES,
                    owner=owner,
                    source=f"{owner} template {name}",
                    target=f"{kind} {reached}",
                    detail=f"Line {line} of {name} uses {kind} {reached} of {territory.named(other)}.",
                )
                yield found


def _used(text: str) -> Iterator[tuple[str, str, int]]:
    for token in Lexer(text).tokenize():
        if token.token_type is not TokenType.BLOCK:
            continue
        tag, *words = token.split_contents() or [""]
        if tag in ("extends", "include", "url", "static") and words and words[0][:1] in "\"'":
            kind = {"url": "address", "static": "file"}.get(tag, "template")
            yield kind, words[0].strip("\"'"), token.lineno or 0
        elif tag == "load":
            for word in words[words.index("from") + 1 :] if "from" in words else words:
                yield "tags", word, token.lineno or 0


def _owner_of_used(
    territory: Territory, kind: str, reached: str, templates: dict[str, str], libraries: dict[str, str]
) -> str:
    if kind == "tags":
        return territory.owner_of(libraries.get(reached, ""))
    if kind == "address":
        return next((part for part in reached.split(":")[:-1] if territory.is_module(part)), "")
    if kind == "template" and reached in templates:
        return templates[reached]
    return territory.owner_of_label(reached.partition("/")[0])
