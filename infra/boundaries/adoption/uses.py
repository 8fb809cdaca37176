"""Who uses whom, file by file: by import, by name, by link. Only what leads to a file of the project counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from infra.boundaries.adoption.inventory import Inventory


class How(StrEnum):
    IMPORT = "import"
    NAME = "name"  # get_model("catalog", "Product"), ForeignKey("catalog.Product"), "catalog.forms.SearchForm"
    LINK = "link"  # reverse("catalog:detail")


@dataclass(frozen=True, slots=True)
class Use:
    """One place where a file uses another one."""

    source: str  # dotted file name
    line: int
    target: str  # dotted file name
    thing: str  # what of it; empty: the file
    how: How

    @property
    def reached(self) -> str:
        return f"{self.target}.{self.thing}" if self.thing else self.target


def uses_in(inventory: Inventory) -> Iterator[Use]:
    """Yield every use of one file by another, without tests and migrations."""
    for name, facts in inventory.facts.items():
        if name in inventory.tests or is_migration(name):
            continue
        for imported in facts.imports:
            target, thing = inventory.file_of(imported.target)
            yield from _use(name, imported.line, target, thing.partition(".")[0], How.IMPORT, inventory)
        for named in facts.named:
            target, thing = _named(named.owner, named.name, inventory)
            yield from _use(name, named.line, target, thing, How.NAME, inventory)
        for link in facts.links:
            if app := inventory.app_with_links(link.namespace):
                yield from _use(name, link.line, app.name, "", How.LINK, inventory)


def is_migration(name: str) -> bool:
    """Return whether a file is one of an app's migrations: history, which nobody cuts any more."""
    return "migrations" in name.split(".")


def _use(source: str, line: int, target: str, thing: str, how: How, inventory: Inventory) -> Iterator[Use]:
    if target and target != source and target not in inventory.tests:
        yield Use(source, line, target, thing, how)


def _named(owner: str, name: str, inventory: Inventory) -> tuple[str, str]:
    if owner:
        return inventory.thing_called(owner, name), name
    label, _, rest = name.partition(".")
    if "." not in rest and (file := inventory.model_called(label, rest)):
        return file, rest
    # A dotted path must lead to a file below the top, and to something in it: prose has dots as well.
    file, rest = inventory.file_of(name)
    if "." not in file or (rest and rest not in inventory.facts[file].defined):
        return "", ""
    return file, rest
