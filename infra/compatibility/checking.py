"""The present against every release that is held up: findings for what breaks, notes for what asks for an order."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from infra.boundaries.findings import Finding
from infra.boundaries.rules import Rule
from infra.compatibility import rules
from infra.compatibility.changes import Change, Effect, contract_changes, event_changes
from infra.compatibility.descriptions import as_text
from infra.compatibility.modules import Offering, Subject
from infra.compatibility.releases import Release


@dataclass(slots=True)
class Verdict:
    """What a check found."""

    findings: list[Finding] = field(default_factory=list)
    # Changes that break nobody when the module is deployed before those who ask it, in sentences.
    answerer_first: list[str] = field(default_factory=list)


def judge(offering: Offering) -> Verdict:
    """Judge one module's contracts and events."""
    verdict = Verdict()
    verdict.findings += _stale(offering)
    for name in sorted({*offering.subjects, *offering.shelf.released_subjects()}):
        subject = offering.subjects.get(name)
        releases = offering.shelf.releases(name)
        for release in releases:
            for change in changes_since(release, subject):
                if change.effect is Effect.BREAKING:
                    verdict.findings.append(_finding(offering, subject, release, change))
        # In what order to deploy is a question of the step from the last release only.
        for change in changes_since(releases[-1], subject) if releases else ():
            if change.effect is Effect.ANSWERER_FIRST:
                verdict.answerer_first.append(change.sentence)
    return verdict


def changes_since(release: Release, subject: Subject | None) -> list[Change]:
    """Return what has changed since a release, by description and by replaying its payloads."""
    if subject is None:
        compare = contract_changes if "contract" in release.document else event_changes
        return compare(release.document, None)
    changes = subject.changes(release.document)
    if any(change.rule is rules.EVENT for change in changes):
        return changes
    return changes + subject.replay(release.recording, set(map(_part, filter(_explains_payloads, changes))))


def _explains_payloads(change: Change) -> bool:
    """Whether a payload that fails needs no finding beside this one. Arguments that only take more must read all of them."""
    return change.effect is Effect.BREAKING or not change.place.startswith("arguments")


def _part(change: Change) -> str:
    """Return the part of a recording that a change is about: "catalog.v1 offers result"."""
    return f"{change.subject} {change.place.partition('.')[0].replace('errors', 'error')}"


def stale_finding(module: str, file: Path, subject: str, *, exists: bool, declared: bool) -> Finding:
    """Return the finding that a description is missing, out of date, or of something that is not there."""
    detail = f"{subject} is not described as it is." if exists else f"{subject} has no committed description."
    if not declared:
        detail = f"{subject} is described, and not declared any more."
    return Finding(
        rule=rules.STALE, module=module, source=subject, target="its description", detail=detail, path=relative(file)
    )


def finding_since(
    module: str, rule: Rule, change_place: tuple[str, str], detail: str, path: Path, line: int
) -> Finding:
    """Return a finding on something that breaks a release."""
    source, target = change_place
    return Finding(
        rule=rule, module=module, source=source, target=target, detail=detail, path=relative(path), line=line
    )


def relative(file: Path) -> str:
    """Return a path as people open it from where the command runs: the project's root."""
    path = os.path.relpath(file)
    return str(file) if path.startswith("..") else path


def _stale(offering: Offering) -> list[Finding]:
    shelf = offering.shelf
    found = []
    for name, subject in sorted(offering.subjects.items()):
        committed = shelf.committed(name)
        if committed != as_text(subject.document):
            file = shelf.present_file(name)
            found.append(stale_finding(offering.module, file, name, exists=committed is not None, declared=True))
    found += [
        stale_finding(offering.module, file, file.stem, exists=True, declared=False)
        for file in shelf.leftovers(set(offering.subjects))
    ]
    return found


def _finding(offering: Offering, subject: Subject | None, release: Release, change: Change) -> Finding:
    file, line = release.file, 0
    if subject is not None and change.rule is not rules.PAYLOAD:
        file = subject.file
        line = subject.lines.get(change.subject) or subject.lines[subject.wire_name]
    detail = f"{change.sentence} That breaks whoever was built for release {release.name}: {_way_out(release.subject)}"
    target = f"{change.place or 'all of it'} as released {release.name}"
    return finding_since(offering.module, change.rule, (change.subject, target), detail, file, line)


def _way_out(wire_name: str) -> str:
    stem, _, version = wire_name.rpartition(".v")
    return f"take it back, or add `{stem}.v{int(version) + 1}` beside `{wire_name}`."
