"""The report as GitHub Actions' workflow commands: each finding stands beside its line in the pull request."""

from __future__ import annotations

from infra.boundaries.report.as_text import verdict
from infra.boundaries.report.model import Report


def written(report: Report) -> str:
    """Return a line per finding that counts, and the verdict for the log."""
    kind = "warning" if report.observes else "error"
    lines = []
    for judged in report.counting:
        finding = judged.finding
        path, line = report.place_of(finding)
        properties = {
            "file": path,
            "line": str(line) if line else "",
            "title": f"{finding.rule.id} {finding.rule.title}",
        }
        told = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
        message = f"{finding.detail}\nWhy it matters: {finding.rule.why}\nHow to mend it: {finding.rule.recipe}"
        lines.append(f"::{kind} {told}::{_data(message)}")
    lines += [
        f"::{'error' if run.wanted else 'notice'} title=Boundaries%3A {run.layer} not looked at::{_data(run.missed)}"
        for run in report.runs
        if run.missed
    ]
    return "\n".join([*lines, *verdict(report)])


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
