"""What a run of the layers has to tell, before it takes any form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from infra.boundaries.baseline.judging import Judged, Standing
from infra.boundaries.findings import Finding
from infra.boundaries.rules import Layer


class ExitStatus(IntEnum):
    """What CI reads."""

    HOLDS = 0
    FINDINGS = 1
    COULD_NOT_RUN = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRun:
    """One layer's turn: what it found, and what it could not look at."""

    layer: Layer
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0
    missed: str = ""  # a sentence; empty: it has looked at everything
    is_blind: bool = False  # it has looked at nothing
    notes: tuple[str, ...] = ()  # worth knowing, and no finding
    wanted: bool = False  # somebody asked for this very layer, so that not looking is a failure

    @property
    def has_looked(self) -> bool:
        """Whether it saw all that it is for, so that what it did not find is not there."""
        return not self.missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All that was found, judged against what was accepted."""

    runs: tuple[LayerRun, ...]
    judged: tuple[Judged, ...]
    command: str  # what people type to run it: "python manage.py boundaries"
    owners: Mapping[str, str] = field(default_factory=dict)  # by module
    homes: Mapping[str, str] = field(default_factory=dict)  # by module, the file that stands for findings without one
    observes: bool = False  # report, and fail for nothing

    @property
    def counting(self) -> tuple[Judged, ...]:
        """What makes the check fail, or would if it did not only observe."""
        return tuple(judged for judged in self.judged if judged.counts)

    @property
    def accepted(self) -> tuple[Judged, ...]:
        return tuple(judged for judged in self.judged if not judged.counts)

    @property
    def counts(self) -> Mapping[Standing, int]:
        counted = Counter(judged.standing for judged in self.judged)
        return {standing: counted[standing] for standing in Standing}

    @property
    def status(self) -> ExitStatus:
        if any(run.wanted and run.missed for run in self.runs) or all(run.is_blind for run in self.runs):
            return ExitStatus.COULD_NOT_RUN
        return ExitStatus.FINDINGS if self.counting and not self.observes else ExitStatus.HOLDS

    def place_of(self, finding: Finding) -> tuple[str, int]:
        """Return the file and line to show a finding at; one without a file is shown at its module's manifest."""
        return (finding.path, finding.line) if finding.path else (self.homes.get(finding.module, ""), 0)
