"""A project of one's own to report on: two modules in a folder, and layers that find what a test says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from infra.boundaries.findings import Finding
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.report.layers import Look, Looked, Place, blind
from infra.boundaries.report.session import Session
from infra.boundaries.rules import Layer
from tests.boundaries.planted import RULES

TODAY = date(2027, 1, 1)


def manifest(name: str) -> Manifest:
    return Manifest(name=name, owner=f"The {name} team", purpose="To be reported on.", tables=())


def session_in(root: Path, looks: Mapping[Layer, Look], *, today: date = TODAY) -> Session:
    for name in ("modules/sales", "modules/stock", "monolith", "infra"):
        (root / name).mkdir(parents=True, exist_ok=True)
    house = House(root=root, modules="modules", above=("monolith",), below=("infra",))
    place = Place(manifests=(manifest("sales"), manifest("stock")), house=house)
    return Session(place=place, looks=looks, rules=RULES, today=today, command="python manage.py boundaries")


def finds(*findings: Finding, missed: str = "") -> Look:
    """Return how a layer looks that finds these."""
    return lambda place: Looked(findings=findings, missed=missed)


def cannot(reason: str) -> Look:
    """Return how a layer looks that cannot."""
    return lambda place: blind(reason)
