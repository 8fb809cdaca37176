"""Where the composition root names a module's internals, which will not be there when the module has left."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from infra.boundaries.generation.house import House
from infra.boundaries.readiness.model import Use

# What stays of a module that has left: others ask it and hear it by these.
STAYS = frozenset({"contract", "events", "manifest"})


def uses_of(module: str, house: House) -> list[Use]:
    """Return each import and each dotted path in the packages above the modules that leads into the module."""
    return [
        use
        for package in house.above
        for path in sorted((house.root / package).rglob("*.py"))
        for use in _uses(path, f"{house.modules}.{module}", house.root)
    ]


def _uses(path: Path, module: str, root: Path) -> Iterator[Use]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if module not in text and module.rpartition(".")[0] not in text:
        return
    shown = path.relative_to(root).as_posix()
    dotted = re.compile(rf"{re.escape(module)}(?:\.\w+)+")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names, is_import = [alias.name for alias in node.names], True
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names, is_import = [f"{node.module}.{alias.name}" for alias in node.names], True
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and dotted.fullmatch(node.value):
            names, is_import = [node.value], False
        else:
            continue
        for name in names:
            if (name == module or name.startswith(f"{module}.")) and not _stays(name, module):
                yield Use(path=shown, line=node.lineno, what=name, is_import=is_import)


def _stays(name: str, module: str) -> bool:
    return name.removeprefix(module).strip(".").partition(".")[0] in STAYS
