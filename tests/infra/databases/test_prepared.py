from __future__ import annotations

import pytest
from django.db import ProgrammingError, connections
from django.test.utils import CaptureQueriesContext

from infra.databases.configuration import DatabaseConfiguration
from infra.databases.prepared import prepared_cursor
from infra.deployment.environment import Environment

pytestmark = pytest.mark.usefixtures("database")

STATEMENT = "SELECT %s::int + 1"


def times_prepared(statement: str) -> int:
    with connections["catalog"].cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement = %s", [statement])
        return int(cursor.fetchone()[0])


def test_a_statement_is_planned_once_for_all_its_parameters() -> None:
    for number in (1, 2, 3):
        with prepared_cursor("catalog") as cursor:
            cursor.execute(STATEMENT, [number])
            assert cursor.fetchone() == (number + 1,)

    assert times_prepared("SELECT $1::int + 1") == 1


def test_nothing_is_prepared_where_a_pooler_could_not_bear_it() -> None:
    url = "postgresql://tests:tests@127.0.0.1:1/nowhere"
    variables = {"CATALOG_DATABASE_URL": url, "DATABASE_PREPARES": "no"}

    configuration = DatabaseConfiguration(Environment(variables), {"catalog": "catalog"}, embedded=None)

    assert configuration.serving()["catalog"]["OPTIONS"]["prepare_threshold"] is None


def test_its_statements_are_counted_and_its_errors_are_djangos() -> None:
    with CaptureQueriesContext(connections["catalog"]) as queries, prepared_cursor("catalog") as cursor:
        cursor.execute(STATEMENT, [1])
        with pytest.raises(ProgrammingError):
            cursor.execute("SELECT * FROM not_there")

    assert len(queries) == 2
