"""One run of the command: let the layers look, judge what they found, and where asked accept it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from infra.boundaries.baseline import entries
from infra.boundaries.baseline.entries import Baseline
from infra.boundaries.baseline.judging import judge, outdated
from infra.boundaries.baseline.recording import Change, Terms, record
from infra.boundaries.findings import Finding, in_order
from infra.boundaries.report import layers
from infra.boundaries.report.layers import Look, Place
from infra.boundaries.report.model import LayerRun, Report
from infra.boundaries.rules import Layer, Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A project, the layers that look at it, and the day on which they do."""

    place: Place
    looks: Mapping[Layer, Look]
    rules: Mapping[str, Rule]  # all that there are, by id
    today: date
    command: str  # what people type

    def look(self, wanted: Collection[Layer]) -> list[LayerRun]:
        """Let the layers look that are wanted; all there are when none is named."""
        return layers.run(
            [layer for layer in self.looks if not wanted or layer in wanted],
            self.place,
            wanted=wanted,
            looks=self.looks,
        )

    def report(self, runs: Sequence[LayerRun], *, module: str | None = None, observes: bool = False) -> Report:
        """Return what was found, in one module or in all, judged by the baselines.

        Raises:
            BaselineError: a baseline's file is malformed.
        """
        findings = _of_module((finding for run in runs for finding in run.findings), module)
        baselines = self.baselines({finding.module for finding in findings}, only=module)
        stale = outdated(
            findings,
            baselines.values(),
            rules=self.rules,
            looked={run.layer for run in runs if run.has_looked},
            shown={name: self._shown(baseline.file) for name, baseline in baselines.items()},
        )
        return Report(
            runs=tuple(runs),
            judged=tuple(judge(in_order([*findings, *stale]), baselines, today=self.today)),
            command=self.command,
            owners={manifest.name: manifest.owner for manifest in self.place.manifests},
            homes={
                manifest.name: self._shown(self._folder(manifest.name) / "manifest.py")
                for manifest in self.place.manifests
            },
            observes=observes,
        )

    def accept(self, runs: Sequence[LayerRun], terms: Terms, *, module: str | None = None) -> list[Change]:
        """Bring the baselines' files in line with what was found; return what changed.

        Raises:
            BaselineError: a file is malformed, or nobody owns what comes in; then no file was touched.
        """
        findings = in_order(_of_module((finding for run in runs for finding in run.findings), module))
        owners = {manifest.name: manifest.owner for manifest in self.place.manifests}
        changes = [
            record(
                [finding for finding in findings if finding.module == name],
                baseline,
                terms=terms,
                owner=owners.get(name, ""),
                today=self.today,
                rules=self.rules,
                looked={run.layer for run in runs if run.has_looked},
            )
            for name, baseline in self.baselines({finding.module for finding in findings}, only=module).items()
        ]
        for change in changes:
            if change.is_one:
                entries.write(change.baseline)
        return [change for change in changes if change.is_one]

    def baselines(self, found_in: Iterable[str], *, only: str | None = None) -> dict[str, Baseline]:
        """Return the baselines of all modules, and of what else was found something in, by module."""
        names = (
            {manifest.name for manifest in self.place.manifests} | self._packages | set(found_in) | self._left_at_root()
        )
        files = {name: self._file(name) for name in sorted(names) if only is None or name == only}
        return {name: entries.read(name, file, shown=self._shown(file)) for name, file in files.items()}

    @property
    def known_modules(self) -> list[str]:
        """What may be asked for by name: modules, and the packages above and below them."""
        return sorted({manifest.name for manifest in self.place.manifests} | self._packages)

    @property
    def _packages(self) -> set[str]:
        return {*self.place.house.above, *self.place.house.below}

    def _left_at_root(self) -> set[str]:
        """Modules without a folder whose findings were accepted; their files must leave, too."""
        ending = f".{entries.FILE}"
        return {file.name.removesuffix(ending) for file in self.place.house.root.glob(f"*{ending}")}

    def _file(self, module: str) -> Path:
        folder = self._folder(module)
        return (
            folder / entries.FILE
            if folder.is_dir()
            else self.place.house.root / f"{module or 'project'}.{entries.FILE}"
        )

    def _folder(self, module: str) -> Path:
        house = self.place.house
        is_module = any(manifest.name == module for manifest in self.place.manifests)
        if is_module:
            return house.folder / module
        return house.root / (module if module in self._packages else f"no folder for {module}")

    def _shown(self, file: Path) -> str:
        return file.relative_to(self.place.house.root).as_posix()


def _of_module(findings: Iterable[Finding], module: str | None) -> list[Finding]:
    return [finding for finding in findings if module is None or finding.module == module]
