"""Planting into the tiny project what shows once it is loaded."""

from __future__ import annotations

from collections.abc import Iterable

from infra.boundaries.findings import Finding
from tests.boundaries.application.nursery import planted
from tests.boundaries.zoo.specimens import Habitat, Plant, Specimen
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

Files = dict[str, str]  # a text that begins with "+" is added to the tiny project's file

SALES, STOCK = "modules/sales", "modules/stock"
_AT_HOME = (
    ("stock.Item", "sales.Sale"),
    ("'stock', 'Item'", "'sales', 'Sale'"),
    ("stock_item", "sales_sale"),
    ("stock", "sales"),
    ("STOCK", "SALES"),
)


def kind(
    rule: str,
    name: str,
    leak: Files,
    twin: Files | None = None,
    *,
    number: int | None = None,
    settings: str = "",
    innocent: str | None = None,
) -> Specimen:
    """Return a specimen of the application layer.

    Args:
        twin: without one it is the leak with each word for `stock` replaced by the one for `sales`: the same, at home.
        settings: lines for the settings; `innocent` are the twin's, and without them these, at home.
    """
    return Specimen(
        name=name,
        rule=rule,
        number=number,
        leak=_plant(leak, settings),
        twin=_plant(
            {_at_home(path): _at_home(text) for path, text in leak.items()} if twin is None else twin,
            _at_home(settings) if innocent is None else innocent,
        ),
    )


def _at_home(text: str) -> str:
    for foreign, own in _AT_HOME:
        text = text.replace(foreign, own)
    return text


def _plant(files: Files, added_settings: str) -> Plant:
    def plant(habitat: Habitat) -> Iterable[Finding]:
        return planted(habitat, files, added_settings=added_settings)

    return plant


def models(fields: str, *, meta: str = "", base: str = "models.Model", before: str = "", folder: str = SALES) -> Files:
    """Return the files that add one model, `Planted`, to a module."""
    lines = "".join(f"    {line.strip()}\n" for line in fields.split(";") if line.strip())
    label = folder.rpartition("/")[2]
    options = "".join(
        f"        {line.strip()}\n" for line in (f"app_label = '{label}';{meta}").split(";") if line.strip()
    )
    return {f"{folder}/models.py": f"+\n{before}\n\nclass Planted({base}):\n{lines}\n    class Meta:\n{options}"}


def file(text: str, folder: str = SALES, name: str = "handlers") -> Files:
    """Return what adds a text to one of a module's files, by default to one that is loaded at the start."""
    return {f"{folder}/{name}.py": f"+\n{text}"}


def manifest(old: str, new: str, folder: str = SALES) -> Files:
    """Return a module's manifest with something replaced."""
    name = f"{folder}/manifest.py"
    return {name: TINY_PROJECT[name].replace(old, new)}


def migration(attribute: str, name: str = "0002_planted", before: str = "") -> Files:
    """Return one more migration of sales."""
    text = f"from django.db import migrations\n{before}\n\nclass Migration(migrations.Migration):\n    {attribute}\n"
    return {f"{SALES}/migrations/{name}.py": text}
