"""How far a stream is, for people and for the gates of the next phase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg import sql

from infra.extraction.data import log, stream
from infra.extraction.data.connections import Connection, one_row
from infra.extraction.data.errors import NotYetThere
from infra.extraction.data.tables import Table
from infra.extraction.sides import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class TableProgress:
    """One table's share of the first copy."""

    table: str
    copied: int
    expected: int  # the planner's estimate, corrected by what was copied already
    complete: bool
    up_to: str | None  # the key, as the log spells it


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A stream at one moment."""

    tables: tuple[TableProgress, ...]
    waiting: int  # log rows that were not carried yet
    lag_seconds: float  # age of the position, when something waits
    consistent: bool  # whether the target equals the source as of one moment, for all anybody knows
    rows_carried: int
    steps: int
    slowed_by: str = ""  # what the first copy makes way for

    @property
    def share(self) -> float:
        expected = sum(table.expected for table in self.tables)
        return sum(table.copied for table in self.tables) / expected if expected else 1.0


def progress(source: Connection, target: Connection, sides: tuple[Side, Side], tables: Sequence[Table]) -> Progress:
    """Return how far the stream from the first of `sides` to the second is; locks nothing."""
    here, there = sides
    position = stream.read(target, there)
    waiting = one_row(
        source.execute(sql.SQL("SELECT count(*) {}").format(log.unseen(here, position.cursor))).fetchone()
    )[0]
    age = one_row(
        target.execute(
            sql.SQL("SELECT extract(epoch FROM clock_timestamp() - position_at)::float8 FROM {}").format(
                sql.Identifier(there.control_schema, "stream")
            )
        ).fetchone()
    )[0]
    shares = []
    for table in tables:
        frontier = position.of(table)
        estimate = one_row(
            source.execute(
                "SELECT greatest(reltuples, 0)::bigint FROM pg_class WHERE oid = %s::regclass",
                [table.on(here.schema).as_string(source)],
            ).fetchone()
        )[0]
        shares.append(
            TableProgress(
                table=table.name,
                copied=frontier.rows,
                expected=frontier.rows if frontier.complete else max(estimate, frontier.rows),
                complete=frontier.complete,
                up_to=frontier.key,
            )
        )
    return Progress(
        tables=tuple(shares),
        waiting=waiting,
        lag_seconds=age if waiting else 0.0,
        consistent=position.consistent and not position.suspect,
        slowed_by=position.slowed_by,
        rows_carried=position.rows_carried,
        steps=position.steps,
    )


def wait_for(target: Connection, side: Side, xid: str, *, seconds: float) -> None:
    """Return when `side` holds what the source's transaction `xid` (`pg_current_xact_id()`) wrote.

    Raises:
        NotYetThere: the time is over.
    """
    query = sql.SQL("SELECT consistent AND NOT suspect AND pg_visible_in_snapshot({}::xid8, cursor) FROM {}").format(
        sql.Literal(xid), sql.Identifier(side.control_schema, "stream")
    )
    # The server waits, so that this costs one round trip each few milliseconds and none of our threads.
    deadline = one_row(target.execute("SELECT clock_timestamp() + make_interval(secs => %s)", [seconds]).fetchone())[0]
    while not (row := target.execute(query).fetchone()) or not row[0]:
        if one_row(target.execute("SELECT clock_timestamp() > %s, pg_sleep(0.002)", [deadline]).fetchone())[0]:
            raise NotYetThere(f"{side.name} did not reach transaction {xid} within {seconds} s.")
