"""The made-up module of the engine's tests, out at its service, with nobody else around."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker

from infra.boundaries.manifest import Manifest
from infra.extraction.move import operations
from infra.extraction.move.verifying import applier_of
from infra.extraction.record.changing import read
from tests.extraction.move.place import MODULE, TABLES, Place, fresh_databases, made_up_module

MANIFEST = Manifest(name=MODULE, owner="Tests <tests@example.com>", purpose="Books that balance.", tables=TABLES)


@pytest.fixture
def place(database: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Iterator[Place]:
    with django_db_blocker.unblock(), fresh_databases(2) as (monolith, service):
        with (
            made_up_module(monolith, service, tmp_path) as made,
            override_settings(
                MANIFESTS=(*settings.MANIFESTS, MANIFEST),
                MODULE_LOCATIONS={**settings.MODULE_LOCATIONS, MODULE: "local"},
                ADMIN_DATABASE_URL=monolith,
                STATE_DIR=tmp_path,
            ),
        ):
            yield made
        connections.close_all()


def carry(place: Place) -> None:
    """Carry what there is, as a carrier does."""
    where = read(MODULE)
    source, target = place.sides if where.home == "monolith" else place.sides[::-1]
    with applier_of(source, target) as applier:
        applier.copy_all()
        applier.step()


@pytest.fixture
def switched(place: Place) -> Place:
    """The module's truth is at its service, and one entry was written there."""
    monolith, service = place.sides
    place.write(monolith)
    place.begin()
    carry(place)
    operations.switch(MODULE, who="ada", why="to try it")
    place.write(service)
    carry(place)
    return place
