"""A write that the fence refused is told from every other error."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, ProgrammingError, connections, transaction

from infra.extraction.fence import refused_by_fence

pytestmark = pytest.mark.usefixtures("database")


def write(statement: str) -> None:
    with transaction.atomic("users"), connections["users"].cursor() as cursor:
        cursor.execute(statement)


def test_a_refused_write_is_known_through_every_error_that_it_became() -> None:
    with pytest.raises(ProgrammingError) as refused:
        write("UPDATE django_migrations SET name = name")
    became = RuntimeError("what a use case made of it")
    became.__cause__ = refused.value

    assert refused_by_fence(refused.value)
    assert refused_by_fence(became)


def test_other_errors_of_the_database_are_not_the_fence() -> None:
    with pytest.raises(IntegrityError) as broken:
        write("INSERT INTO scheduled_task (name, runs, failures) VALUES (NULL, 0, 0)")

    assert not refused_by_fence(broken.value)
    assert not refused_by_fence(ValueError("no"))
    assert not refused_by_fence(None)
