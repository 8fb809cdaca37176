"""Modules that are most of the system, and modules that are hardly anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from infra.boundaries.manifest import Manifest
from infra.boundaries.patterns.evidence import NO_SOURCES, Evidence
from infra.boundaries.patterns.measures import Measure, Measured, NotMeasured
from infra.boundaries.patterns.rules import MEGA_MODULE, NANO_MODULE
from infra.contracts.declaration import declared_contracts

ENOUGH_TO_SHARE = 3  # modules; of two one is always the larger half


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much a module is."""

    lines: int
    share: float  # of the lines of all modules
    tables: int
    methods: int  # that others may ask
    use_cases: int  # public functions below use_cases
    asks: tuple[str, ...]
    asked_by: tuple[str, ...]


def size_of(manifest: Manifest, evidence: Evidence) -> Size:
    """Return a module's size; lines are 0 where the source text is not here."""
    lines = dict.fromkeys(evidence.names, 0)
    if evidence.sources is not None:
        lines = {name: sum(file.lines for file in evidence.sources.of(name)) for name in evidence.names}
    contracts = [contract for contract in declared_contracts() if contract.wire_name in manifest.offers]
    return Size(
        lines=lines[manifest.name],
        share=lines[manifest.name] / max(1, sum(lines.values())),
        tables=len(manifest.tables),
        methods=sum(len(contract.methods) for contract in contracts),
        use_cases=_use_cases(manifest.name, evidence),
        asks=manifest.asked_modules,
        asked_by=tuple(sorted(other.name for other in evidence.manifests if manifest.name in other.asked_modules)),
    )


def measured(evidence: Evidence) -> Iterator[Measured]:
    """Measure every module in both directions."""
    if evidence.sources is None:
        yield NotMeasured(MEGA_MODULE, NO_SOURCES)
        yield NotMeasured(NANO_MODULE, NO_SOURCES)
        return
    for manifest in evidence.manifests:
        size = size_of(manifest, evidence)
        yield from _mega(manifest, size, evidence)
        yield _nano(manifest, size, evidence)


def _mega(manifest: Manifest, size: Size, evidence: Evidence) -> Iterator[Measure]:
    limits = evidence.thresholds
    fan = len(size.asks) + len(size.asked_by)
    figures: list[tuple[str, float, float]] = [
        ("lines of code", size.lines, limits.lines),
        ("tables", size.tables, limits.tables),
        ("methods that others may ask", size.methods, limits.methods),
        ("modules that it asks or that ask it", fan, limits.fan),
    ]
    if len(evidence.manifests) >= ENOUGH_TO_SHARE:
        figures.append(("of the lines of all modules", round(size.share, 2), limits.share_of_the_whole))
    for unit, figure, threshold in figures:
        shown = f"{figure:.0%}" if isinstance(figure, float) else f"{figure:,}"
        yield Measure(
            rule=MEGA_MODULE,
            module=manifest.name,
            source=manifest.name,
            target=unit,
            figure=figure,
            unit=unit,
            threshold=threshold,
            too_much=figure > threshold,
            detail=f"{manifest.name} has {shown} {unit}; {threshold:g} is much.",
        )


def _nano(manifest: Manifest, size: Size, evidence: Evidence) -> Measure:
    fewest = evidence.thresholds.fewest_lines
    needed = fewest / 4 if size.tables else fewest
    return Measure(
        rule=NANO_MODULE,
        module=manifest.name,
        source=manifest.name,
        figure=size.lines,
        unit="lines of code, at least",
        threshold=needed,
        too_much=size.lines < needed,
        detail=f"{manifest.name} has {size.lines} lines, {size.tables} tables, {size.use_cases} use cases; asked by"
        f" {', '.join(size.asked_by) or 'nobody'}.",
    )


def _use_cases(module: str, evidence: Evidence) -> int:
    if evidence.sources is None:
        return 0
    return sum(
        1
        for name, places in evidence.sources.functions(module).items()
        for file, _ in places
        if not name.startswith("_") and "/use_cases" in file.shown
    )
