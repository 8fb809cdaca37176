"""The command as people and CI run it: as a process of its own, over files that it must not run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.boundaries.adoption.legacy import MAP

REPOSITORY = Path(__file__).resolve().parents[3]


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "infra.boundaries.adoption", *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def mapped(shop: Path) -> Path:
    (shop / "boundaries-map.toml").write_text(MAP)
    return shop


def test_the_report_says_all_that_people_ask_and_fails_for_nothing(shop: Path) -> None:
    done = _run(shop)

    assert done.returncode == 0, done.stderr
    for heading in (
        "Modules",
        "Who uses whom",
        "leaks by rule",
        "Circles",
        "Most tangled pairs",
        "What to cut first",
        "Verdict",
        "Next",
    ):
        assert heading in done.stdout
    assert "Not looked into: shop/sales/broken.py:1" in done.stdout
    assert "--propose --output" in done.stdout  # the next command
    assert "shop/stock/views.py:4" in done.stdout  # examples open in an editor


def test_text_keeps_to_100_columns_except_where_a_place_would_break(mapped: Path) -> None:
    for line in _run(mapped).stdout.splitlines():
        assert len(line) <= 100 or ".py:" in line or "banyan-boundaries" in line, line


def test_nothing_of_the_project_is_run(shop: Path, tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    for file in ("shop/__init__.py", "shop/settings.py", "shop/sales/apps.py"):
        (shop / file).write_text(f"open({str(marker)!r}, 'w')\nraise SystemExit(3)\n")

    assert _run(shop).returncode == 0
    assert not marker.exists()


def test_a_proposal_is_written_and_then_read_by_itself(shop: Path) -> None:
    file = shop / "boundaries-map.toml"

    assert _run(shop, "--propose", "--output", file).returncode == 0
    done = _run(shop)

    assert 'sales = ["shop.sales"]' in file.read_text()
    assert "are a proposal" not in done.stdout


def test_json_holds_the_whole_survey(mapped: Path) -> None:
    survey = json.loads(_run(mapped, "--format", "json").stdout)

    assert survey["version"] == 1
    assert {module["name"] for module in survey["modules"]} == {"sales", "stock", "people", "back_office"}
    assert sum(survey["leaks_by_rule"].values()) == len(survey["leaks"])
    assert survey["cuts"][0]["files"]
    assert {"rule", "path", "line", "source", "target", "standing"} <= survey["leaks"][0].keys()


def test_sarif_names_rules_and_places(mapped: Path) -> None:
    run = json.loads(_run(mapped, "--format", "sarif").stdout)["runs"][0]

    assert run["results"]
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for result in run["results"]]
    assert "shop/stock/views.py" in places
    assert not [place for place in places if place.startswith("/")]


def test_mermaid_draws_every_module_and_marks_what_closes_circles(mapped: Path) -> None:
    chart = _run(mapped, "--format", "mermaid").stdout

    assert chart.startswith("flowchart LR\n")
    assert 'sales["sales<br>' in chart
    assert "stroke:#c62828" in chart


def test_with_a_baseline_only_what_is_new_fails(mapped: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "leaks.toml"
    recorded = _run(mapped, "--baseline", baseline, "--record", "--reason", "before the borders", "--owner", "platform")
    assert recorded.returncode == 0, recorded.stderr
    assert 'reason = "before the borders"' in baseline.read_text()
    assert "manage.py" not in baseline.read_text()

    unchanged = _run(mapped, "--baseline", baseline)
    assert unchanged.returncode == 0, unchanged.stdout
    assert "nothing new" in unchanged.stdout

    # The same leaks some lines further down are the same leaks.
    views = mapped / "shop/stock/views.py"
    views.write_text("\n\n\n" + views.read_text())
    assert _run(mapped, "--baseline", baseline).returncode == 0

    (mapped / "shop/stock/more.py").write_text("from shop.sales.models import Order\n")
    grown = _run(mapped, "--baseline", baseline)
    assert grown.returncode == 1
    assert "1 new" in grown.stdout
    assert "shop/stock/more.py:1" in grown.stdout
    assert _run(mapped, "--baseline", baseline, "--observe").returncode == 0
    in_json = json.loads(_run(mapped, "--baseline", baseline, "--format", "json").stdout)
    assert [leak["path"] for leak in in_json["leaks"] if leak["standing"] == "new"] == ["shop/stock/more.py"]


def test_what_is_fixed_has_to_leave_the_baseline(mapped: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "leaks.toml"
    _run(mapped, "--baseline", baseline, "--record", "--reason", "before the borders", "--owner", "platform")
    (mapped / "shop/stock/views.py").write_text("")

    fixed = _run(mapped, "--baseline", baseline)
    assert fixed.returncode == 1
    assert "BND090" in fixed.stdout

    recorded = _run(mapped, "--baseline", baseline, "--record")
    assert "0 added" in recorded.stdout
    assert "1 removed" in recorded.stdout
    assert _run(mapped, "--baseline", baseline).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--map", "nowhere.toml"), "--propose"),
        (("--baseline", "nowhere.toml"), "--record"),
        (("--record",), "--baseline FILE"),
        (("--reason", "why"), "--record"),
        (("--output", "nowhere/report.txt"), "cannot be written"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_type(
    mapped: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = _run(mapped, *arguments)

    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    done = _run(tmp_path)

    assert done.returncode == 2
    assert "Give the folder" in done.stderr


def test_a_baseline_is_not_held_against_modules_that_may_be_others_tomorrow(shop: Path) -> None:
    done = _run(shop, "--baseline", "leaks.toml", "--record", "--reason", "why", "--owner", "platform")

    assert done.returncode == 2
    assert "--propose --output" in done.stderr
