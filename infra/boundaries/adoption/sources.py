"""Where the packages of a project are that somebody else wrote: found by looking, without its settings or an import of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.boundaries.static.files import SKIPPED_FOLDERS

_PACKAGE = "__init__.py"
_OWN_ENVIRONMENT = "pyvenv.cfg"
_NOT_OURS = SKIPPED_FOLDERS | {"build", "dist", "docs", "tests", "test"}
_NO_PART_OF_IT = frozenset({"setup", "conftest", "noxfile", "fabfile", "tasks"})  # single files beside the packages
_HEADS = re.compile(rb"(?:^|\n)[ \t]*(?:from|import)[ \t]+([A-Za-z_][\w.]*)")


class NoProjectError(Exception):
    """There is nothing to look at; the message says what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A project's folder, and the names of what lies in it to be imported."""

    root: Path
    tops: tuple[str, ...]


def place_of(folder: Path) -> Place:
    """Return where the code of a project, or of an installed package, is.

    Args:
        folder: the root of a checkout, the folder that holds its packages, or a package.

    Raises:
        NoProjectError: it is no folder, or no package is in it.
    """
    if not folder.is_dir():
        raise NoProjectError(f"{folder} is no folder. Give the folder of a Django project, or of an installed package.")
    folder = folder.resolve()
    if (folder / _PACKAGE).is_file():
        while (folder.parent / _PACKAGE).is_file():
            folder = folder.parent
        return Place(root=folder.parent, tops=(folder.name,))
    tops = dict.fromkeys(_tops(folder))
    if not any((folder / top).is_dir() or not (folder / f"{top}.py").is_file() for top in tops):
        raise NoProjectError(
            f"No Python package is in {folder}, in its src, or in a folder directly below it."
            " Give the folder in which `import ...` would find the project's packages."
        )
    return Place(root=folder, tops=tuple(tops))


def _tops(folder: Path) -> Iterator[str]:
    yield from (child.name for child in _folders(folder) if (child / _PACKAGE).is_file())
    for child in _folders(folder):
        if (child / _PACKAGE).is_file():
            continue
        packages = [each.name for each in _folders(child) if (each / _PACKAGE).is_file()]
        # apps/orders/__init__.py without an apps/__init__.py may be `apps.orders` or, with `apps` on the path, `orders`:
        # what the project writes decides.
        if packages and child.name != "src" and _imports_from(child.name, packages, folder):
            yield child.name
        else:
            yield from packages
    yield from (
        file.stem
        for file in sorted(folder.glob("*.py"))
        if file.stem.isidentifier() and file.stem not in _NO_PART_OF_IT
    )


def _folders(folder: Path) -> list[Path]:
    return [
        child
        for child in sorted(folder.iterdir())
        if child.is_dir()
        and child.name.isidentifier()
        and child.name not in _NOT_OURS
        and not (child / _OWN_ENVIRONMENT).is_file()
    ]


def _imports_from(top: str, packages: Iterable[str], folder: Path) -> bool:
    wanted = {f"{top}.{package}".encode() for package in packages}
    for file in folder.rglob("*.py"):
        if file.is_file() and not SKIPPED_FOLDERS.intersection(file.parts):
            for head in _HEADS.findall(file.read_bytes()):
                if b".".join(head.split(b".")[:2]) in wanted:
                    return True
    return False
