"""The house of design section 1 holds, and each rule that holds it is seen to refuse what it forbids.

The rules are written from the manifests (`manage.py modules generate`); a module that was added this morning is held by them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from infra.boundaries.generation.files import IMPORTS
from infra.boundaries.generation.imports import ABOVE, DOORS, INSIDE, LAYERS, PLAIN, declared

LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the code, for planting violations in."""
    for name in ("monolith", "extracted", "modules", "infra"):
        ignored = shutil.ignore_patterns("__pycache__", "static", "templates", "*.sql")
        shutil.copytree(Path(settings.BASE_DIR) / name, tmp_path / name, ignore=ignored)
    shutil.copy(Path(settings.BASE_DIR) / "manage.py", tmp_path)
    return tmp_path


@pytest.fixture
def wishlists(house: Path) -> Path:
    """A module that was added this morning: a folder with a manifest and a contract, and nothing else edited."""
    folder = house / "modules/wishlists"
    (folder / "use_cases").mkdir(parents=True)
    (folder / "__init__.py").write_text('"""What customers wish for."""\n')
    (folder / "use_cases/__init__.py").write_text('"""What it does."""\n')
    (folder / "contract.py").write_text('"""What others may ask."""\n')
    (folder / "apps.py").write_text(
        "from django.apps import AppConfig\n\nclass WishlistsConfig(AppConfig):\n"
        '    name = "modules.wishlists"\n    label = "wishlists"\n'
    )
    (folder / "manifest.py").write_text(
        "from infra.boundaries.manifest import Manifest\n\n"
        'manifest = Manifest(name="wishlists", owner="Wishes team", purpose="What customers wish for.", tables=(),\n'
        '    offers=("wishlists.v1",), asks=("catalog.v1",))\n'
    )
    generated = subprocess.run(
        [sys.executable, "manage.py", "modules", "generate"],
        cwd=house,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "monolith.settings.test"},
        capture_output=True,
        text=True,
    )
    assert generated.returncode == 0, generated.stderr
    return folder


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--config", f"modules/{IMPORTS}"],
        cwd=house,
        capture_output=True,
        text=True,
        # Wide enough that no sentence is wrapped.
        env={**os.environ, "COLUMNS": "500"},
    )


def plant(file: Path, line: str) -> None:
    with file.open("a") as source:
        source.write(f"\n{line}\n")


def test_the_house_holds(house: Path) -> None:
    linted = lint(house)

    assert linted.returncode == 0, linted.stdout
    assert f"Contracts: {5 + len(settings.MANIFESTS)} kept, 0 broken." in linted.stdout


@pytest.mark.parametrize(
    ("file", "line", "rule"),
    [
        ("infra/money.py", "import modules.orders.contract", LAYERS),
        ("infra/money.py", "import monolith.urls", LAYERS),
        ("modules/orders/use_cases/__init__.py", "import monolith.wiring", LAYERS),
        ("modules/orders/queries/__init__.py", "import modules.catalog.models", DOORS),
        ("modules/orders/queries/__init__.py", "import modules.catalog", DOORS),
        ("modules/orders/queries/__init__.py", "def f() -> None:\n    from modules.catalog import service", DOORS),
        # What it does not declare, it does not import, however public that is.
        ("modules/catalog/queries/__init__.py", "import modules.users.contract", declared("catalog")),
        ("modules/orders/queries/__init__.py", "import modules.users.events", declared("orders")),
        ("modules/users/handlers.py", "def f() -> None:\n    from modules.catalog import events", declared("users")),
        ("modules/orders/contract.py", "import modules.orders.models", INSIDE),
        ("modules/orders/models/__init__.py", "import modules.orders.use_cases", INSIDE),
        ("modules/orders/handlers.py", "import modules.orders.tasks", INSIDE),
        ("modules/orders/drawer.py", "", INSIDE),
        ("modules/orders/contract.py", "import django.db", PLAIN),
        ("modules/orders/events.py", "from rest_framework import serializers", PLAIN),
        ("infra/errors.py", "import celery", PLAIN),  # which every contract imports
        ("monolith/wiring.py", "import modules.users.queries", ABOVE),
        ("monolith/storefront/views.py", "from modules.catalog.models import Product", ABOVE),
    ],
)
def test_a_forbidden_import_is_refused_by_its_rule(house: Path, file: str, line: str, rule: str) -> None:
    plant(house / file, line)

    linted = lint(house)

    assert linted.returncode == 1
    assert f"{rule} BROKEN" in linted.stdout


def test_a_refusal_says_what_to_do(house: Path) -> None:
    plant(house / "modules/catalog/queries/__init__.py", "import modules.users.contract")

    said = " ".join(lint(house).stdout.split())

    assert "catalog asks nothing and hears orders.order_confirmed.v1." in said
    assert "in modules/catalog/manifest.py, then type: manage.py modules generate" in said


def test_what_a_module_asks_and_hears_may_be_imported(house: Path) -> None:
    plant(
        house / "modules/orders/use_cases/__init__.py",
        "import modules.catalog.contract\nimport modules.payments.events",
    )

    assert lint(house).returncode == 0


def test_a_module_added_this_morning_is_held_by_every_rule(house: Path, wishlists: Path) -> None:
    assert lint(house).returncode == 0

    plant(wishlists / "use_cases/__init__.py", "import modules.users.contract\nimport modules.orders.models")
    plant(wishlists / "contract.py", "import django.db")
    plant(house / "modules/orders/queries/__init__.py", "import modules.wishlists.contract")
    (wishlists / "drawer.py").touch()
    said = lint(house).stdout

    for rule in (declared("wishlists"), declared("orders"), DOORS, INSIDE, PLAIN):
        assert f"{rule} BROKEN" in said


def test_a_module_added_this_morning_may_ask_what_it_declares(house: Path, wishlists: Path) -> None:
    plant(wishlists / "use_cases/__init__.py", "import modules.catalog.contract")

    assert lint(house).returncode == 0


def test_a_contract_that_nobody_offers_is_no_door(house: Path, wishlists: Path) -> None:
    (wishlists / "events.py").write_text('"""Not declared in the manifest."""\n')
    plant(house / "modules/orders/queries/__init__.py", "import modules.wishlists.events")

    assert f"{DOORS} BROKEN" in lint(house).stdout
