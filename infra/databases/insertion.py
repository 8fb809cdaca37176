"""Rows of several tables in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault
from psycopg import sql

from infra.databases.prepared import prepared_cursor


def insert_together(groups: Sequence[Sequence[Model]], *, using: str) -> None:
    """Insert unsaved instances of several models, one group per model, in one round trip: all or none.

    For hot paths that write several rows at once. Fields with a default of the database's are left to it in all rows of a
    group, unless the group's first instance has a value. Signals are not sent.

    Raises:
        IntegrityError: as from any insert; nothing is stored.
    """
    filled = [group for group in groups if group]
    if not filled:
        return
    tables = tuple((group[0]._meta.db_table, _columns(group[0])) for group in filled)
    rows = [_rows(group, columns) for group, (_, columns) in zip(filled, tables, strict=True)]
    with prepared_cursor(using) as cursor:
        cursor.execute(_statement(tables), rows)
    for group in filled:
        for instance in group:
            instance._state.adding, instance._state.db = False, using


@lru_cache(maxsize=64)
def _statement(tables: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    inserts = [
        sql.SQL(
            "INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_populate_recordset(NULL::{table}, %s)"
        ).format(table=sql.Identifier(table), columns=sql.SQL(", ").join(map(sql.Identifier, columns)))
        for table, columns in tables
    ]
    *first, last = inserts
    if not first:
        return last.as_string()
    named = [sql.SQL("part{} AS ({})").format(sql.SQL(str(number)), insert) for number, insert in enumerate(first)]
    return sql.SQL("WITH {} {}").format(sql.SQL(", ").join(named), last).as_string()


def _columns(instance: Model) -> tuple[str, ...]:
    return tuple(
        str(field.column)
        for field in instance._meta.concrete_fields
        if not isinstance(field.value_from_object(instance), DatabaseDefault)
    )


def _rows(group: Sequence[Model], columns: Sequence[str]) -> str:
    fields = [field for field in group[0]._meta.concrete_fields if field.column in columns]
    rows: list[dict[str, Any]] = [
        {str(field.column): field.value_from_object(instance) for field in fields} for instance in group
    ]
    return msgspec.json.encode(rows).decode()
