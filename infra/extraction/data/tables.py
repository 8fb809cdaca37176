"""What must be known of a table to carry its rows: columns, key, how keys are compared, what refers to what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from psycopg import sql

from infra.extraction.data.connections import Connection
from infra.extraction.data.errors import CannotBeCarried

_USER_DEFINED = 16384  # object ids from here on differ between databases
_IN_BYTE_ORDER = ("C", "POSIX", "C.UTF-8", "C.utf8", "C.UTF8")
# For these the hash of a value tells all values apart that the column can hold; all others are hashed as text.
_HASHED_BY_VALUE = frozenset(
    ["boolean", "smallint", "integer", "bigint", "uuid", "text", "date", "jsonb", "bytea", "inet"]
) | {
    "character varying",
    "timestamp with time zone",
    "timestamp without time zone",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column whose values are carried; generated ones are computed anew on the other side."""

    name: str
    type: str  # as format_type spells it, with its modifier
    collated: bool
    byte_order: bool  # its own order is that of bytes, so an index in it serves
    portable: bool  # its binary form means the same in another database
    always_identity: bool
    enumerated: bool = False
    built_in: bool = True  # its type is one of PostgreSQL's own

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.name)

    def hashed(self, row: str, *, as_text: bool) -> sql.Composed:
        """Return what this column puts into a row's hash."""
        value = sql.SQL("{}.{}").format(sql.Identifier(row), self.identifier)
        by_value = self.type.partition("(")[0].strip() in _HASHED_BY_VALUE or (
            self.type.startswith("numeric(") and "," in self.type
        )
        if as_text or not by_value:
            value = sql.SQL("{}::text").format(value)
        if self.collated or as_text or not by_value:
            value = sql.SQL('{} COLLATE pg_catalog."C"').format(value)
        elif self.type.startswith("numeric"):
            value = sql.SQL("{0}, {0} IS NULL").format(value)  # NaN has the hash of nothing
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A foreign key between two of the module's tables."""

    constraint: str
    table: str  # which refers
    columns: tuple[str, ...]
    to: str
    to_columns: tuple[str, ...]
    deferrable: bool
    acts: bool  # deleting the row that is referred to does something: cascade, set null, or refuse at once
    definition: str

    @property
    def needs_rows_around(self) -> bool:
        """Whether a row that is referred to can't be taken out for a moment without its referring rows."""
        return self.acts or not self.deferrable


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """A column of the target with what it gets: a column of the source, or one value for all new rows."""

    here: Column | None
    there: Column
    value: str | None = None  # as text, where there is no column

    def selected(self, row: str) -> sql.Composable:
        """Return the expression on the source."""
        if self.here is None:
            return sql.SQL("{}::text").format(sql.Literal(self.value))
        value = sql.SQL("{}.{}").format(sql.Identifier(row), self.here.identifier)
        if self.here.type == self.there.type:
            return value
        if self.there.built_in and self.here.built_in and not self.there.type.startswith("character"):
            return sql.SQL("{}::{}").format(value, sql.SQL(self.there.type))
        return sql.SQL("{}::text").format(value)  # what is too long is refused then, and not cut


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table that is carried; `number` names it in the log, and lower numbers are referred to by higher ones.

    Where the target's table differs, it is the `twin`, and `counterparts` say what goes where (`mapping.py`).
    """

    number: int
    name: str
    columns: tuple[Column, ...]
    key: tuple[Column, ...]
    references: tuple[Reference, ...]  # from this table to others of the module, or to itself
    twin: Table | None = None
    counterparts: tuple[Counterpart, ...] = ()

    def on(self, schema: str) -> sql.Identifier:
        return sql.Identifier(schema, self.name)

    @property
    def there(self) -> Table:
        """The table as it is on the target."""
        return self.twin or self

    @property
    def binary(self) -> bool:
        """Whether rows may pass in binary form: every value means the same on both sides."""
        return all(column.portable for column in self.columns) and all(
            each.here is not None and each.here.type == each.there.type for each in self.counterparts
        )

    @property
    def column_list(self) -> sql.Composed:
        return sql.SQL(", ").join(column.identifier for column in self.columns)

    @property
    def carried_list(self) -> sql.Composed:
        """The target's columns that are carried, in the order of `selected`."""
        if not self.counterparts:
            return self.column_list
        return sql.SQL(", ").join(each.there.identifier for each in self.counterparts)

    @property
    def kept(self) -> set[str]:
        """The target's columns that only new rows get: an existing row keeps what it has there."""
        return {each.there.name for each in self.counterparts if each.here is None}

    def selected(self, row: str) -> sql.Composed:
        """Return the source's expressions of all that is carried of a row."""
        if not self.counterparts:
            return sql.SQL(", ").join(
                sql.SQL("{}.{}").format(sql.Identifier(row), column.identifier) for column in self.columns
            )
        return sql.SQL(", ").join(each.selected(row) for each in self.counterparts)

    def hashed(self, row: str, *, on_target: bool, as_text: bool) -> sql.Composed:
        """Return the list of all values that must be the same on both sides, in the same order on both."""
        if not self.counterparts:
            columns = sorted(self.columns, key=lambda column: column.name)
            return sql.SQL(", ").join(column.hashed(row, as_text=as_text) for column in columns)
        pairs = sorted((each for each in self.counterparts if each.here is not None), key=lambda each: each.there.name)
        values = (
            sql.SQL("{}.{}").format(sql.Identifier(row), each.there.identifier) if on_target else each.selected(row)
            for each in pairs
        )
        return sql.SQL(", ").join(sql.SQL('({})::text COLLATE pg_catalog."C"').format(value) for value in values)

    @property
    def key_list(self) -> sql.Composed:
        return sql.SQL(", ").join(column.identifier for column in self.key)


_COLUMNS = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attcollation <> 0,
       CASE WHEN co.collprovider = 'd'
            THEN (SELECT CASE WHEN datlocprovider = 'c' THEN datcollate ELSE datlocale END
                    FROM pg_database WHERE datname = current_database())
            ELSE co.collcollate END,
       t.oid::bigint, bt.typtype::text, bt.oid::bigint, a.attgenerated::text, a.attidentity::text
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type bt ON bt.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
  LEFT JOIN pg_collation co ON co.oid = a.attcollation
 WHERE n.nspname = %s AND c.relname = ANY(%s) ORDER BY c.relname, a.attnum
"""
_KINDS = """
SELECT c.relname, c.relkind::text, c.relpersistence::text, c.relforcerowsecurity,
       c.relispartition OR EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
       pg_get_userbyid(c.relowner) = current_user OR pg_has_role(c.relowner, 'USAGE'),
       (SELECT array_agg(a.attname::text ORDER BY k.place)
          FROM pg_index x CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(number, place)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number
         WHERE x.indrelid = c.oid AND x.indisprimary AND k.place <= x.indnkeyatts),
       (SELECT x.indimmediate FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = ANY(%s)
"""
_REFERENCES = """
SELECT k.conname, c.relname, f.relname, k.condeferrable, k.confdeltype::text, pg_get_constraintdef(k.oid),
       (SELECT array_agg(a.attname::text ORDER BY p.place) FROM unnest(k.conkey) WITH ORDINALITY p(number, place)
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.number),
       (SELECT array_agg(a.attname::text ORDER BY p.place) FROM unnest(k.confkey) WITH ORDINALITY p(number, place)
          JOIN pg_attribute a ON a.attrelid = f.oid AND a.attnum = p.number)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE k.contype = 'f' AND k.conparentid = 0 AND n.nspname = %s AND c.relname = ANY(%s) ORDER BY k.conname
"""


def carried_tables(connection: Connection, schema: str, names: Iterable[str]) -> tuple[Table, ...]:
    """Return the tables `names` of `schema`, those referred to first.

    Raises:
        CannotBeCarried: some of them can't be; every reason is named.
    """
    wanted = sorted(set(names))
    kinds = {row[0]: row[1:] for row in connection.execute(_KINDS, [schema, wanted])}
    columns: dict[str, list[Column]] = {name: [] for name in wanted}
    references = _references(connection, schema, wanted)
    for row in connection.execute(_COLUMNS, [schema, wanted]):
        if not row[8]:
            portable = row[7] < _USER_DEFINED or row[6] == "e"
            columns[row[0]].append(
                Column(
                    name=row[1],
                    type=row[2],
                    collated=row[3],
                    byte_order=not row[3] or row[4] in _IN_BYTE_ORDER,
                    portable=portable and not row[2].startswith("reg"),
                    always_identity=row[9] == "a",
                    enumerated=row[6] == "e",
                    built_in=row[5] < _USER_DEFINED,
                )
            )
    reasons = [reason for name in wanted for reason in _reasons(name, kinds.get(name), columns[name])]
    reasons += [
        f"{each.table} refers to {each.to} ({each.constraint}), which is not carried. Carry it too, or drop the foreign key."
        for each in references
        if each.to not in wanted
    ]
    order, circles = _parents_first(wanted, [each for each in references if each.to in wanted])
    reasons += circles
    if reasons:
        raise CannotBeCarried([f"{schema}.{reason}" for reason in reasons])
    return tuple(
        Table(
            number=number,
            name=name,
            columns=tuple(columns[name]),
            key=tuple(next(c for c in columns[name] if c.name == key) for key in kinds[name][5]),
            references=tuple(reference for reference in references if reference.table == name),
        )
        for number, name in enumerate(order, start=1)
    )


def _references(connection: Connection, schema: str, names: list[str]) -> list[Reference]:
    return [
        Reference(
            constraint=name,
            table=table,
            columns=tuple(columns),
            to=to,
            to_columns=tuple(to_columns),
            deferrable=deferrable,
            acts=action != "a",
            definition=definition,
        )
        for name, table, to, deferrable, action, definition, columns, to_columns in connection.execute(
            _REFERENCES, [schema, names]
        )
    ]


def _reasons(name: str, kind: tuple[object, ...] | None, columns: list[Column]) -> list[str]:
    if kind is None:
        return [f"{name} does not exist. Run the module's migrations on this side, or correct the list of tables."]
    relation, persistence, forced_rows, inherits, owned, key, immediate = kind
    reasons = []
    if relation == "p" or inherits:
        reasons.append(f"{name} is partitioned or inherits. Rows written to a part would pass the capture unseen.")
    elif relation != "r":
        reasons.append(f"{name} is a view or a foreign table. Leave it out; its rows are kept elsewhere.")
    if persistence != "p":
        reasons.append(f"{name} is unlogged or temporary. ALTER TABLE {name} SET LOGGED first.")
    if forced_rows:
        reasons.append(f"{name} forces row security on its owner, who would read only a part of the rows.")
    if not owned:
        reasons.append(
            f"{name} does not belong to the role that is to carry it. ALTER TABLE {name} OWNER TO that role."
        )
    if relation == "r" and not key:
        reasons.append(f"{name} has no primary key. Add one, so that a row can be named.")
    elif relation == "r" and not immediate:
        reasons.append(f"{name} has a deferrable primary key. Make it immediate, so that rows can be upserted.")
    keys = key if isinstance(key, list) else []
    reasons += [
        f"{name}.{column.name} is an identity column that is GENERATED ALWAYS, outside of the key: nothing can set it later."
        " Make it GENERATED BY DEFAULT."
        for column in columns
        if column.always_identity and column.name not in keys
    ]
    reasons += [
        f"{name}.{key} is a generated column in the primary key. Make it a plain column."
        for key in keys
        if key not in {column.name for column in columns}
    ]
    return reasons


def _parents_first(names: list[str], references: list[Reference]) -> tuple[list[str], list[str]]:
    """Return the order, and why there is none."""
    graph: dict[str, dict[str, None]] = {name: {} for name in names}  # not sets: the order must be the same each time
    for reference in sorted(references, key=lambda each: each.to):
        if reference.to != reference.table:
            graph[reference.table][reference.to] = None
    try:
        return list(TopologicalSorter(graph).static_order()), []
    except CycleError as circle:
        path = " -> ".join(circle.args[1])
        return names, [
            f"{circle.args[1][0]} is in a circle of foreign keys ({path}). Drop one of them for the time of the move."
        ]


def differences_of_shape(source: Iterable[Table], target: Iterable[Table]) -> list[str]:
    """Say where two sides' tables differ in what is carried; the order of columns doesn't matter."""
    reasons = []
    there = {table.name: table for table in target}
    for table in source:
        twin = there[table.name]
        ours, theirs = ({c.name: c.type for c in side.columns} for side in (table, twin))
        reasons += [
            f"{table.name}.{name} is {ours.get(name, 'missing')} on the source and"
            f" {theirs.get(name, 'missing')} on the target. Bring both sides to the same migration."
            for name in sorted(ours.keys() | theirs.keys())
            if ours.get(name) != theirs.get(name)
        ]
        if [c.name for c in table.key] != [c.name for c in twin.key]:
            reasons.append(f"{table.name} has another primary key on the target.")
    return reasons
