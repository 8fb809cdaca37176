"""The house of design section 1 holds, and each rule that holds it is seen to refuse what it forbids."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

LAYERS = "Imports point down: monolith, modules, infra"
DOORS = "Modules meet only at contract.py and events.py"
INSIDE = "Inside a module there is one way in"
PLAIN = "Contracts and events are plain Python"

LINT = [
    sys.executable,
    "-c",
    "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())",
]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the code, for planting violations in."""
    for name in ("monolith", "modules", "infra"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates", "*.sql")
        shutil.copytree(Path(settings.BASE_DIR) / name, tmp_path / name, ignore=ignored)
    shutil.copy(Path(settings.BASE_DIR) / "pyproject.toml", tmp_path)
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*LINT, "--no-cache"], cwd=house, capture_output=True, text=True)


def test_the_house_holds(house: Path) -> None:
    linted = lint(house)

    assert linted.returncode == 0, linted.stdout
    assert "Contracts: 4 kept, 0 broken." in linted.stdout


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("infra/money.py", "import modules.orders.contract", LAYERS),
        ("infra/money.py", "import monolith.urls", LAYERS),
        ("modules/orders/use_cases/__init__.py", "import monolith.wiring", LAYERS),
        ("modules/orders/queries/__init__.py", "import modules.catalog.models", DOORS),
        ("modules/orders/queries/__init__.py", "import modules.catalog", DOORS),
        ("modules/orders/queries/__init__.py", "def f() -> None:\n    from modules.catalog import service", DOORS),
        ("modules/orders/contract.py", "import modules.orders.models", INSIDE),
        ("modules/orders/models/__init__.py", "import modules.orders.use_cases", INSIDE),
        ("modules/orders/handlers.py", "import modules.orders.tasks", INSIDE),
        ("modules/orders/drawer.py", "", INSIDE),
        ("modules/orders/contract.py", "import django.db", PLAIN),
        ("modules/orders/events.py", "from rest_framework import serializers", PLAIN),
        ("infra/errors.py", "import celery", PLAIN),  # which every contract imports
    ],
)
def test_a_forbidden_import_is_refused_by_its_rule(house: Path, file: str, line: str, rule: str) -> None:
    with (house / file).open("a") as source:
        source.write(f"\n{line}\n")

    linted = lint(house)

    assert linted.returncode == 1
    assert f"{rule} BROKEN" in linted.stdout


def test_a_modules_public_files_may_be_imported(house: Path) -> None:
    with (house / "modules/orders/use_cases/__init__.py").open("a") as source:
        source.write("\nimport modules.catalog.contract\nimport modules.catalog.events\n")

    assert lint(house).returncode == 0
