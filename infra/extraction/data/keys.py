"""How a row's key is spelled in the log, read back, and compared: SQL over one table's primary key.

A key of one column is that column's text; one of several is a JSON array of texts.
"""

from __future__ import annotations

from psycopg import sql

from infra.extraction.data.tables import Column, Table

_PLAIN = dict.fromkeys(("smallint", "integer", "bigint"), "{}::text") | {"uuid": """'"' || {}::text || '"'"""}
_DATED = ("date", "time")  # their plain text depends on the writer's settings; that of JSON doesn't


def spelled(table: Table, row: str) -> sql.Composed:
    """Return the expression that spells the key of `row`, whatever settings its writer has."""
    values = [sql.SQL("{}.{}").format(sql.Identifier(row), column.identifier) for column in table.key]
    if len(values) > 1:
        if all(column.type in _PLAIN for column in table.key):  # this text is JSON's own, at a tenth of its price
            texts = [
                sql.SQL(_PLAIN[column.type]).format(value) for column, value in zip(table.key, values, strict=True)
            ]
            return sql.SQL("'[' || {} || ']'").format(sql.SQL(" || ', ' || ").join(texts))
        return sql.SQL("jsonb_build_array({})::text").format(sql.SQL(", ").join(values))
    if table.key[0].type.startswith(_DATED):
        return sql.SQL("to_jsonb({}) #>> '{{}}'").format(values[0])
    return sql.SQL("{}::text").format(values[0])


def typed(table: Table, spelling: sql.Composable) -> sql.Composed:
    """Return the list of the key's values from the expression `spelling`, comma-separated."""
    if len(table.key) == 1:
        return sql.SQL("({})::{}").format(spelling, _type(table.key[0]))
    return sql.SQL(", ").join(
        sql.SQL("(({})::jsonb ->> {})::{}").format(spelling, sql.Literal(place), _type(column))
        for place, column in enumerate(table.key)
    )


def ordered(table: Table, row: str, *, descending: bool = False) -> sql.Composed:
    """Return an ORDER BY list that means the same on every server: text in the order of its bytes."""
    direction = sql.SQL(" DESC") if descending else sql.SQL("")
    return sql.SQL(", ").join(
        sql.SQL("{}{}").format(
            _comparable(column, sql.SQL("{}.{}").format(sql.Identifier(row), column.identifier)), direction
        )
        for column in table.key
    )


def compared(table: Table, row: str, operator: str, spelling: str) -> sql.Composed:
    """Return the condition that the key of `row` stands so to the key that `spelling` spells."""
    return _compared_to(table, ordered(table, row), operator, spelling)


def _compared_to(table: Table, left: sql.Composable, operator: str, spelling: str) -> sql.Composed:
    right = typed(table, sql.Literal(spelling))
    return sql.SQL("ROW({}) {} ROW({})").format(left, sql.SQL(operator), right)


def spelled_compared(table: Table, spelling: sql.Composable, operator: str, bound: str) -> sql.Composed:
    """Return the condition that a spelled key stands so to another spelled one."""
    return _compared_to(table, spelled_list(table, spelling), operator, bound)


def spelled_list(table: Table, spelling: sql.Composable) -> sql.Composed:
    """Return a spelled key's values as they are compared."""
    if len(table.key) == 1:
        return _comparable(table.key[0], typed(table, spelling))
    return sql.SQL(", ").join(
        _comparable(column, sql.SQL("(({})::jsonb ->> {})::{}").format(spelling, sql.Literal(place), _type(column)))
        for place, column in enumerate(table.key)
    )


def among(table: Table, row: str, spellings: sql.Composable) -> sql.Composed:
    """Return the condition that the key of `row` is one of the array `spellings`."""
    left = sql.SQL(", ").join(sql.SQL("{}.{}").format(sql.Identifier(row), column.identifier) for column in table.key)
    return sql.SQL("({}) IN (SELECT {} FROM unnest(({})::text[]) AS k(spelling))").format(
        left, typed(table, sql.SQL("k.spelling")), spellings
    )


def _type(column: Column) -> sql.SQL:
    return sql.SQL(column.type)  # as the catalogue spells it, quoted where it must be


def _comparable(column: Column, value: sql.Composable) -> sql.Composed:
    if column.collated and not column.byte_order:
        return sql.SQL('{} COLLATE pg_catalog."C"').format(value)
    return sql.SQL("{}").format(value)
