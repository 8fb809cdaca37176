"""Running the layers, each where it can run: what it needs is looked for first, and its lack is a sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from infra.boundaries.baseline import rules as baseline_rules
from infra.boundaries.findings import Finding
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.report.model import LayerRun
from infra.boundaries.rules import Layer, Rule, all_rules

# Importing these declares the rules of all layers.
_RULE_FILES = (
    baseline_rules.__name__,
    "infra.boundaries.generation.rules",
    "infra.boundaries.static.rules",
    "infra.boundaries.application.rules",
    "infra.boundaries.database.rules",
    "infra.boundaries.runtime.rules",
    "infra.boundaries.patterns.rules",
    "infra.compatibility.rules",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The project that is looked at."""

    manifests: Sequence[Manifest]
    house: House


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a layer found, and what it could not look at from here."""

    findings: Iterable[Finding] = ()
    missed: str = ""  # a sentence that says why, and what to do; empty: it has looked at everything
    is_blind: bool = False  # it has looked at nothing
    notes: Sequence[str] = ()  # worth knowing, and no finding


def blind(why: str) -> Looked:
    """Return what a layer says that cannot look from here."""
    return Looked(missed=why, is_blind=True)


Look = Callable[[Place], Looked]


def every_rule() -> Mapping[str, Rule]:
    """Return the rules of all layers, by id."""
    for name in _RULE_FILES:
        import_module(name)
    return {rule.id: rule for rule in all_rules()}


def run(
    layers: Iterable[Layer], place: Place, *, wanted: Iterable[Layer], looks: Mapping[Layer, Look]
) -> list[LayerRun]:
    """Let each layer look, in the order given.

    Args:
        wanted: those that somebody asked for by name.
        looks: how each looks.
    """
    asked = set(wanted)
    return [_run(layer, place, wanted=layer in asked, look=looks[layer]) for layer in layers]


def _run(layer: Layer, place: Place, *, wanted: bool, look: Look) -> LayerRun:
    began = time.perf_counter()
    looked = look(place)
    return LayerRun(
        layer=layer,
        findings=tuple(looked.findings),
        seconds=time.perf_counter() - began,
        missed=looked.missed,
        is_blind=looked.is_blind,
        notes=tuple(looked.notes),
        wanted=wanted,
    )
