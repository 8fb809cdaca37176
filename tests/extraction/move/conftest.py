"""The made-up module in two fresh databases for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from tests.extraction.move.place import Place, fresh_databases, made_up_module


@pytest.fixture
def place(database: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Iterator[Place]:
    with django_db_blocker.unblock(), fresh_databases(2) as (monolith, service):
        with made_up_module(monolith, service, tmp_path) as made:
            yield made
        connections.close_all()
