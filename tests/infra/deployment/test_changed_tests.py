"""`make test-changed`, on a clone of this repository with a change planted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.checkout import commit, copy_of, git, run


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    return copy_of(tmp_path)


def changed_tests(folder: Path, *arguments: str, **variables: str) -> str:
    called = run(folder, "infra/deployment/changed_tests.py", *arguments, **variables)
    assert called.returncode == 0, called.stdout + called.stderr
    return called.stdout


def touch(folder: Path, path: str) -> None:
    with (folder / path).open("a") as file:
        file.write("\n# changed\n")


def test_a_change_inside_a_module_runs_its_tests_and_leaves_most_out(clone: Path) -> None:
    touch(clone, "modules/orders/use_cases/cancelling.py")

    said = changed_tests(clone, "--collect-only", "-q", TEST_PROCESSES="0")

    assert "tests/orders" in said
    assert "the internals of orders changed" in said
    assert "tests/catalog/" not in said
    chosen, of_all, left_out = map(int, re.findall(r"(\d+)/(\d+) tests collected \((\d+) deselected\)", said)[0])
    assert chosen + left_out == of_all
    assert left_out > 0.9 * of_all


def test_a_changed_contract_runs_its_askers_tests_too(clone: Path) -> None:
    touch(clone, "modules/catalog/contract.py")

    said = changed_tests(clone, "--list")

    assert "orders asks catalog" in said


def test_on_a_branch_everything_since_it_left_main_counts(clone: Path) -> None:
    git(clone, "checkout", "--quiet", "-b", "feature")
    touch(clone, "modules/users/tasks.py")
    commit(clone)
    (clone / "modules/users/use_cases/new_verb.py").write_text('"""New, and not committed."""\n')

    said = changed_tests(clone, "--list")

    assert said.startswith("2 files differ from")
    assert "tests/users" in said


def test_nothing_changed_runs_nothing(clone: Path) -> None:
    commit_of_nothing = changed_tests(clone, "--list", BASE="HEAD")

    assert commit_of_nothing == "Nothing differs from HEAD.\n"
