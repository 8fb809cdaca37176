"""A build without a module's internals works: it starts, and every other module passes its own tests.

This is what a module that leaves for good leaves behind: its `contract.py`, `events.py` and `manifest.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from infra.boundaries.amputation import copy_without
from tests.checkout import ROOT, run

NAMES = [manifest.name for manifest in settings.MANIFESTS]


def build_without(module: str, folder: Path) -> Path:
    """Copy the code to a folder and take a module's internals away."""
    copy_without(module, ROOT, folder, ignored=("benchmarks", "journeys", "faults", "architecture"))
    return folder


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
