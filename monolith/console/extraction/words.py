"""Figures as people say them."""

from __future__ import annotations

from infra.extraction.record.values import MONOLITH, Phase

PHASES: dict[str, str] = {
    Phase.IN_PROCESS: "in process",
    Phase.SHARED_DATABASE: "shared database",
    Phase.DUAL_WRITE: "dual write",
    Phase.SWITCHED: "switched",
    Phase.SPLIT: "split",
}
MEANINGS: dict[str, str] = {
    Phase.IN_PROCESS: "The monolith runs it on its own tables.",
    Phase.SHARED_DATABASE: "The service may answer, too, on the monolith's tables.",
    Phase.DUAL_WRITE: "Every write reaches the service's tables, too.",
    Phase.SWITCHED: "The service's tables are the truth; every write flows back.",
    Phase.SPLIT: "The service is alone: the monolith holds nothing of it.",
}


def count(number: float) -> str:
    """Return a whole number with narrow gaps between its thousands."""
    return f"{round(number):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def duration(seconds: float) -> str:
    """Return a time as people say it: 38 ms, 4.2 s, 3 min 20 s, 5 h 10 min."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def milliseconds(number: float) -> str:
    """Return a lag as people say it: 0.8 ms, 38 ms, 4.2 s."""
    return f"{number:.1f} ms" if number < 10 else duration(number / 1000)


def side(name: str) -> str:
    return "the monolith" if name == MONOLITH else "the service"
