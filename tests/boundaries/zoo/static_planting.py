"""Writing a leak that shows in the source text, and its innocent twin, into the tiny project."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from infra.boundaries.findings import Finding
from infra.boundaries.static import check
from tests.boundaries.static.planting import project_at
from tests.boundaries.zoo.specimens import Habitat, Plant, Specimen
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

Files = Mapping[str, str]

SALES, STOCK = "modules/sales", "modules/stock"


def planted(files: str | Files, place: str) -> Plant:
    written = {place: files} if isinstance(files, str) else files

    def plant(habitat: Habitat) -> Iterable[Finding]:
        root = habitat.project(written)
        for name in written:
            if not name.endswith(".py"):  # folders of templates and scripts are no packages
                (root / name).parent.joinpath("__init__.py").unlink(missing_ok=True)
                if "templates" in name:
                    (root / name).parents[1].joinpath("__init__.py").unlink(missing_ok=True)
        return check(project_at(root))

    return plant


def kind(
    rule: str,
    name: str,
    leak: str | Files,
    twin: str | Files,
    *,
    number: int | None = None,
    place: str = f"{SALES}/queries.py",
) -> Specimen:
    return Specimen(name=name, rule=rule, number=number, leak=planted(leak, place), twin=planted(twin, place))


def model(fields: str, before: str = "", meta: str = "", table: str = f"{SALES}/models.py") -> Files:
    options = f"\n    class Meta:\n        {meta}\n" if meta else ""
    head = TINY_PROJECT[table]
    return {table: f"{before}\n{head}\n\nclass Line(models.Model):\n    {fields}\n{options}"}


def migration(body: str, before: str = "") -> Files:
    text = f"from django.db import migrations\n{before}\n\nclass Migration(migrations.Migration):\n    {body}\n"
    return {f"{SALES}/migrations/0002_planted.py": text}
