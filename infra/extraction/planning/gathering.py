"""Gathering the plan: readiness, then both databases, then what follows from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
from django.conf import settings
from django.db import DatabaseError, connections

from infra.boundaries.manifest import Manifest
from infra.boundaries.readiness import Readiness, readiness
from infra.boundaries.readiness.ranking import NETWORK_MS
from infra.extraction.data.connections import Connection, connect
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.sides import HISTORY, carried_names, sides_of
from infra.extraction.planning import databases, measuring, obstacles, tables
from infra.extraction.planning.model import Asker, Plan, Writing
from infra.extraction.planning.phases import phases_ahead
from infra.extraction.record.changing import read
from infra.extraction.sides import Side

WATCH_SECONDS = 1.0


def plan(module: str, *, ready: Readiness | None = None, watch_seconds: float = WATCH_SECONDS) -> Plan:
    """Return what a move of the module will be like, as far as can be seen from here. Nothing is changed.

    Args:
        ready: the module's readiness, when it was found out already.
        watch_seconds: how long writers are watched.

    Raises:
        NoSuchModule: there is none of that name.
    """
    ready = ready or readiness(module)
    manifest = ready.manifest
    known = {**_databases(module, watch_seconds)}
    address = str(settings.SERVICE_ADDRESSES.get(module, ""))
    return obstacles.with_todo(
        Plan(
            module=module,
            address=address,
            ready=ready,
            phase=read(module).phase,
            askers=tuple(_askers(manifest, address)),
            asks=manifest.asks,
            offers=manifest.offers,
            publishes=manifest.publishes,
            hears=manifest.hears,
            tasks=tuple(task for task in ready.tasks if task[0].startswith(f"{module}.")),
            queues=manifest.queues,
            prefixes=manifest.url_prefixes,
            noticed=tuple(_noticed(ready)),
            phases=phases_ahead(module, copy_seconds=known.get("copy_seconds", 0.0), address=address),
            connections_needed=databases.CONNECTIONS_NEEDED,
            **known,
        )
    )


def _databases(module: str, watch_seconds: float) -> dict[str, Any]:
    """Return the plan's members that come from the databases."""
    try:
        monolith, service = sides_of(module)
    except MoveRefused as refusal:
        return {"missing": str(refusal)}
    try:
        with connect(monolith, "plan") as connection:
            known = _measured(connection, monolith, watch_seconds, module)
    except (psycopg.Error, DatabaseError) as error:
        return {"missing": str(error).strip().splitlines()[0]}
    known["service"], known["service_missing"] = databases.service_server(module, service)
    known["disk_free"] = databases.disk_free(module)
    return known


def _measured(connection: Connection, monolith: Side, watch_seconds: float, module: str) -> dict[str, Any]:
    names = carried_names(connection, monolith)
    speed = measuring.copy_speed(monolith, names)
    planned = tables.planned(connection, monolith, names, speed)
    return {
        "tables": planned,
        "refused": tables.refusals(connection, monolith, names),
        "sequences": tables.sequences(connection, monolith, HISTORY),
        "missing": "" if names else f"The schema {monolith.schema} has no tables.",
        "speed": speed,
        "copy_seconds": sum(table.seconds for table in planned),
        "writing": _writing(monolith, names, watch_seconds, module),
        "monolith": databases.seen(connection),
        "disk_needed": round(sum(table.size_bytes for table in planned) * databases.DISK_FACTOR),
    }


def _writing(side: Side, names: tuple[str, ...], watch_seconds: float, module: str) -> Writing:
    cost = measuring.capture_cost(side)
    # Only a role itself sees since when its transactions are open, so the serving one is asked.
    with connections[module].cursor() as cursor:
        longest = measuring.longest_write(cursor.connection, side.application_role, seconds=watch_seconds)
        cursor.execute(
            "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) / greatest(1, extract(epoch FROM now() - coalesce("
            " (SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()), pg_postmaster_start_time())))"
            " FROM pg_stat_user_tables WHERE schemaname = %s AND relname = ANY(%s)",
            [side.schema, list(names)],
        )
        row = cursor.fetchone()
    return Writing(
        microseconds=cost[1] if cost else None,
        statement_microseconds=cost[0] if cost else None,
        writes_per_second=float(row[0]) if row and row[0] is not None else None,
        longest_seconds=longest,
        watched_seconds=watch_seconds,
    )


def _askers(manifest: Manifest, address: str) -> Iterator[Asker]:
    location = settings.MODULE_LOCATIONS.get(manifest.name, "local")
    now = "in this process" if location == "local" else f"HTTP to {location}"
    for contract in manifest.offers:
        for caller in settings.CONTRACT_CALLERS.get(contract, ()):
            yield Asker(name=caller, contract=contract, now=now, after=f"HTTP to {address or 'the service'}")


def _noticed(ready: Readiness) -> Iterator[str]:
    prefixes = ", ".join(ready.manifest.url_prefixes)
    yield f"Requests below {prefixes} are passed on to the service: about {NETWORK_MS:.0f} ms more on one machine."
    by_entry: dict[str, float] = {}
    for way in ready.ways:
        by_entry[way.entry] = by_entry.get(way.entry, 0.0) + way.per_journey * NETWORK_MS
    for entry, milliseconds in sorted(by_entry.items(), key=lambda item: -item[1])[:5]:
        yield f"{entry} takes about {milliseconds:.1f} ms more: its questions to {ready.manifest.name} cross a network."
    yield "At the switch, and at each way back, writes wait for some ten milliseconds; reads go on. No request fails."
    if ready.ways or ready.questions_in:
        yield "When the service is down, what asks it fails after its timeout; the rest of the shop goes on."
