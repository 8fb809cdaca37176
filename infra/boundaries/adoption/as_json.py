"""The survey as JSON, for programs. Its `version` rises when a field changes its meaning or goes."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from infra.boundaries.adoption.survey import Survey
from infra.boundaries.report.model import Report

VERSION = 1


def written(survey: Survey, report: Report) -> str:
    """Return the survey, and how its leaks stand towards the baseline."""
    return json.dumps(_document(survey, report), indent=2, ensure_ascii=False)


def _document(survey: Survey, report: Report) -> dict[str, Any]:
    return {
        "version": VERSION,
        "mapping": {
            "proposed": survey.proposal is not None,
            "modules": survey.modules.modules,
            "public": survey.modules.public,
            "shared": survey.modules.shared,
            "above": survey.modules.above,
            "skip": survey.modules.skip,
        },
        "modules": [asdict(figures) for figures in survey.figures],
        "arrows": [
            {
                "source": arrow.source,
                "target": arrow.target,
                "places": arrow.places,
                "leaks": len(arrow.leaks),
                "files": arrow.files,
                "things": dict(arrow.things),
                "cut_to_break_circles": arrow.pair in survey.backwards,
            }
            for arrow in survey.arrows
        ],
        "knots": survey.knots,
        "short_circles": survey.short_circles,
        "cuts": [{**asdict(cut), "worth": round(cut.worth, 2)} for cut in survey.cuts],
        "leaks_by_rule": {rule.id: len(leaks) for rule, leaks in survey.by_rule.items()},
        "leaks": [
            {
                "rule": judged.finding.rule.id,
                "title": judged.finding.rule.title,
                "module": judged.finding.module,
                "source": judged.finding.source,
                "target": judged.finding.target,
                "detail": judged.finding.detail,
                "path": judged.finding.path,
                "line": judged.finding.line,
                "standing": judged.standing.value,
            }
            for judged in report.judged
        ],
        "exit_status": int(report.status),
    }
