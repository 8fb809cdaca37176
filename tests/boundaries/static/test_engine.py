"""Imports are judged by import-linter, over a graph that is the one it would have built itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from django.conf import settings

from infra.boundaries.static import Project, check
from infra.boundaries.static.graph import import_graph
from tests.boundaries.static.test_project import written

LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
CONFIGURATION = """
[tool.importlinter]
root_packages = ["shop"]
contract_types = ["public_interface: infra.boundaries.static.interface_contract.PublicInterface"]

[[tool.importlinter.contracts]]
name = "Modules meet at their public files"
type = "public_interface"
modules = ["sales = shop.sales shop.offers", "shop.stock"]
public = ["shop.stock.contract"]
broken_contract_guidance = "Ask stock's contract."
"""


@pytest.fixture(scope="module")
def this_project() -> Project:
    return Project.of(settings.HOUSE, settings.MANIFESTS)


def test_this_project_breaks_no_rule(this_project: Project) -> None:
    assert [f"{finding.rule.id} {finding.where}: {finding.detail}" for finding in check(this_project)] == []


def test_the_graph_is_the_one_that_grimp_builds_from_importable_packages(this_project: Project) -> None:
    own = import_graph(this_project)
    theirs = grimp.build_graph("monolith", "modules", "infra", include_external_packages=True, cache_dir=None)
    counted = {name for name in theirs.modules if name in own.modules and not own.is_module_squashed(name)}

    def edges(graph: grimp.ImportGraph) -> set[tuple[str, str]]:
        return {(name, target) for name in counted for target in graph.find_modules_directly_imported_by(name)}

    # Ours leaves out nothing but tests, and grimp's nothing but what has no __init__.
    assert len(counted) > 400
    assert edges(theirs) == {(name, target) for name, target in edges(own) if target in theirs.modules}


@pytest.mark.parametrize(
    ("line", "is_kept"), [("from shop.stock.models import Item", False), ("import shop.stock.contract", True)]
)
def test_our_contract_type_serves_any_configuration_of_import_linter(tmp_path: Path, line: str, is_kept: bool) -> None:
    packages = ("shop", "shop/sales", "shop/offers", "shop/stock")
    written(tmp_path, {f"{name}/__init__.py": "" for name in packages})
    written(
        tmp_path,
        {
            "pyproject.toml": CONFIGURATION,
            "shop/stock/models.py": "class Item: ...\n",
            "shop/stock/contract.py": "",
            "shop/offers/views.py": f"import shop.sales\n\n\ndef show():\n    {line}\n",
        },
    )

    linted = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR), "COLUMNS": "300"},
        capture_output=True,
        text=True,
    )

    assert (linted.returncode == 0) is is_kept, linted.stdout + linted.stderr
    if not is_kept:
        assert "shop.offers.views imports shop.stock.models (l.5), which is not public." in linted.stdout
        assert "Ask stock's contract." in linted.stdout
