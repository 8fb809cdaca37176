"""The leak zoo: what a specimen is, the habitat that it is planted in, and where each layer keeps its own.

A layer's file (`static_leaks.py`, ...) holds `SPECIMENS: tuple[Specimen, ...]`; `test_zoo.py` runs all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infra.boundaries.findings import Finding
from tests.boundaries.zoo.tiny_project import TINY_PROJECT

LAYER_FILES = ("static_leaks", "application_leaks", "database_leaks", "runtime_leaks")
REFERENCE_LEAKS = 20  # kinds in the table that static import checkers were measured against


@dataclass(frozen=True, slots=True, kw_only=True)
class Habitat:
    """A place of one test's own, to plant something in."""

    path: Path
    fixture: Callable[[str], Any]  # pytest's fixture of this name: `habitat.fixture("database")`

    def project(self, files: Mapping[str, str]) -> Path:
        """Write a project of two modules, `sales` (which asks and hears) and `stock`, then `files` over it; return its root.

        It is on disk only. `files` are by path from the root: {"modules/sales/use_cases.py": "..."}.
        """
        root = self.path / "project"
        for name, text in {**TINY_PROJECT, **files}.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        for folder in sorted({parent for name in files for parent in Path(name).parents} - {Path()}):
            if folder.parts[0] == "modules":
                (root / folder / "__init__.py").touch()
        return root


Plant = Callable[[Habitat], Iterable[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One kind of leak, planted small, beside a twin that does the permitted thing."""

    name: str  # "a model fetched by name with apps.get_model"
    rule: str  # "BND104": what must catch it
    number: int | None  # in the reference's table of 20 kinds; None for those that we found ourselves
    leak: Plant  # plants it, and returns what its layer finds
    twin: Plant  # plants the innocent twin: nothing may be found


def all_specimens() -> tuple[Specimen, ...]:
    """Return the specimens of every layer whose file is there."""
    files = [f"{__package__}.{name}" for name in LAYER_FILES]
    return tuple(specimen for file in files if find_spec(file) for specimen in import_module(file).SPECIMENS)
