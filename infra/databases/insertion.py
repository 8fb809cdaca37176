"""Rows of several tables in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec
from django.db import connections
from django.db.models import Model


def insert_together(groups: Sequence[Sequence[Model]], *, using: str) -> None:
    """Insert unsaved instances of several models, one group per model, in one round trip: all or none.

    For hot paths that write several rows at once; every field goes as it stands in the instance, so defaults that the
    database would fill in, and generated columns, are not for it. Signals are not sent.

    Raises:
        IntegrityError: as from any insert; nothing is stored.
    """
    filled = [group for group in groups if group]
    if not filled:
        return
    statement = _statement(tuple(type(group[0]) for group in filled))
    with connections[using].cursor() as cursor:
        cursor.execute(statement, [_rows(group) for group in filled])
    for group in filled:
        for instance in group:
            instance._state.adding, instance._state.db = False, using


@lru_cache(maxsize=64)
def _statement(models: tuple[type[Model], ...]) -> str:
    inserts = [
        f'INSERT INTO "{model._meta.db_table}" SELECT * FROM jsonb_populate_recordset(NULL::"{model._meta.db_table}", %s)'  # noqa: S608
        for model in models
    ]
    named = [f"part{number} AS ({insert})" for number, insert in enumerate(inserts[:-1])]
    return f"WITH {', '.join(named)} {inserts[-1]}" if named else inserts[-1]


def _rows(group: Sequence[Model]) -> str:
    rows: list[dict[str, Any]] = [
        {str(field.column): field.value_from_object(instance) for field in instance._meta.concrete_fields}
        for instance in group
    ]
    return msgspec.json.encode(rows).decode()
