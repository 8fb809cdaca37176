"""Copies of this checkout, as it is here and now, for tests that change, break or build one.

folder = copy_of(tmp_path)                     a repository of its own, with everything committed
run(folder, "manage.py", "check")              a command in it
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# A copy's tests and commands are runs of their own: not of the outer run's plugins, process numbers and coverage.
_OF_THE_OUTER_RUN = ("PYTEST", "COV")


def copy_of(folder: Path) -> Path:
    """Copy the code as it is here, committed or not, into a repository of its own with one commit on `main`."""
    for name in files():
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
            target.chmod(source.stat().st_mode & 0o777)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def files() -> list[str]:
    """Return the paths of all files of this checkout that are not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return listed.stdout.splitlines()


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(
        folder, "-c", "user.name=T", "-c", "user.email=t@example.com", "commit", "--quiet", "--message=x", "--no-verify"
    )


def run(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run this Python with arguments in a copy, under the tests' settings unless `variables` say otherwise."""
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment(variables), capture_output=True, text=True
    )


def environment(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a command in a copy."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OF_THE_OUTER_RUN)}
    ours = {"DJANGO_SETTINGS_MODULE": "monolith.settings.test", "PYTHONDONTWRITEBYTECODE": "1"}
    return {**inherited, **ours, **variables}
