"""Which modules were changed together, from git."""

from __future__ import annotations

import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import PurePosixPath

from infra.boundaries.generation.house import House

LAST_COMMITS = 2000  # read in a tenth of a second; what is older tells of another design
GIT_SECONDS = 10


@dataclass(frozen=True, slots=True)
class History:
    """The modules that each of the last commits touched, the newest first."""

    commits: tuple[frozenset[str], ...] = ()
    missing: str = ""  # why there is none


def history_of(house: House, modules: Collection[str]) -> History:
    """Return what git knows of the modules' folders."""
    folder = house.modules.replace(".", "/")
    command = [
        "git",
        "log",
        "--no-merges",
        f"-{LAST_COMMITS}",
        "--format=%x00",
        "--name-only",
        "--relative",
        "--",
        folder,
    ]
    try:
        result = subprocess.run(
            command, cwd=house.root, capture_output=True, text=True, timeout=GIT_SECONDS, check=True
        )
    except FileNotFoundError:
        return History(missing="git is not installed here.")
    except subprocess.CalledProcessError:
        return History(missing="this is no git repository with commits.")
    except subprocess.TimeoutExpired:
        return History(missing=f"git took longer than {GIT_SECONDS} seconds.")
    commits = (
        frozenset(name for line in text.splitlines() if (name := _module_of(line, folder)) in modules)
        for text in result.stdout.split("\0")
    )
    return History(tuple(commit for commit in commits if commit))


def _module_of(line: str, folder: str) -> str:
    """Return whose code a changed file is; manifests, migrations and what is generated say nothing of thoughts."""
    path = PurePosixPath(line)
    if path.suffix not in {".py", ".html", ".txt", ".sql"} or path.name == "manifest.py" or "migrations" in path.parts:
        return ""
    rest = line.removeprefix(f"{folder}/")
    return rest.partition("/")[0] if rest != line else ""
