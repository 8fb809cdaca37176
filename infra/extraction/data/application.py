"""What a step does to the target within its transaction: upsert, copy, delete, and the way around rows that swapped values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from psycopg import sql

from infra.extraction.data import keys
from infra.extraction.data.connections import Connection, one_row
from infra.extraction.data.pace import CHUNK_BYTES
from infra.extraction.data.relay import relay
from infra.extraction.data.stream import Frontier
from infra.extraction.data.tables import Reference, Table
from infra.extraction.sides import Side

Keys = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Chunk:
    """The next rows of a table that is being copied: above one key, up to another, or all that are left."""

    table: Table
    above: str | None
    up_to: str | None  # None: the last chunk

    @property
    def there(self) -> Chunk:
        """The same rows on the target."""
        return replace(self, table=self.table.there)

    def rows(self, row: str) -> sql.Composed:
        conditions: list[sql.Composable] = [sql.SQL("true")]
        if self.above is not None:
            conditions.append(keys.compared(self.table, row, ">", self.above))
        if self.up_to is not None:
            conditions.append(keys.compared(self.table, row, "<=", self.up_to))
        return sql.SQL(" AND ").join(conditions)


class Application:
    """Applies current rows of the source to the target; both connections are in a transaction, the source's at a snapshot."""

    def __init__(
        self, source: Connection, target: Connection, sides: tuple[Side, Side], tables: Sequence[Table]
    ) -> None:
        self._source, self._target = source, target
        self._here, self._there = sides
        self._tables = tables
        self._by_name = {table.name: table for table in tables}
        self._staged: set[str] = set()

    def covered(self, table: Table, frontier: Frontier, spelled: Sequence[str]) -> list[str]:
        """Return those keys that were copied already; the others come with a later chunk."""
        if frontier.complete:
            return list(spelled)
        if frontier.key is None:
            return []
        query = sql.SQL("SELECT k.spelling FROM unnest(%s::text[]) AS k(spelling) WHERE {}").format(
            keys.spelled_compared(table, sql.SQL("k.spelling"), "<=", frontier.key)
        )
        return [row[0] for row in self._source.execute(query, [list(spelled)])]

    def upsert(self, table: Table, spelled: Sequence[str]) -> int:
        """Give these keys the rows that the source has; return how many it has. Once for a table in a transaction."""
        self._stage(table)
        rows = sql.SQL("SELECT {} FROM {} t WHERE {}").format(
            table.selected("t"), table.on(self._here.schema), keys.among(table, "t", sql.Literal(list(spelled)))
        )
        count = relay(self._source, rows, self._target, _stage_columns(table), binary=table.binary)
        if count:
            self._target.execute(_merge(table, self._there))
        return count

    def copy(self, chunk: Chunk) -> int:
        """Copy a chunk's rows, of which the target has none."""
        return copy_chunk(self._source, self._target, (self._here, self._there), chunk)

    def delete_vanished(self, table: Table, spelled: Sequence[str]) -> int:
        """Delete those keys that the source has no row of."""
        query = sql.SQL(
            "SELECT k.spelling FROM unnest(%s::text[]) AS k(spelling) WHERE NOT EXISTS"
            " (SELECT FROM {} t WHERE ROW({}) = ROW({}))"
        ).format(
            table.on(self._here.schema),
            sql.SQL(", ").join(sql.SQL("t.{}").format(column.identifier) for column in table.key),
            keys.typed(table, sql.SQL("k.spelling")),
        )
        vanished = [row[0] for row in self._source.execute(query, [list(spelled)])]
        return self.delete(table, vanished) if vanished else 0

    def delete(self, table: Table, spelled: Sequence[str]) -> int:
        there = table.there
        return self._target.execute(
            sql.SQL("DELETE FROM {} t WHERE {}").format(
                there.on(self._there.schema), keys.among(there, "t", sql.SQL("%s"))
            ),
            [list(spelled)],
        ).rowcount

    def clear(self, chunk: Chunk) -> None:
        """Delete what stands where a chunk is to go."""
        there = chunk.there
        self._target.execute(
            sql.SQL("DELETE FROM {} t WHERE {}").format(there.table.on(self._there.schema), there.rows("t"))
        )

    def rebuild(self, touched: Mapping[str, Sequence[str]]) -> None:
        """Take all touched rows out and put the source's in, for when two of them swapped a unique value.

        Rows that refer to those taken out are taken along where their foreign key would otherwise act or refuse.
        """
        around = self._with_referring(touched)
        for table in reversed(self._tables):
            if around.get(table.name):
                self.delete(table, around[table.name])
        for table in self._tables:
            if around.get(table.name):
                self.upsert(table, around[table.name])

    def outdate_comparisons(self, touched: Mapping[str, Sequence[str]]) -> None:
        """Note which compared ranges these keys lie in: they must be compared again."""
        if not any(touched.values()):
            return
        compared = sql.Identifier(self._there.control_schema, "compared")
        within = sql.SQL("(c.{} IS NULL OR ROW({}) {} ROW({}))")
        updates = []
        for name, spelled in touched.items():
            table = self._by_name[name]
            there = table.there
            key = keys.spelled_list(there, sql.SQL("k.spelling"))
            updates.append(
                sql.SQL(
                    "UPDATE {} c SET state = 'stale', run = NULL WHERE c.tbl = {} AND c.state <> 'stale'"
                    " AND EXISTS (SELECT FROM unnest({}::text[]) AS k(spelling) WHERE {} AND {})"
                ).format(
                    compared,
                    sql.Literal(table.number),
                    sql.Literal(list(spelled)),
                    within.format(
                        sql.Identifier("above"), key, sql.SQL(">"), keys.spelled_list(there, sql.SQL("c.above"))
                    ),
                    within.format(
                        sql.Identifier("up_to"), key, sql.SQL("<="), keys.spelled_list(there, sql.SQL("c.up_to"))
                    ),
                )
            )
        self._target.execute(sql.SQL("; ").join(updates))

    def _with_referring(self, touched: Mapping[str, Sequence[str]]) -> Keys:
        found: dict[str, dict[str, None]] = {name: dict.fromkeys(spelled) for name, spelled in touched.items()}
        fresh: Mapping[str, Iterable[str]] = touched
        by_name_there = {table.there.name: table for table in self._tables}
        while any(fresh.values()):
            following: dict[str, dict[str, None]] = {}
            for table in self._tables:
                for reference in table.there.references:
                    parent = by_name_there[reference.to]
                    if not reference.needs_rows_around or not (parents := list(fresh.get(parent.name, ()))):
                        continue
                    for key in self._referring(table, reference, parent, parents):
                        if key not in found.setdefault(table.name, {}):
                            found[table.name][key] = None
                            following.setdefault(table.name, {})[key] = None
            fresh = following
        return {name: list(spelled) for name, spelled in found.items()}

    def _referring(self, table: Table, reference: Reference, parent: Table, parents: Sequence[str]) -> list[str]:
        matches = sql.SQL(" AND ").join(
            sql.SQL("c.{} = p.{}").format(sql.Identifier(own), sql.Identifier(other))
            for own, other in zip(reference.columns, reference.to_columns, strict=True)
        )
        query = sql.SQL("SELECT {} FROM {} c JOIN {} p ON {} WHERE {}").format(
            keys.spelled(table.there, "c"),
            table.there.on(self._there.schema),
            parent.there.on(self._there.schema),
            matches,
            keys.among(parent.there, "p", sql.SQL("%s")),
        )
        return [row[0] for row in self._target.execute(query, [list(parents)])]

    def prepare(self) -> None:
        """Make all that steps stage rows in, so that none of them has to."""
        for table in self._tables:
            self._stage(table)

    def read_from(self, source: Connection) -> None:
        """Read from another connection from now on."""
        self._source = source

    def _stage(self, table: Table) -> None:
        if table.name not in self._staged:
            exists = self._target.execute("SELECT to_regclass(%s)", [f"pg_temp.stage_{table.number}"]).fetchone()
            if one_row(exists)[0] is None:
                self._target.execute(
                    sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DELETE ROWS AS SELECT {} FROM {} WITH NO DATA").format(
                        sql.Identifier(f"stage_{table.number}"),
                        table.carried_list,
                        table.there.on(self._there.schema),
                    )
                )
            self._staged.add(table.name)


def copy_chunk(source: Connection, target: Connection, sides: tuple[Side, Side], chunk: Chunk) -> int:
    """Copy a chunk's rows from the first side to the second, and return how many."""
    table = chunk.table
    rows = sql.SQL("SELECT {} FROM {} t WHERE {}").format(
        table.selected("t"), table.on(sides[0].schema), chunk.rows("t")
    )
    into = sql.SQL("{} ({})").format(table.there.on(sides[1].schema), table.carried_list)
    return relay(source, rows, target, into, binary=table.binary)


def bound(connection: Connection, side: Side, chunk: Chunk, rows: int) -> str | None:
    """Return the key of the last of the first so many rows in a chunk, or None when it has fewer."""
    query = sql.SQL("SELECT {} FROM {} t WHERE {} ORDER BY {} OFFSET {} LIMIT 1").format(
        keys.spelled(chunk.table, "t"),
        chunk.table.on(side.schema),
        chunk.rows("t"),
        keys.ordered(chunk.table, "t"),
        sql.Literal(rows - 1),
    )
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else None


def average_row_bytes(source: Connection, side: Side, table: Table) -> float | None:
    """Return how large a row is on average, with what is stored beside it; None when the planner has not counted them.

    A small table is taken for one of small rows: all of it fits into a chunk.
    """
    size, rows = one_row(
        source.execute(
            "SELECT pg_table_size(oid), reltuples FROM pg_class WHERE oid = %s::regclass",
            [table.on(side.schema).as_string(source)],
        ).fetchone()
    )
    if rows > 0:
        return float(size / rows)
    return 1.0 if size < CHUNK_BYTES else None


def _stage(table: Table) -> sql.Identifier:
    return sql.Identifier("pg_temp", f"stage_{table.number}")


def _stage_columns(table: Table) -> sql.Composed:
    return sql.SQL("{} ({})").format(_stage(table), table.carried_list)


def _merge(table: Table, side: Side) -> sql.Composed:
    there = table.there
    once = {column.name for column in there.key} | table.kept
    carried = [each.there for each in table.counterparts] or list(table.columns)
    action: sql.Composable = sql.SQL("NOTHING")
    if others := [column.identifier for column in carried if column.name not in once]:
        action = sql.SQL("UPDATE SET {}").format(
            sql.SQL(", ").join(sql.SQL("{} = excluded.{}").format(column, column) for column in others)
        )
    return sql.SQL(
        "INSERT INTO {} ({columns}) OVERRIDING SYSTEM VALUE SELECT {columns} FROM {} ON CONFLICT ({}) DO {}"
    ).format(there.on(side.schema), _stage(table), there.key_list, action, columns=table.carried_list)
