"""The report as SARIF 2.1.0, which code scanning of GitHub, GitLab and editors read."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from infra.boundaries.baseline.judging import Judged, Standing
from infra.boundaries.report.model import ExitStatus, Report
from infra.boundaries.rules import Layer, Rule

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
ROOT = "SRCROOT"  # paths are relative to the project's root, wherever that is
# What is measured is advice with a figure; the others say that a border does not hold.
_LEVELS = {Layer.PATTERN: "warning"}


def written(report: Report) -> str:
    """Return one SARIF log with one run."""
    rules = sorted({judged.finding.rule for judged in report.judged}, key=lambda rule: rule.id)
    places = {rule.id: place for place, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "banyan-boundaries", "rules": [_rule(rule) for rule in rules]}},
        "invocations": [_invocation(report)],
        "columnKind": "unicodeCodePoints",
        "results": [_result(judged, report, places) for judged in report.judged],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.title.title().replace(" ", ""),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {
            "text": rule.recipe,
            "markdown": f"**Why it matters.** {rule.why}\n\n**How to mend it.** {rule.recipe}",
        },
        "defaultConfiguration": {"level": _LEVELS.get(rule.layer, "error")},
        "properties": {"tags": ["architecture", rule.layer.value]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": report.status is not ExitStatus.COULD_NOT_RUN,
        "exitCode": int(report.status),
        "toolExecutionNotifications": [
            {
                "level": "error" if run.wanted else "note",
                "message": {"text": f"The {run.layer} layer did not see all: {run.missed}"},
            }
            for run in report.runs
            if run.missed
        ],
    }


def _result(judged: Judged, report: Report, places: dict[str, int]) -> dict[str, Any]:
    finding = judged.finding
    level = "note" if report.observes else _LEVELS.get(finding.rule.layer, "error")
    result: dict[str, Any] = {
        "ruleId": finding.rule.id,
        "ruleIndex": places[finding.rule.id],
        "level": level,
        "message": {"text": f"{finding.detail} How to mend it: {finding.rule.recipe}"},
        "locations": [_location(judged, report)],
        # Scanners know a finding again by this: neither line nor count is in it.
        "partialFingerprints": {"boundary/v1": sha256("\n".join(finding.identity).encode()).hexdigest()},
        "baselineState": "new" if judged.standing is Standing.NEW else "unchanged",
        "properties": {"module": finding.module, "source": finding.source, "target": finding.target},
    }
    if judged.entry and not judged.counts:
        entry = judged.entry
        justification = f"{entry.reason} ({entry.owner}, until {entry.expires})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": justification}]
    return result


def _location(judged: Judged, report: Report) -> dict[str, Any]:
    path, line = report.place_of(judged.finding)
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": judged.finding.source}]}
    if path:
        location["physicalLocation"] = {
            "artifactLocation": {"uri": path, "uriBaseId": ROOT},
            # Viewers show a result without a line nowhere; line 1 is the file.
            "region": {"startLine": line or 1},
        }
    return location
