"""A build without a module's internals works: it starts, and every other module passes its own tests.

This is what a module that leaves for good leaves behind: its `contract.py`, `events.py` and `manifest.py`. Every module passes
its tests where it is the only one that is left, and so needs none of the others. Those that ask others pass them where just one
is missing, too: real neighbours and stand-ins answer side by side there.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from infra.boundaries.amputation import PUBLIC, AmputationRefused, amputate, copy_without
from tests.checkout import ROOT, run

NAMES = [manifest.name for manifest in settings.MANIFESTS]
WITH_TESTS = [name for name in NAMES if (ROOT / "tests" / name).is_dir()]
ASKED = [
    (manifest.name, asked.split(".")[0]) for manifest in settings.MANIFESTS for asked in manifest.asks
]  # who asks, and whom


def build_without(module: str, folder: Path) -> Path:
    """Copy the code to a folder and take a module's internals away."""
    copy_without(module, ROOT, folder, ignored=("benchmarks", "journeys", "faults", "architecture"))
    return folder


def build_of(module: str, folder: Path) -> Path:
    """Copy the code to a folder and take all other modules' internals away."""
    first, *others = (name for name in NAMES if name != module)
    build_without(first, folder)
    for other in others:
        amputate(other, folder / "modules")
    return folder


def passes_its_tests(module: str, folder: Path) -> None:
    tested = run(folder, "-m", "pytest", "-q", f"tests/{module}")

    assert tested.returncode == 0, tested.stdout[-8000:] + tested.stderr[-2000:]


@pytest.mark.parametrize("module", WITH_TESTS)
def test_without_all_others_internals_a_module_passes_its_tests(module: str, tmp_path: Path) -> None:
    passes_its_tests(module, build_of(module, tmp_path))


@pytest.mark.parametrize(("module", "missing"), ASKED)
def test_without_the_internals_of_one_that_it_asks_a_module_passes_its_tests(
    module: str, missing: str, tmp_path: Path
) -> None:
    passes_its_tests(module, build_without(missing, tmp_path))


@pytest.mark.parametrize("module", NAMES)
def test_without_a_modules_internals_the_shop_passes_its_system_checks(module: str, tmp_path: Path) -> None:
    folder = build_without(module, tmp_path)

    checked = run(folder, "manage.py", "check", **{f"{module.upper()}_MODULE": "http://127.0.0.1:9"})

    assert checked.returncode == 0, checked.stderr[-4000:]


ASK_OVER_THERE = """
import django
django.setup()
from django.conf import settings
from infra.contracts import resolve
from modules.users.contract import UsersContract

assert "users" not in settings.DATABASES and "modules.users" not in settings.INSTALLED_APPS
print(sorted(resolve(UsersContract, caller="tests").verification_keys()))
"""


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("amputated", [True, False], ids=["without its internals", "with its internals"])
def test_a_process_whose_settings_say_where_a_module_lives_has_no_alias_of_it_and_asks_over_http(
    amputated: bool, tmp_path: Path, live_server_address: str
) -> None:
    folder = build_without("users", tmp_path) if amputated else ROOT

    asked = run(folder, "-c", ASK_OVER_THERE, USERS_MODULE=live_server_address)

    assert asked.returncode == 0, asked.stderr[-4000:]
    assert asked.stdout.strip().startswith("[")


def test_an_image_is_built_without_the_modules_that_it_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    build_without("payments", folder)

    told = run(folder, "-m", "infra.boundaries.amputation", "payments", "shipping")
    unknown = run(folder, "-m", "infra.boundaries.amputation", "nothing")

    assert told.stdout.splitlines()[0].startswith("payments: 0 files")  # a repeat changes nothing
    assert {item.name for item in (folder / "modules/shipping").iterdir()} <= PUBLIC
    assert (unknown.returncode, "there are catalog" in unknown.stderr) == (2, True)
    collected = run(
        folder, "manage.py", "check", PAYMENTS_MODULE="http://127.0.0.1:9", SHIPPING_MODULE="http://127.0.0.1:9"
    )
    assert collected.returncode == 0, collected.stderr[-4000:]


def test_a_copy_without_a_module_is_not_made_over_something(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")

    with pytest.raises(AmputationRefused, match="not empty"):
        copy_without("payments", ROOT, tmp_path)
    with pytest.raises(AmputationRefused, match="no module 'nothing'"):
        copy_without("nothing", ROOT, tmp_path / "elsewhere")
    assert [item.name for item in tmp_path.iterdir()] == ["mine"]


def test_a_module_that_reaches_into_anothers_internals_does_not_start_without_them(tmp_path: Path) -> None:
    folder = build_without("catalog", tmp_path)
    with (folder / "modules/orders/queries/orders.py").open("a") as source:
        source.write("\nfrom modules.catalog.models import Product\n")

    checked = run(folder, "manage.py", "check", CATALOG_MODULE="http://127.0.0.1:9")

    assert checked.returncode != 0
    assert "modules.catalog.models" in checked.stderr
