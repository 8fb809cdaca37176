"""How each layer is made to look, and what it says when it cannot. Layers are imported when their turn comes."""

from __future__ import annotations

from collections.abc import Mapping

from infra.boundaries.report.layers import Look, Looked, Place, blind
from infra.boundaries.rules import Layer


def _manifest(place: Place) -> Looked:
    from infra.boundaries.generation import reality

    return Looked(findings=reality.check(place.manifests, place.house))


def _static(place: Place) -> Looked:
    try:
        from infra.boundaries import static
    except ModuleNotFoundError as error:
        if error.name not in {"grimp", "importlinter"}:
            raise
        return blind("import-linter is not installed where only what serves is installed. `make check` installs it.")
    return Looked(findings=static.check(static.Project.of(place.house, place.manifests)))


def _application(place: Place) -> Looked:
    from infra.boundaries import application

    return Looked(findings=application.check(place.manifests))


def _database(place: Place) -> Looked:
    from infra.boundaries.report import databases

    return databases.look(place)


def _run_time(place: Place) -> Looked:
    from infra.boundaries.report import observed

    return observed.look_at_run_time(place)


def _patterns(place: Place) -> Looked:
    from infra.boundaries.report import observed

    return observed.look_at_patterns(place)


def _compatibility(place: Place) -> Looked:
    from infra.compatibility import project

    return Looked(findings=project.check(place.manifests, place.house.modules))


LOOKS: Mapping[Layer, Look] = {
    Layer.MANIFEST: _manifest,
    Layer.STATIC: _static,
    Layer.APPLICATION: _application,
    Layer.DATABASE: _database,
    Layer.RUNTIME: _run_time,
    Layer.PATTERN: _patterns,
    Layer.COMPATIBILITY: _compatibility,
}
