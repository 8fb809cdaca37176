"""Words that the questions to PostgreSQL's catalogue share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import psycopg

Connection = psycopg.Connection[Any]

# Schemas that PostgreSQL keeps for itself.
SYSTEM = (
    "(nspname IN ('pg_catalog', 'information_schema') OR nspname LIKE 'pg\\_toast%%' OR nspname LIKE 'pg\\_temp%%')"
)

# What one may call each kind of relation.
RELATION_KIND = (
    "CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialised view'"
    " WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'c' THEN 'type' ELSE 'index' END"
)


def rows(connection: Connection, question: str, parameters: Mapping[str, object]) -> Iterator[tuple[Any, ...]]:
    """Yield a question's answers."""
    yield from connection.execute(question, parameters).fetchall()
