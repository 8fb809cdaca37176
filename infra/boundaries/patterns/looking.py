"""Measuring where we stand: with what was observed and the database's catalogue, where they can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import Error, connections

from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.observation.figures import Observations
from infra.boundaries.observation.reading import observed
from infra.boundaries.observation.storing import ALIAS
from infra.boundaries.patterns import gathered
from infra.boundaries.patterns.evidence import Evidence
from infra.databases.preparation import complaint_about_alias
from infra.databases.reachability import connect


@contextmanager
def evidence_here(manifests: Sequence[Manifest], house: House) -> Iterator[tuple[Evidence, str]]:
    """Yield all that can be looked at from here, and a sentence on what cannot; "" where everything can."""
    complaint = complaint_about_alias(ALIAS)
    if complaint:
        yield gathered(manifests, house), complaint
        return
    observations, complaint = _observed()
    with connect(connections[ALIAS].settings_dict) as connection:
        yield gathered(manifests, house, observations, connection), complaint


def _observed() -> tuple[Observations | None, str]:
    try:
        return observed(), ""
    except Error as error:
        return None, f"What was observed cannot be read ({error}): python manage.py migrate_modules"
