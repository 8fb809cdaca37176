"""Figures and phases as people read them in a terminal."""

from __future__ import annotations

from infra.extraction.record.values import Phase

PHASES: dict[str, str] = {
    Phase.IN_PROCESS: "in process",
    Phase.SHARED_DATABASE: "shared database",
    Phase.DUAL_WRITE: "dual write",
    Phase.SWITCHED: "switched",
    Phase.SPLIT: "split",
}


def line_of_phases(now: str) -> str:
    """Return the phases as a line with the present one marked: ── in process ──● shared database ○── ..."""
    names = list(PHASES)
    reached = names.index(now) if now in PHASES else 0
    parts = [f"{'●' if number <= reached else '○'} {text}" for number, text in enumerate(PHASES.values())]
    marked = [f"[{part}]" if number == reached else part for number, part in enumerate(parts)]
    return " ── ".join(marked)


def duration(seconds: float) -> str:
    """Return a time as people say it."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} minutes" if seconds < 7200 else f"{seconds / 3600:.1f} hours"


def size(amount: float) -> str:
    megabyte = 1024 * 1024
    return f"{amount / megabyte:,.1f} MB" if amount >= megabyte / 10 else f"{amount / 1024:,.0f} KB"
