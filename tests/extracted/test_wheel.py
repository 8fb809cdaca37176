"""The wheel of a service, in an environment that holds nothing else of the shop."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from django.conf import settings

from infra.service.facts import facts_of
from infra.service.packaging import requirements
from tests.extracted.running import ROOT, RunningService

OTHERS = [manifest.name for manifest in settings.MANIFESTS if manifest.name != "payments"]
PUBLIC = {"__init__.py", "manifest.py", "contract.py", "events.py"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    built = subprocess.run(
        [*command, "--wheel-dir", str(folder), "extracted/payments"], cwd=ROOT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has the packages of others as this one, and of the shop what is in the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (packages / "of_others.pth").write_text(sysconfig.get_path("purelib"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    return folder / "bin" / "python"


def run(python: Path, folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "DJANGO", "PYTHON"))
    }
    return subprocess.run(
        [str(python), *arguments], cwd=folder, env=inherited | variables, capture_output=True, text=True
    )


def test_the_wheel_holds_of_other_modules_what_the_manifest_allows_and_nothing_of_the_single_web_app(
    wheel: Path,
) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    of_others = [name for name in names if name.startswith("modules/") and not name.startswith("modules/payments/")]
    assert {Path(name).name for name in of_others} <= PUBLIC
    assert {name for name in of_others if Path(name).name in ("contract.py", "events.py")} == {
        "modules/shipping/events.py"
    }
    assert not [name for name in names if name.startswith(("monolith", "tests", "extracted/payments/tests"))]
    assert {"infra/errors.py", "modules/payments/models/ledger.py", "extracted/payments/wsgi.py"} <= set(names)


def test_the_wheel_requires_what_the_shop_is_locked_to(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/METADATA"))
        lines = archive.read(name).decode().splitlines()

    required = [line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist")]
    assert sorted(required) == sorted(requirements(ROOT / "requirements"))
    assert any(line.startswith("django==") for line in required)


@pytest.mark.parametrize(
    "module", [*(f"modules.{name}.models" for name in OTHERS), "modules.orders.contract", "monolith"]
)
def test_what_is_internal_to_others_cannot_be_imported(module: str, python: Path, tmp_path: Path) -> None:
    imported = run(python, tmp_path, "-c", f"import {module}")

    assert imported.returncode != 0
    assert f"ModuleNotFoundError: No module named '{module}'" in imported.stderr


def test_what_it_hears_of_others_can_be_imported(python: Path, tmp_path: Path) -> None:
    imported = run(python, tmp_path, "-c", "import modules.shipping.events, modules.orders.manifest; print('yes')")

    assert imported.stdout == "yes\n", imported.stderr


def test_the_service_starts_from_the_wheel_alone(python: Path, tmp_path: Path) -> None:
    command = [str(python), "-m", "extracted.payments.manage", "serve"]

    with RunningService("payments", tmp_path, command=command, environment={"PYTHONPATH": ""}) as service:
        said = service.answers_as_every_service_does()
        assert service.ask("payments.v1", "check_method", method="card") is None

    manifest = next(manifest for manifest in settings.MANIFESTS if manifest.name == "payments")
    assert said == facts_of(manifest) | {"database": "own"}


def test_the_modules_own_tests_pass_on_the_wheel_alone(python: Path, tmp_path: Path) -> None:
    # The tests themselves are not part of it; what they test is, and nothing else is at hand.
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__", "faults"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    tested = run(
        python,
        tmp_path,
        *("-m", "pytest", "-q", "--ds=tests.extracted.settings", "--ignore-glob=*/test_admin.py", "tests/payments"),
        TESTED_SERVICE="payments",
        BANYAN_STATE_DIR=str(tmp_path / "state"),
    )

    assert tested.returncode == 0, tested.stdout[-4000:] + tested.stderr[-2000:]


def test_a_reach_into_anothers_internals_would_be_seen(python: Path, tmp_path: Path) -> None:
    # The planted defect: an import that works in the single web app.
    packages = Path(run(python, tmp_path, "-c", "import infra; print(infra.__path__[0])").stdout.strip()).parent
    file = packages / "modules" / "payments" / "service.py"
    sound = file.read_text()
    file.write_text(sound + "\nfrom modules.orders.models import Order\n")
    try:
        checked = run(
            python,
            tmp_path,
            "-m",
            "extracted.payments.manage",
            "check",
            FOLLOW_RECORD="no",
            BANYAN_STATE_DIR=str(tmp_path),
        )
    finally:
        file.write_text(sound)

    assert checked.returncode != 0
    assert "modules.orders.models" in checked.stderr
