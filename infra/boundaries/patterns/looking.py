"""Measuring where we stand: with what was observed and the database's catalogue, where they can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import Error, connections

from infra.boundaries.generation.house import House
from infra.boundaries.manifest import Manifest
from infra.boundaries.observation.figures import Observations
from infra.boundaries.observation.reading import observed
from infra.boundaries.observation.storing import ALIAS
from infra.boundaries.patterns import gathered
from infra.boundaries.patterns.evidence import Evidence
from infra.databases.configuration import url_variable
from infra.databases.preparation import embedded_server
from infra.databases.reachability import complaint_about, extra_options


@contextmanager
def evidence_here(manifests: Sequence[Manifest], house: House) -> Iterator[tuple[Evidence, str]]:
    """Yield all that can be looked at from here, and a sentence on what cannot; "" where everything can."""
    complaint = complaint_about_database()
    if complaint:
        yield gathered(manifests, house), complaint
        return
    observations, complaint = _observed()
    with _connected() as connection:
        yield gathered(manifests, house, observations, connection), complaint


def complaint_about_database(alias: str = ALIAS) -> str:
    """Return why an alias's database cannot be asked, and what to do; "" where it can. Tried without a pool, which would wait."""
    server = embedded_server()
    if server and not server.is_running():
        return "The embedded PostgreSQL does not run. Start it (make run) and ask again."
    return complaint_about(connections[alias].settings_dict, f"The database of {alias}", url_variable(alias)) or ""


def _observed() -> tuple[Observations | None, str]:
    try:
        return observed(), ""
    except Error as error:
        return None, f"What was observed cannot be read ({error}): python manage.py migrate_modules"


@contextmanager
def _connected() -> Iterator[psycopg.Connection[Any]]:
    login = connections[ALIAS].settings_dict
    with psycopg.connect(
        host=login["HOST"] or None,
        port=login["PORT"] or None,
        user=login["USER"],
        password=login["PASSWORD"],
        dbname=login["NAME"],
        **extra_options(login),
    ) as connection:
        yield connection
