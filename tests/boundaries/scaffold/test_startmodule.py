"""`manage.py startmodule`: what it makes passes every check, keeps to its borders, and goes away again without a trace."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from infra.boundaries.scaffold.making import CannotMake, NewModule, make, refuse_name
from tests.checkout import copy_of, git, run

LINT = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
CHECKS = {
    "format": ("-m", "ruff", "format", "--check", "modules", "tests/{name}"),
    "style": ("-m", "ruff", "check", "modules", "tests/{name}"),
    "generated": ("manage.py", "modules", "generate", "--check"),
    "imports": ("-c", LINT, "--config", "modules/generated/imports.toml"),
    "django": ("manage.py", "check", "--fail-level", "WARNING"),
    "migrations": ("-W", "ignore::RuntimeWarning", "infra/deployment/checks.py", "missing-migrations"),
    "contracts": ("manage.py", "contracts", "check"),
    "boundaries": ("manage.py", "boundaries", "--layer", "static", "--layer", "application"),
    "types": ("-m", "mypy", "modules/{name}", "tests/{name}"),
    "tests": ("-m", "pytest", "-q", "tests/{name}"),
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of(tmp_path_factory.mktemp("repository"))


def check(folder: Path, which: str, name: str) -> subprocess.CompletedProcess[str]:
    return run(folder, *(argument.format(name=name) for argument in CHECKS[which]))


def left_behind(folder: Path) -> str:
    return git(folder, "status", "--short")


def test_a_new_module_passes_every_check_keeps_to_its_borders_and_leaves_no_trace(repository: Path) -> None:
    name = "gift_cards"
    made = run(repository, "manage.py", "startmodule", name, "--owner", "Gifts <gifts@example.com>")
    assert made.returncode == 0, made.stdout + made.stderr

    for which in CHECKS:
        passed = check(repository, which, name)
        assert passed.returncode == 0, f"{which}: {passed.stdout}{passed.stderr}"

    drawn = json.loads(run(repository, "manage.py", "modules", "--format", "json").stdout)
    assert name in json.dumps(drawn)

    # A dependency that nobody declared is refused, by its name and with what to do; declared, it is not.
    with (repository / f"modules/{name}/use_cases.py").open("a") as file:
        file.write("\nfrom modules.catalog.contract import CatalogContract\n\nCATALOG = CatalogContract\n")
    refused = check(repository, "imports", name)
    assert refused.returncode != 0
    assert f"modules.{name}.use_cases -> modules.catalog.contract" in refused.stdout
    assert f"modules/{name}/manifest.py" in refused.stdout

    manifest = repository / f"modules/{name}/manifest.py"
    manifest.write_text(manifest.read_text().replace("    publishes=", '    asks=("catalog.v1",),\n    publishes='))
    assert run(repository, "manage.py", "modules", "generate").returncode == 0
    accepted = check(repository, "imports", name)
    assert accepted.returncode == 0, accepted.stdout

    for folder in (f"modules/{name}", f"tests/{name}"):
        shutil.rmtree(repository / folder)
    assert run(repository, "manage.py", "modules", "generate").returncode == 0
    assert run(repository, "manage.py", "contracts", "write").returncode == 0
    assert left_behind(repository) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Gifts", "lower-case"),
        ("gift-cards", "lower-case"),
        ("9lives", "lower-case"),
        ("class", "lower-case"),
        ("g", "2 to 40"),
        ("x" * 41, "2 to 40"),
        ("pg_gifts", "database needs"),
        ("platform", "database needs"),
        ("gifts_owner", "database needs"),
        ("auth", "installed already"),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_the_reason(name: str, reason: str) -> None:
    with pytest.raises(CannotMake, match=reason):
        refuse_name(name, taken={"auth"})


def test_nothing_is_overwritten_and_nothing_left_half_done(tmp_path: Path) -> None:
    (tmp_path / "tests/gifts").mkdir(parents=True)
    (tmp_path / "tests/gifts/mine.py").write_text("mine")

    with pytest.raises(CannotMake, match="is there already"):
        make(
            NewModule(name="gifts", owner="A", purpose="B"),
            modules=tmp_path / "modules",
            tests=tmp_path / "tests",
            taken=(),
        )

    assert not (tmp_path / "modules/gifts").exists()
    assert (tmp_path / "tests/gifts/mine.py").read_text() == "mine"
