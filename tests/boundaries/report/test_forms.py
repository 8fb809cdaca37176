"""The forms that programs read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from infra.boundaries.baseline.recording import Terms
from infra.boundaries.findings import Finding
from infra.boundaries.report import as_github, as_json, as_sarif
from infra.boundaries.report.model import Report
from infra.boundaries.rules import Layer
from tests.boundaries.planted import CHATTY, FOREIGN_KEY, finding
from tests.boundaries.report.projects import TODAY, cannot, finds, session_in

WITHOUT_A_FILE = finding(FOREIGN_KEY, module="stock", path="", line=0, source="stock_item", target="sales_sale")
SARIF = json.loads((Path(__file__).parent / "sarif_as_consumers_need_it.json").read_text())


def report(
    root: Path, *findings: Finding, accepted: tuple[Finding, ...] = (), observes: bool = False, blind: bool = False
) -> Report:
    session = session_in(root, {Layer.STATIC: finds(*accepted)})
    session.accept(session.look(()), Terms.until(None, reason="Spring.", owner="", today=TODAY))
    looks = {Layer.STATIC: finds(*findings, *accepted)} | (
        {Layer.DATABASE: cannot("nothing listens.")} if blind else {}
    )
    session = session_in(root, looks)
    return session.report(session.look((Layer.STATIC, Layer.DATABASE) if blind else ()), observes=observes)


def sarif(told: Report) -> Any:
    log = json.loads(as_sarif.written(told))
    jsonschema.validate(log, SARIF)
    return log["runs"][0]


def test_json_holds_what_a_program_needs_to_judge_by_itself(tmp_path: Path) -> None:
    told = json.loads(as_json.written(report(tmp_path, finding(), accepted=(WITHOUT_A_FILE,))))

    assert (told["version"], told["status"]) == (1, 1)
    assert told["counts"] == {"new": 1, "accepted": 1, "expired": 0}
    assert [layer["layer"] for layer in told["layers"]] == ["static"]
    new, accepted = told["findings"]
    assert (new["rule"], new["path"], new["line"]) == ("BND198", "modules/sales/use_cases.py", 12)
    assert (new["owner"], new["standing"], new["accepted"]) == ("The sales team", "new", None)
    assert new["why"]
    assert new["recipe"]
    assert accepted["accepted"] == {"reason": "Spring.", "owner": "The stock team", "expires": "2027-04-01"}


def test_sarif_without_findings_is_a_run_that_succeeded(tmp_path: Path) -> None:
    run = sarif(report(tmp_path))

    assert run["results"] == []
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 0, "toolExecutionNotifications": []}]


def test_sarif_says_rule_place_and_recipe_of_each_finding(tmp_path: Path) -> None:
    run = sarif(report(tmp_path, finding(), finding(CHATTY, path="", line=0), WITHOUT_A_FILE))

    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["BND198", "BND398", "BND598"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error"]
    first, second, third = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert first == {
        "artifactLocation": {"uri": "modules/sales/use_cases.py", "uriBaseId": "SRCROOT"},
        "region": {"startLine": 12},
    }
    # What has no file is shown at the manifest of the module that is to mend it.
    assert second["artifactLocation"]["uri"] == "modules/sales/manifest.py"
    assert third["artifactLocation"]["uri"] == "modules/stock/manifest.py"


def test_sarif_knows_a_finding_again_that_moved(tmp_path: Path) -> None:
    def fingerprint(found: Finding) -> str:
        return str(sarif(report(tmp_path, found))["results"][0]["partialFingerprints"]["boundary/v1"])

    assert fingerprint(finding()) == fingerprint(finding(line=80, path="modules/sales/queries.py"))
    assert fingerprint(finding()) != fingerprint(finding(target="stock.models.Shelf"))


def test_sarif_carries_what_is_accepted_as_suppressed_with_its_reason(tmp_path: Path) -> None:
    [result] = sarif(report(tmp_path, accepted=(finding(),)))["results"]

    assert result["baselineState"] == "unchanged"
    assert result["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "Spring. (The sales team, until 2027-04-01)"}
    ]


def test_sarif_of_an_observing_run_accuses_nobody(tmp_path: Path) -> None:
    run = sarif(report(tmp_path, finding(), observes=True))

    assert [result["level"] for result in run["results"]] == ["note"]
    assert run["invocations"][0]["exitCode"] == 0


def test_sarif_says_that_a_layer_could_not_look(tmp_path: Path) -> None:
    invocation = sarif(report(tmp_path, blind=True))["invocations"][0]

    assert (invocation["executionSuccessful"], invocation["exitCode"]) == (False, 2)
    assert "nothing listens." in invocation["toolExecutionNotifications"][0]["message"]["text"]


@pytest.mark.parametrize(
    "broken",
    [
        {"version": "2.0.0"},
        {"runs": [{"tool": {"driver": {}}, "results": []}]},
        {"runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"ruleId": "BND198"}]}]},
        {"runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "x"}, "level": "fatal"}]}]},
    ],
)
def test_the_judge_of_our_sarif_refuses_what_is_none(broken: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": "2.1.0", "runs": []} | broken, SARIF)


def test_github_shows_an_error_beside_the_line_and_the_verdict_in_the_log(tmp_path: Path) -> None:
    annotation, *verdict = as_github.written(report(tmp_path, finding())).splitlines()

    assert annotation.startswith(
        "::error file=modules/sales/use_cases.py,line=12,title=BND198 A model fetched by name::sell() fetches"
    )
    assert "%0AWhy it matters: " in annotation
    assert "%0AHow to mend it: " in annotation
    assert verdict[0] == "1 finding (1 new)."


def test_github_is_not_confused_by_signs_that_mean_something_to_it(tmp_path: Path) -> None:
    odd = finding(detail="50% of\nall::error", path="modules/sales/a,b:c.py")

    [annotation, *_] = as_github.written(report(tmp_path, odd)).splitlines()

    assert "file=modules/sales/a%2Cb%3Ac.py,line=12," in annotation
    assert "::50%25 of%0Aall::error%0A" in annotation


def test_github_warns_when_it_only_observes_and_is_silent_about_what_is_accepted(tmp_path: Path) -> None:
    told = as_github.written(report(tmp_path, WITHOUT_A_FILE, accepted=(finding(),), observes=True))

    assert told.count("::warning ") == 1
    assert "::error" not in told
    assert "BND198" not in told.splitlines()[0]


def test_github_says_that_a_layer_could_not_look(tmp_path: Path) -> None:
    told = as_github.written(report(tmp_path, blind=True))

    assert told.startswith("::error title=Boundaries%3A database not looked at::nothing listens.")
