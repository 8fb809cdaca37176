"""The way back of a switch: all that takes time is done before anybody is held, and one row is written while nobody writes.

`stream.begin` would do, with `covered`; it takes a hundred questions, and every one of them would be felt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.types.json import Jsonb

from infra.extraction.data import capture, control, stream
from infra.extraction.data.connections import Connection, one_row
from infra.extraction.data.errors import CannotBeCarried
from infra.extraction.data.tables import carried_tables, differences_of_shape
from infra.extraction.sides import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """A stream that may begin at any moment in which both sides are equal and nobody writes."""

    there: Side  # where it will lead
    source: str
    target: str
    frontier: dict[str, dict[str, bool]]

    def begin(self, source: Connection, target: Connection) -> None:
        """Set its cursor at the snapshot of the source's transaction; what is written there from now on is carried back.

        The target's own rules still apply (`guards.hold` comes before the first step).
        """
        # What follows on either server is durable (the one is made ready, the other gives) and takes these commits along.
        found = source.execute("SET LOCAL synchronous_commit = off; SELECT pg_current_snapshot()::text")
        found.nextset()
        cursor = one_row(found.fetchone())[0]
        target.execute(
            sql.SQL(
                "SET synchronous_commit = off;"
                " INSERT INTO {} AS s (cursor, source, target, frontier) VALUES ({}, {}, {}, {})"
                " ON CONFLICT (only_one) DO UPDATE SET cursor = excluded.cursor, source = excluded.source,"
                " target = excluded.target, frontier = excluded.frontier, rows_carried = 0, steps = 0,"
                " lease = s.lease + 1, consistent = true, suspect = false, paused = '', slowed_by = '',"
                " position_at = now()"
            ).format(
                sql.Identifier(self.there.control_schema, "stream"),
                cursor,
                self.source,
                self.target,
                sql.Literal(Jsonb(self.frontier)),
            )
        )


def prepare(source: Connection, target: Connection, sides: tuple[Side, Side], names: Sequence[str]) -> WayBack:
    """Capture the writes of the first side, and make ready a stream from it to the second; both may be in use.

    Raises:
        NotPrepared, CannotBeCarried: as `stream.begin`.
    """
    here, there = sides
    capture.install(source, here, names)
    capture.claim(source, here)
    tables = capture.captured_tables(source, here, names)
    if reasons := differences_of_shape(tables, carried_tables(target, there.schema, names)):
        raise CannotBeCarried(reasons)
    control.prepare(target, there)
    target.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(there.control_schema, "compared")))
    return WayBack(
        there=there,
        source=capture.identity(source, here),
        target=stream.identity_of(target),
        frontier={table.name: {"complete": True} for table in tables},
    )
