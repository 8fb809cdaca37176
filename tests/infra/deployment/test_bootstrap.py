"""`make` on a machine with nothing but Python and make. The lock files here are empty, so that no network is needed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

UNKNOWN_PACKAGE = "no-such-package-as-this==1.0 --hash=sha256:" + "0" * 64 + "\n"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A clone, in a folder with a space in its name, whose shop only says that it was started."""
    root = tmp_path / "my shop"
    (root / "infra" / "deployment").mkdir(parents=True)
    (root / "requirements").mkdir()
    for name in ("Makefile", "infra/deployment/bootstrap.py"):
        shutil.copy(Path(settings.BASE_DIR, name), root / name)
    for lock in ("run.lock", "test.lock"):
        (root / "requirements" / lock).write_text("")
    (root / "manage.py").write_text("import sys; print('manage.py', *sys.argv[1:], 'in', sys.prefix)")
    return root


def make(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    # Nothing of a make that runs these tests, and nothing of the developer's pip.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", *arguments],
        cwd=checkout,
        env={**environment, "PYTHON": sys.executable, "PIP_NO_INDEX": "1", **variables},
        capture_output=True,
        text=True,
    )


def test_the_first_run_sets_itself_up_and_the_second_does_not(checkout: Path) -> None:
    first = make(checkout, "run")
    second = make(checkout, "run")

    assert first.returncode == 0, first.stderr
    assert "Making the virtual environment" in first.stdout
    assert second.stdout == f"manage.py serve in {checkout / '.venv'}\n"


def test_a_changed_lock_is_installed_and_a_failure_says_what_pip_says(checkout: Path) -> None:
    make(checkout, "run")
    (checkout / "requirements" / "run.lock").write_text(UNKNOWN_PACKAGE)

    failed = make(checkout, "run")

    assert failed.returncode != 0
    assert "Installing 1 locked packages" in failed.stdout
    assert "No matching distribution found for no-such-package-as-this==1.0" in failed.stderr
    assert "Check the network (a mirror goes into PIP_INDEX_URL" in failed.stderr
    assert "manage.py" not in failed.stdout


def test_a_broken_environment_is_made_anew(checkout: Path) -> None:
    make(checkout, "run")
    (checkout / ".venv" / "bin" / "python").unlink()
    (checkout / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")

    assert "manage.py serve" in make(checkout, "run").stdout


def test_settings_of_pip_that_lead_elsewhere_are_not_followed(checkout: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"

    assert make(checkout, "run", PIP_TARGET=str(elsewhere), PIP_USER="1").returncode == 0
    assert not elsewhere.exists()


def test_without_a_python_that_is_new_enough_it_says_which_it_needs(checkout: Path, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    for program in ("make", "sh"):
        (programs / program).symlink_to(str(shutil.which(program)))
    for python in ("python3", "python3.11"):  # one too old, and one that is only a launcher of something not installed
        (programs / python).write_text("#!/bin/sh\nexit 1\n")
        (programs / python).chmod(0o755)

    refused = make(checkout, "run", PATH=str(programs), PYTHON="")

    assert refused.returncode != 0
    assert "Banyan needs Python 3.11 or newer, and none was found." in refused.stderr
    assert "PYTHON=/path/to/python3.11 make run" in refused.stderr


def test_a_python_without_venv_is_told_what_to_type(checkout: Path, tmp_path: Path) -> None:
    code = "import runpy, sys; sys.modules['ensurepip'] = None; sys.argv[1:] = ['run'];"
    code += "runpy.run_path('infra/deployment/bootstrap.py', run_name='__main__')"

    refused = subprocess.run(
        [sys.executable, "-c", code], cwd=checkout, env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )

    assert refused.returncode == 1
    assert "cannot make virtual environments: its modules venv or ensurepip are missing." in refused.stderr
    assert "Install your system's package for Python's venv and pip" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_clean_leaves_the_checkout_as_it_was_cloned(checkout: Path) -> None:
    before = sorted(checkout.rglob("*"))
    make(checkout, "run")
    (checkout / ".banyan" / "media").mkdir(parents=True)

    cleaned = make(checkout, "clean")

    assert cleaned.returncode == 0, cleaned.stderr
    assert sorted(checkout.rglob("*")) == before


def test_help_is_what_make_alone_gives_and_names_each_command(checkout: Path) -> None:
    said = make(checkout).stdout

    for target in ("run", "test", "check", "bench", "lock", "clean"):
        assert f"make {target} " in said
