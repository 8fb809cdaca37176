"""A build without a module's internals works: it starts, and every other module passes its own tests.

This is what a module that leaves for good leaves behind: its `contract.py`, `events.py` and `manifest.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

CODE = ("infra", "modules", "monolith", "tests")
PUBLIC = {"__init__.py", "contract.py", "events.py", "manifest.py"}
NAMES = [manifest.name for manifest in settings.MANIFESTS]


def build_without(module: str, folder: Path) -> Path:
    """Copy the code to a folder and take a module's internals away."""
    for name in CODE:
        ignored = shutil.ignore_patterns("__pycache__", "benchmarks", "journeys", "faults", "architecture")
        shutil.copytree(Path(settings.BASE_DIR) / name, folder / name, ignore=ignored)
    for name in ("manage.py", "pyproject.toml"):
        shutil.copy(Path(settings.BASE_DIR) / name, folder)
    for item in (folder / "modules" / module).iterdir():
        if item.name not in PUBLIC:
            shutil.rmtree(item) if item.is_dir() else item.unlink()
    return folder


def run(folder: Path, *command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    # The outer run's plugins and process numbers are not the inner one's.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    environment = inherited | {"DJANGO_SETTINGS_MODULE": "monolith.settings.test", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment | variables, capture_output=True, text=True
    )


@pytest.mark.parametrize("module", NAMES)
def test_without_a_modules_internals_all_others_pass_their_tests(module: str, tmp_path: Path) -> None:
    folder = build_without(module, tmp_path)
    others = [f"tests/{name}" for name in NAMES if name != module and (folder / "tests" / name).is_dir()]

    tested = run(folder, "-m", "pytest", "-q", *others)

    assert tested.returncode == 0, tested.stdout[-8000:] + tested.stderr[-2000:]


@pytest.mark.parametrize("module", NAMES)
def test_without_a_modules_internals_the_shop_passes_its_system_checks(module: str, tmp_path: Path) -> None:
    folder = build_without(module, tmp_path)

    checked = run(folder, "manage.py", "check", **{f"{module.upper()}_MODULE": "http://127.0.0.1:9"})

    assert checked.returncode == 0, checked.stderr[-4000:]


def test_a_module_that_reaches_into_anothers_internals_does_not_start_without_them(tmp_path: Path) -> None:
    folder = build_without("catalog", tmp_path)
    with (folder / "modules/orders/queries/orders.py").open("a") as source:
        source.write("\nfrom modules.catalog.models import Product\n")

    checked = run(folder, "manage.py", "check", CATALOG_MODULE="http://127.0.0.1:9")

    assert checked.returncode != 0
    assert "modules.catalog.models" in checked.stderr
