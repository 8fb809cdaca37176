"""How each layer is made to look, and what it says when it cannot. Layers are imported when their turn comes."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from infra.boundaries.report.layers import Look, Looked, Place, blind
from infra.boundaries.rules import Layer


def _manifest(place: Place) -> Looked:
    from infra.boundaries.generation import reality

    return Looked(findings=reality.check(place.manifests, place.house))


def _static(place: Place) -> Looked:
    static = _arrived("infra.boundaries.static")
    if static is None:
        return blind("this layer is not part of this build.")
    return Looked(findings=static.check(static.Project.of(place.house, place.manifests)))


def _application(place: Place) -> Looked:
    application = _arrived("infra.boundaries.application")
    if application is None:
        return blind("this layer is not part of this build.")
    return Looked(findings=application.check(place.manifests))


def _database(place: Place) -> Looked:
    from infra.boundaries.report import databases

    return databases.look(place)


def _compatibility(place: Place) -> Looked:
    from infra.compatibility import project

    return Looked(findings=project.check(place.manifests, place.house.modules))


def _arrived(name: str) -> Any:
    try:
        module = import_module(name)
    except ModuleNotFoundError:
        return None
    return module if hasattr(module, "check") else None


LOOKS: Mapping[Layer, Look] = {
    Layer.MANIFEST: _manifest,
    Layer.STATIC: _static,
    Layer.APPLICATION: _application,
    Layer.DATABASE: _database,
    Layer.COMPATIBILITY: _compatibility,
}
