"""What is imported is locked: `make run` installs run.lock alone, on a machine that has nothing else."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from django.conf import settings

OF_DEVELOPMENT = {
    # Imported inside a function, by a command that is used while developing and says what to install where it is not.
    ("infra/compatibility/examples.py", "hypothesis"),
    # Read by the tool that builds a service's wheel.
    ("infra/service/packaging.py", "hatchling"),
}
FIRST_PARTY = {"extracted", "infra", "modules", "monolith", "tests"}


def imported_packages(folders: list[str]) -> Iterator[tuple[Path, str]]:
    for folder in folders:
        for file in Path(settings.BASE_DIR, folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
                if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    names = [node.module]
                for name in {name.partition(".")[0] for name in names} - sys.stdlib_module_names - FIRST_PARTY:
                    yield file, name


def pinned(lock: str) -> set[str]:
    lines = Path(settings.BASE_DIR, "requirements", lock).read_text().splitlines()
    return {line.partition("==")[0] for line in lines if "==" in line and not line.startswith((" ", "#"))}


@pytest.mark.parametrize(
    ("lock", "folders"), [("run.lock", ["infra", "modules", "monolith", "extracted"]), ("test.lock", ["tests"])]
)
def test_every_imported_package_is_locked(lock: str, folders: list[str]) -> None:
    providers = packages_distributions()
    locked = pinned(lock)

    missing = {
        f"{file.relative_to(settings.BASE_DIR)} imports {package}"
        for file, package in imported_packages(folders)
        if (str(file.relative_to(settings.BASE_DIR)), package) not in OF_DEVELOPMENT
        and not {name.lower().replace("_", "-") for name in providers.get(package, [])} & locked
    }

    assert not missing


def test_tests_run_on_the_very_versions_that_serve() -> None:
    def pins(lock: str) -> dict[str, str]:
        lines = Path(settings.BASE_DIR, "requirements", lock).read_text().splitlines()
        pairs = [
            line.split(" ")[0].partition("==") for line in lines if "==" in line and not line.startswith((" ", "#"))
        ]
        return {name: version for name, _, version in pairs}

    run, test = pins("run.lock"), pins("test.lock")

    assert {name: version for name, version in run.items() if test.get(name) != version} == {}


@pytest.mark.parametrize("lock", ["run.lock", "test.lock"])
def test_a_lock_names_no_index_and_no_path_of_a_machine(lock: str) -> None:
    text = Path(settings.BASE_DIR, "requirements", lock).read_text()

    assert "--hash=sha256:" in text
    assert not [line for line in text.splitlines() if "://" in line or "--index" in line or "/" in line]
