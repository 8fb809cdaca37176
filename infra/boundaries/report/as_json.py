"""The report for programs of one's own."""

from __future__ import annotations

import json
from typing import Any

from infra.boundaries.baseline.judging import Judged
from infra.boundaries.report.model import Report
from infra.boundaries.rules import Rule

VERSION = 1  # of this form; members are added, never renamed


def written(report: Report) -> str:
    """Return the report as one JSON object."""
    document = {
        "version": VERSION,
        "status": int(report.status),
        "observes": report.observes,
        "counts": {standing.value: count for standing, count in report.counts.items()},
        "layers": [
            {
                "layer": run.layer.value,
                "looked": run.has_looked,
                "missed": run.missed,
                "seconds": round(run.seconds, 3),
                "findings": len(run.findings),
                "notes": run.notes,
            }
            for run in report.runs
        ],
        "findings": [_finding(judged, report) for judged in report.judged],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def rule_members(rule: Rule) -> dict[str, str]:
    """Return a rule as a JSON object."""
    return {
        "rule": rule.id,
        "layer": rule.layer.value,
        "title": rule.title,
        "why": rule.why,
        "recipe": rule.recipe,
    }


def _finding(judged: Judged, report: Report) -> dict[str, Any]:
    finding, entry = judged.finding, judged.entry
    return {
        **rule_members(finding.rule),
        "module": finding.module,
        "owner": report.owners.get(finding.module, ""),
        "source": finding.source,
        "target": finding.target,
        "detail": finding.detail,
        "path": finding.path,
        "line": finding.line,
        "standing": judged.standing.value,
        "accepted": entry and {"reason": entry.reason, "owner": entry.owner, "expires": entry.expires.isoformat()},
    }
