"""Anti-patterns, measured: each figure beside its threshold, whether or not it is too much, and what could not be measured.

`check` gives what is too much, as findings; `measure` gives all figures, for the report.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from django.apps import apps

from infra.boundaries.findings import Finding, in_order
from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.observation.figures import Observations
from infra.boundaries.patterns import (
    chatty_calls,
    distributed_monolith,
    idempotency,
    shared_database,
    sizes,
    versions,
)
from infra.boundaries.patterns.evidence import Evidence
from infra.boundaries.patterns.history import History, history_of
from infra.boundaries.patterns.measures import Measured, findings
from infra.boundaries.patterns.sources import Sources
from infra.boundaries.patterns.thresholds import Thresholds, thresholds

__all__ = ["Evidence", "History", "Sources", "Thresholds", "check", "gathered", "measure"]

_PATTERNS = (shared_database, distributed_monolith, chatty_calls, sizes, versions, idempotency)


def gathered(
    manifests: Sequence[Manifest],
    house: House | None = None,
    observations: Observations | None = None,
    connection: psycopg.Connection[Any] | None = None,
    history: History | None = None,
) -> Evidence:
    """Return what there is to look at; with a house also its source text, and its history unless one is given."""
    return Evidence(
        manifests=manifests,
        thresholds=thresholds(),
        sources=Sources(house) if house else None,
        observations=observations,
        connection=connection,
        history=history or (history_of(house, {manifest.name for manifest in manifests}) if house else None),
        has_application=apps.ready,
    )


def measure(evidence: Evidence) -> list[Measured]:
    """Return every figure, pattern by pattern, and what could not be measured."""
    return [measured for pattern in _PATTERNS for measured in pattern.measured(evidence)]


def check(
    manifests: Sequence[Manifest],
    house: House | None = None,
    observations: Observations | None = None,
    connection: psycopg.Connection[Any] | None = None,
    history: History | None = None,
) -> list[Finding]:
    """Return what is too much. Whatever is not given is not measured."""
    return in_order(findings(measure(gathered(manifests, house, observations, connection, history))))
