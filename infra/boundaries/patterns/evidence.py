"""All that the measures look at. Whatever is missing is said, not guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg

from infra.boundaries.manifest import Manifest
from infra.boundaries.observation.figures import Observations
from infra.boundaries.patterns.history import History
from infra.boundaries.patterns.sources import Sources
from infra.boundaries.patterns.thresholds import Thresholds

NOBODY_WATCHED = (
    "no running shop was watched. Start it (make run), use it or send it load, and ask again; its figures come within"
    " seconds."
)
NO_SOURCES = "the modules' source text is not here."
NO_DATABASE = "no database was asked. Start it (make run) and ask again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What there is to look at."""

    manifests: Sequence[Manifest]
    thresholds: Thresholds
    sources: Sources | None = None
    observations: Observations | None = None  # None or empty: nobody watched
    connection: psycopg.Connection[Any] | None = None
    history: History | None = None
    has_application: bool = False  # the Django project is loaded: contracts, events, routes and tasks are declared

    @property
    def names(self) -> frozenset[str]:
        return frozenset(manifest.name for manifest in self.manifests)
