"""The package as it is installed: the command, what it needs, and nothing of the shop."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def _has_builder() -> bool:
    try:
        return int(version("setuptools").partition(".")[0]) >= 77
    except PackageNotFoundError:
        return False


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not _has_builder():
        pytest.skip("building without the network needs setuptools 77 or newer beside pip")
    # Builders leave things behind; in a copy they may.
    copy = tmp_path_factory.mktemp("source")
    shutil.copy(REPOSITORY / "pyproject.toml", copy)
    shutil.copytree(REPOSITORY / "infra", copy / "infra", ignore=shutil.ignore_patterns("__pycache__"))
    wheels = tmp_path_factory.mktemp("wheels")
    _done(sys.executable, "-m", "pip", "wheel", copy, "--no-deps", "--no-build-isolation", "--no-index", "-w", wheels)
    return next(wheels.glob("*.whl"))


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel; its dependencies are those of this one."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    _done(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel)
    packages = Path(_done(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").stdout.strip())
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin"


def _done(*command: str | Path) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=300, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_the_entry_point_leads_to_the_command() -> None:
    from infra.boundaries.adoption.command import main

    assert PROJECT["project"]["scripts"]["banyan-boundaries"] == f"{main.__module__}:{main.__name__}"


def test_the_command_runs_from_an_installed_wheel(scripts: Path, shop: Path) -> None:
    by_name = _done(scripts / "banyan-boundaries", shop)
    by_module = _done(scripts / "python", "-m", "infra.boundaries.adoption", shop)

    assert "What to cut first" in by_name.stdout
    assert "leaks by rule" in by_module.stdout


def test_the_installed_command_is_the_installed_one(scripts: Path) -> None:
    where = _done(scripts / "python", "-c", "import infra.boundaries.adoption as a; print(a.__file__)").stdout

    assert str(REPOSITORY) not in where


def test_it_needs_no_django_and_nothing_that_is_not_declared(scripts: Path, shop: Path) -> None:
    loaded = _done(
        scripts / "python",
        "-c",
        "import sys\nfrom infra.boundaries.adoption.command import main\n"
        f"main([{str(shop)!r}, '--output', {str(shop / 'report.txt')!r}])\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))",
    ).stdout.split()

    assert not {"django", "celery", "psycopg", "msgspec", "modules", "monolith"} & {*loaded}
    assert {"rich", "importlinter"} <= {*loaded}
