"""A live database to plant defects in: always in a transaction that is rolled back, as roles belong to the whole server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings

from infra.boundaries.database.audit import check
from infra.boundaries.database.places import Places, places_in
from infra.boundaries.findings import Finding
from infra.databases.preparation import schema_roles
from tests import databases

Administrator = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def administrator() -> Iterator[Administrator]:
    """Yield an administrator's connection to the test's own database, and take back all that was done with it."""
    with psycopg.connect(databases.admin_url(settings.DATABASES["orders"]["NAME"])) as connection:
        yield connection
        connection.rollback()


def places() -> Places:
    return places_in(schema_roles(settings.ALIASES), settings.MANIFESTS)


def found_after(planted: Sequence[str | Callable[[Administrator], object]]) -> list[Finding]:
    """Return what the audit finds after statements, which are taken back."""
    with administrator() as admin:
        for statement in planted:
            if callable(statement):
                statement(admin)
            else:
                admin.execute(statement)
        return check(settings.MANIFESTS, admin, places())
