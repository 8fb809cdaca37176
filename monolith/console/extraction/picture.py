"""A module's way as a line of five phases: where it is, where it may go on and back."""

from __future__ import annotations

from dataclasses import dataclass

from infra.extraction.record.values import Phase
from monolith.console.extraction import words
from monolith.console.extraction.state import Move
from monolith.console.extraction.steps import VERBS


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One phase on the line."""

    name: str
    means: str
    place: str  # passed, here, ahead
    reach: str  # how it is reached from here: "next", "back", or "" where it can't be at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The whole line, and the same in a sentence."""

    stops: tuple[Stop, ...]
    sentence: str


def line_of(move: Move) -> Line:
    phases = list(Phase)
    here = phases.index(Phase(move.where.phase))
    reach = {
        verb.leads_to: "back" if verb.is_back else "next"
        for verb in VERBS
        if move.where.phase in verb.phases and verb.leads_to
    }
    stops = tuple(
        Stop(
            name=words.PHASES[phase],
            means=words.MEANINGS[phase],
            place="here" if place == here else "passed" if place < here else "ahead",
            reach=reach.get(phase, ""),
        )
        for place, phase in enumerate(phases)
    )
    return Line(stops=stops, sentence=_sentence(move, stops, here))


def _sentence(move: Move, stops: tuple[Stop, ...], here: int) -> str:
    said = f"{move.module} is in phase {here + 1} of {len(stops)}, {stops[here].name}."
    on = next((stop.name for stop in stops if stop.reach == "next"), "")
    back = next((stop.name for stop in stops if stop.reach == "back"), "")
    said += f" It may go on to {on}" if on else " It goes no further"
    return said + (
        f", or back to {back}." if back else ", and there is no way back." if here == len(stops) - 1 else "."
    )
