"""Connections of the data plane: the owner role, and values spelled the same on both sides."""

from __future__ import annotations

from typing import Any

import psycopg

from infra.extraction.sides import Side

Connection = psycopg.Connection[tuple[Any, ...]]
Row = tuple[Any, ...]

# Keys and hashes pass as text; a role's or a database's own defaults must not decide how a value is spelled.
_SPELLING = {
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "client_encoding": "UTF8",
}
IDLE_SECONDS = (
    10  # an applier that stands still in a transaction holds its lease row, and the source's vacuum, no longer
)
STATEMENT_SECONDS = 600
# What tells a server, its timeline and its database from all others. A standby that was promoted has another timeline.
SERVER_IDENTITY = """concat_ws('/', (SELECT system_identifier FROM pg_control_system()),
 left(pg_walfile_name(pg_current_wal_insert_lsn()), 8), (SELECT oid FROM pg_database WHERE datname = current_database()))"""
APPLYING = "applier"  # the purpose of a stream's own two connections
COPYING = "copying"  # the purpose of a first copy's workers


def connect(side: Side, purpose: str, *, idle_seconds: float = IDLE_SECONDS) -> Connection:
    """Return a connection in autocommit as the owner role of `side`."""
    # A module's own types are then spelled without their schema, which the two sides may call differently.
    spelling = _SPELLING | {"search_path": f"pg_catalog, {side.schema}"}
    options = " ".join(f"-c {name}={value.replace(' ', chr(92) + ' ')}" for name, value in spelling.items())
    options += f" -c idle_in_transaction_session_timeout={int(idle_seconds * 1000)}"
    options += f" -c statement_timeout={STATEMENT_SECONDS * 1000}"
    options += " -c banyan.carries=yes"  # strangers.py lets these in
    return psycopg.connect(
        side.owner_url,
        autocommit=True,
        options=options,
        application_name=application_name(side, purpose),
        keepalives_idle=5,
        keepalives_interval=2,
        keepalives_count=3,
        connect_timeout=5,
        tcp_user_timeout=15000,
        prepare_threshold=2,
    )


def application_name(side: Side, purpose: str) -> str:
    return f"banyan {purpose} {side.schema}"[:63]


def one_row(row: Row | None) -> Row:
    """Return the row of a query that always answers one."""
    if row is None:
        raise LookupError("a query that always answers one row answered none")
    return row
