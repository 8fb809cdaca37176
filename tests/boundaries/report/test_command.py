"""`manage.py boundaries` as people type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from infra.boundaries.management.commands.boundaries import Command
from infra.deployment import checks
from tests.boundaries.zoo.specimens import Habitat

LEAK = {"modules/sales/queries.py": "from modules.stock.models import Item\n\nprint(Item)\n"}


class Project:
    """The tiny project, and its manage.py."""

    def __init__(self, folder: Path, files: Mapping[str, str]) -> None:
        self.root = Habitat(path=folder, fixture=lambda name: None).project(files)

    def boundaries(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "boundaries", *arguments],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR), "DJANGO_SETTINGS_MODULE": "monolith.settings"},
            capture_output=True,
            text=True,
        )


def said(*arguments: str) -> str:
    output = StringIO()
    with suppress(SystemExit):  # with findings it ends so; the output says which
        call_command(Command(), *arguments, stdout=output)
    return output.getvalue()


def refusal(*arguments: str) -> str:
    with pytest.raises(CommandError) as refused:
        said(*arguments)
    assert refused.value.returncode == 2
    return str(refused.value)


def test_a_newcomer_plants_a_leak_accepts_it_mends_it_and_takes_it_out(tmp_path: Path) -> None:
    project = Project(tmp_path, LEAK)

    refused = project.boundaries("--layer", "static")
    assert refused.returncode == 1, refused.stdout + refused.stderr
    assert "modules/sales/queries.py:1" in refused.stdout
    assert "How to mend it: " in refused.stdout
    assert "\x1b" not in refused.stdout

    assert project.boundaries("--layer", "static", "--observe").returncode == 0
    without_reason = project.boundaries("--layer", "static", "--baseline")
    assert without_reason.returncode == 1
    assert "say why with --reason" in without_reason.stderr

    accepted = project.boundaries("--layer", "static", "--baseline", "--reason", "Reports move in spring.")
    assert accepted.returncode == 0, accepted.stdout + accepted.stderr
    assert "modules/sales/boundaries.toml: " in accepted.stderr
    assert project.boundaries("--layer", "static").returncode == 0

    (project.root / "modules/sales/queries.py").write_text("")
    fixed = project.boundaries("--layer", "static")
    assert fixed.returncode == 1
    assert "BND090" in fixed.stdout
    assert "python manage.py boundaries --baseline" in fixed.stdout

    taken_out = project.boundaries("--layer", "static", "--baseline")
    assert taken_out.returncode == 0, taken_out.stdout + taken_out.stderr
    assert not (project.root / "modules/sales/boundaries.toml").exists()


def test_a_day_that_comes_makes_what_was_accepted_fail_again(tmp_path: Path) -> None:
    project = Project(tmp_path, LEAK)
    long_ago = (date.today() - timedelta(days=1)).isoformat()  # noqa: DTZ011 # as the command reads the clock in UTC
    project.boundaries("--layer", "static", "--baseline", "--reason", "Spring.")
    file = project.root / "modules/sales/boundaries.toml"
    entries = file.read_text()
    [day] = {line.removeprefix("expires = ") for line in entries.splitlines() if line.startswith("expires")}
    file.write_text(entries.replace(day, long_ago))

    over = project.boundaries("--layer", "static")

    assert over.returncode == 1
    assert "accepted until a day that is over" in over.stdout
    renewed = project.boundaries("--layer", "static", "--baseline", "--reason", "Summer, really.")
    assert renewed.returncode == 0
    assert "renewed" in renewed.stderr


def test_a_malformed_baseline_is_a_run_that_failed(tmp_path: Path) -> None:
    project = Project(tmp_path, {"modules/sales/boundaries.toml": "accepted = 3\n"})

    failed = project.boundaries("--layer", "static")

    assert failed.returncode == 2
    assert failed.stderr.startswith("CommandError: modules/sales/boundaries.toml: write each entry below")


def test_a_project_without_a_database_is_told_why_it_was_not_looked_at(tmp_path: Path) -> None:
    project = Project(tmp_path, {})
    project.boundaries("--baseline", "--reason", "It is too small on purpose, and nothing of it was released.")

    told = project.boundaries()
    asked_for = project.boundaries("--layer", "database")

    assert told.returncode == 0, told.stdout + told.stderr
    assert "nothing listens there" in " ".join(told.stdout.split())
    assert asked_for.returncode == 2


@pytest.mark.usefixtures("database")
def test_nothing_crosses_a_boundary_of_the_shop_by_any_layer() -> None:
    told = json.loads(said("--format", "json"))

    assert told["findings"] == []
    looked = {layer["layer"] for layer in told["layers"] if layer["looked"]}
    assert {"manifest", "static", "application", "database", "compatibility"} <= looked
    assert told["status"] == 0


def test_the_shop_has_no_baseline() -> None:
    assert list(Path(settings.BASE_DIR).glob("*/**/boundaries.toml")) == []


def test_unknown_names_are_refused_with_those_that_there_are() -> None:
    assert "No module is called ordres; there are catalog," in refusal("--module", "ordres")
    assert "Close to it: BND301" in refusal("--explain", "BND30l")
    with pytest.raises(CommandError, match="'statik' is no layer; there are manifest, static"):
        said("--layer", "statik")


def test_terms_without_a_baseline_are_refused() -> None:
    assert refusal("--reason", "Spring.") == "--reason, --owner and --expires are for --baseline."


def test_a_day_in_the_past_is_refused() -> None:
    assert "is over, or is today" in refusal(
        "--layer", "manifest", "--baseline", "--reason", "Spring.", "--expires", "2020-01-31"
    )
    with pytest.raises(CommandError, match="'soon' is no day; one looks like 2027-01-31"):
        said("--baseline", "--expires", "soon")


def test_rules_are_listed_by_layer_and_explained_one_by_one() -> None:
    listed = said("--rules")

    assert listed.index("Database: roles, grants and the live catalogue") < listed.index("BND301")
    assert "Why it matters: " in said("--explain", "bnd301")
    [rule] = json.loads(said("--explain", "BND301", "--format", "json"))
    assert set(rule) == {"rule", "layer", "title", "why", "recipe"}


def test_make_check_asks_for_the_report() -> None:
    assert checks.CHECKS["boundaries"][1:3] == ["manage.py", "boundaries"]
