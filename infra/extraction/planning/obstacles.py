"""What stands in the way of this move besides what readiness knows: tables, databases, room, connections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from infra.boundaries.readiness import Todo, Weight
from infra.extraction.planning.databases import WILL_BE_MADE
from infra.extraction.planning.model import Plan

# A switch waits so long for writers that were let in before it, then gives up and tries again.
DRAIN_SECONDS = 0.15


def ranked(plan: Plan) -> list[Todo]:
    """Return everything to do and to know before the move, the most blocking first, each once."""
    found = [*plan.ready.todo, *_tables(plan), *_places(plan), *_databases(plan), *_room(plan), *_writers(plan)]
    return sorted(dict.fromkeys(found), key=lambda todo: todo.weight)


def with_todo(plan: Plan) -> Plan:
    return replace(plan, todo=ranked(plan))


def _tables(plan: Plan) -> Iterator[Todo]:
    schema = plan.ready.manifest.schema
    for refused in plan.refused:
        yield Todo(
            weight=Weight.BLOCKS, what=f"A table can't be carried. {refused.why}", where=f"a migration of {schema}"
        )
    if plan.missing:
        yield Todo(
            weight=Weight.BLOCKS,
            what=f"The module's tables could not be looked at: {plan.missing}",
            where="make run",
        )


def _places(plan: Plan) -> Iterator[Todo]:
    name = plan.module.upper()
    if not plan.address:
        yield Todo(
            weight=Weight.BLOCKS,
            what="Nobody has said where the service will answer.",
            where=f"{name}_SERVICE_URL, for shop and carrier (infra/deployment/README.md)",
        )


def _databases(plan: Plan) -> Iterator[Todo]:
    name = plan.module.upper()
    if plan.monolith is None:
        return
    if plan.service is None:
        is_made = plan.service_missing.startswith(WILL_BE_MADE)
        yield Todo(
            weight=Weight.KNOW if is_made else Weight.BLOCKS,
            what=plan.service_missing or "Nobody has said where the service's database is.",
            where=f"{name}_SERVICE_DATABASE_URL and {name}_SERVICE_OWNER_DATABASE_URL (infra/deployment/README.md)",
        )
        return
    if plan.service.encoding != plan.monolith.encoding:
        yield Todo(
            weight=Weight.BLOCKS,
            what=f"The service's database is encoded in {plan.service.encoding}, the monolith's in {plan.monolith.encoding}.",
            where=plan.service.place,
        )
    if plan.service.version.partition(".")[0] != plan.monolith.version.partition(".")[0]:
        yield Todo(
            weight=Weight.KNOW,
            what=f"The servers are PostgreSQL {plan.monolith.version} and {plan.service.version}.",
            where=plan.service.place,
        )
    if plan.service.collation != plan.monolith.collation:
        yield Todo(
            weight=Weight.KNOW,
            what=f"Text is ordered otherwise there ({plan.service.collation}, here {plan.monolith.collation}): lists that are"
            " ordered by text may come in another order.",
            where=plan.service.place,
        )


def _room(plan: Plan) -> Iterator[Todo]:
    for which, server in (("monolith's", plan.monolith), ("service's", plan.service)):
        if server is None:
            continue
        free = server.connections_at_most - server.connections
        if free < plan.connections_needed:
            yield Todo(
                weight=Weight.BLOCKS,
                what=f"The {which} server has {free} connections left of {server.connections_at_most}; a move needs"
                f" {plan.connections_needed}.",
                where="max_connections, or a smaller DATABASE_POOL_SIZE",
            )
    if plan.disk_free is not None and plan.disk_free < plan.disk_needed:
        yield Todo(
            weight=Weight.BLOCKS,
            what=f"The disk of the service's database has {plan.disk_free // 1024**2:,} MB free and needs"
            f" {plan.disk_needed // 1024**2:,} MB.",
            where="make room there",
        )


def _writers(plan: Plan) -> Iterator[Todo]:
    if plan.writing and plan.writing.longest_seconds > DRAIN_SECONDS:
        yield Todo(
            weight=Weight.HINDERS,
            what=f"A write transaction of {plan.module} was open for {plan.writing.longest_seconds:.1f} s; a switch waits"
            f" {DRAIN_SECONDS * 1000:.0f} ms for such, then lets everybody go on and tries again.",
            where="shorten it, or switch in a quieter hour (switch --when-ready)",
        )
