"""A build without a module's internals: what stays of one that lives elsewhere for good is what others see of it.

python -m infra.boundaries.amputation payments        takes them away here, as an image's build does
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

PUBLIC = frozenset({"__init__.py", "contract.py", "events.py", "manifest.py"})
MODULES = "modules"
# What a running shop is made of, and its tests.
PACKAGES = ("infra", MODULES, "monolith", "extracted", "tests")
FILES = ("manage.py", "pyproject.toml", "Makefile", "README.md")
_NEVER = ("__pycache__", ".git", ".venv", ".banyan", "*.egg-info")


class AmputationRefused(Exception):
    """It can't be done as asked; nothing was changed."""


def internals_of(folder: Path) -> tuple[Path, ...]:
    """Return the files and folders of a module that nobody outside of it sees."""
    return tuple(sorted(item for item in folder.iterdir() if item.name not in PUBLIC))


def amputate(name: str, modules: Path) -> tuple[Path, ...]:
    """Take a module's internals away and return what that was; a repeat changes nothing.

    Args:
        modules: the folder that holds the modules.

    Raises:
        AmputationRefused: there is no such module.
    """
    folder = modules / name
    if not (folder / "manifest.py").is_file():
        known = sorted(child.name for child in modules.iterdir() if (child / "manifest.py").is_file())
        raise AmputationRefused(f"No module is called {name!r}; there are {', '.join(known)}.")
    taken = internals_of(folder)
    for item in taken:
        if item.is_dir():
            shutil.rmtree(item)
        else:
            item.unlink()
    return taken


def copy_without(name: str, root: Path, folder: Path, *, ignored: Sequence[str] = ()) -> tuple[Path, ...]:
    """Copy a checkout to an empty folder without a module's internals, and return what was left out.

    Args:
        root: of the checkout.
        ignored: names of folders and files that are not copied either.

    Raises:
        AmputationRefused: the folder holds something, or there is no such module.
    """
    if folder.exists() and any(folder.iterdir()):
        raise AmputationRefused(f"{folder} is not empty. Name another folder, or empty it.")
    if not (root / MODULES / name / "manifest.py").is_file():
        raise AmputationRefused(f"{root / MODULES} holds no module {name!r}.")
    folder.mkdir(parents=True, exist_ok=True)
    for package in (*PACKAGES, "requirements"):
        if (root / package).is_dir():
            shutil.copytree(root / package, folder / package, ignore=shutil.ignore_patterns(*_NEVER, *ignored))
    for file in FILES:
        if (root / file).is_file():
            shutil.copy(root / file, folder)
    return amputate(name, folder / MODULES)


def main(names: Iterable[str]) -> None:
    """Take the internals of several modules away from the checkout in the working directory."""
    for name in names:
        try:
            taken = amputate(name, Path.cwd() / MODULES)
        except AmputationRefused as refusal:
            sys.stderr.write(f"{refusal}\n")
            raise SystemExit(2) from refusal
        sys.stdout.write(f"{name}: {len(taken)} files and folders taken away; contract, events and manifest stay\n")


if __name__ == "__main__":
    main(sys.argv[1:])
