"""The plan for people: the line of phases first, then figures, then each phase, what to do last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.boundaries.readiness import Todo, Weight
from infra.extraction.planning.model import Plan, PlannedPhase, Server
from infra.extraction.words import PHASES, duration, line_of_phases, size

HEADINGS = {
    Weight.BLOCKS: "Before it can leave",
    Weight.HINDERS: "Better before than after",
    Weight.KNOW: "To think of on the day",
}
SHOWN = 12  # tables and kinds of todo; all of them are in the JSON


def written(plan: Plan) -> str:
    """Return the whole plan."""
    lines = [
        f"The extraction of {plan.module}: {plan.ready.manifest.purpose}",
        "",
        line_of_phases(plan.phase),
        "",
        *_data(plan),
        "",
        *_servers(plan),
        "",
        *_neighbours(plan),
        "",
        "What customers will notice:",
        *(f"  {sentence}" for sentence in plan.noticed),
        "",
        *(line for phase in plan.phases for line in _phase(phase)),
        *todo_lines(plan.todo),
        plan.verdict,
    ]
    return "\n".join(lines)


def _data(plan: Plan) -> Iterator[str]:
    if plan.missing:
        yield f"What moves: not known. {plan.missing}"
        return
    yield f"What moves: {len(plan.tables)} tables, {size(plan.size_bytes)}, {len(plan.sequences)} sequences."
    width = max((len(table.name) for table in plan.tables), default=0)
    for table in plan.tables[:SHOWN]:
        triggers = f", triggers {', '.join(table.triggers)}" if table.triggers else ""
        yield (
            f"  {table.name:<{width}}  {table.rows:>10,} rows  {size(table.size_bytes):>10}"
            f"  {duration(table.seconds):>8}  by {table.key or 'NO KEY'}{triggers}"
        )
    if len(plan.tables) > SHOWN:
        yield f"  and {len(plan.tables) - SHOWN} smaller ones (--json)"
    if plan.sequences:
        yield f"  sequences: {', '.join(plan.sequences)}"
    speed = plan.speed
    if speed and speed.measured_on:
        how = f"measured here: {speed.rows_per_second:,.0f} rows/s of {speed.measured_on}"
    else:
        how = "taken for usual: there is too little to measure with"
    yield f"Copying takes about {duration(plan.copy_seconds)} ({how})."
    writing = plan.writing
    if writing and writing.microseconds is not None:
        yield (
            f"A writing statement takes {writing.microseconds:.0f} µs longer while it moves (measured here; the same without:"
            f" {writing.statement_microseconds:.0f} µs)."
        )
    if writing:
        rate = (
            "" if writing.writes_per_second is None else f", {writing.writes_per_second:,.1f} rows a second on average"
        )
        yield (
            f"Its longest write transaction in a look of {duration(writing.watched_seconds)}:"
            f" {duration(writing.longest_seconds)}{rate}."
        )


def _servers(plan: Plan) -> Iterator[str]:
    yield _server("From", plan.monolith, "not known")
    yield _server("To  ", plan.service, plan.service_missing or "not known")
    free = "" if plan.disk_free is None else f" ({size(plan.disk_free)} are free)"
    yield f"  needs {size(plan.disk_needed)} of disk there{free}, and {plan.connections_needed} connections on each server"
    yield f"The service: {plan.address or 'no address'}"


def _server(which: str, server: Server | None, missing: str) -> str:
    if server is None:
        return f"{which}: {missing}"
    return (
        f"{which}: PostgreSQL {server.version}, {server.place}, {server.encoding}, order {server.collation},"
        f" {server.connections} of {server.connections_at_most} connections in use"
    )


def _neighbours(plan: Plan) -> Iterator[str]:
    for asker in plan.askers:
        yield f"{asker.name} asks {asker.contract}: {asker.now} today, {asker.after} afterwards"
    yield f"It asks {', '.join(plan.asks) or 'nobody'}; offers {', '.join(plan.offers) or 'nothing'}."
    yield f"It publishes {', '.join(plan.publishes) or 'nothing'}."
    yield f"It hears {', '.join(plan.hears) or 'nothing'}."
    tasks = ", ".join(f"{name} every {period:g} s" for name, period in plan.tasks)
    yield f"Work by the clock: {tasks or 'none'}. Queues: {', '.join(plan.queues)}."


def _phase(phase: PlannedPhase) -> Iterator[str]:
    if not phase.command:
        return
    yield f"{PHASES[phase.phase]}: {phase.does}"
    yield f"  type     {phase.command}"
    for number, precondition in enumerate(phase.preconditions):
        yield f"  {'needs' if not number else '     '}    {precondition}"
    yield f"  takes    {phase.takes}"
    yield f"  back     {phase.back}"
    yield ""


def todo_lines(todo: Sequence[Todo]) -> Iterator[str]:
    """Yield what is to do, ranked, under its headings."""
    number = 0
    for weight, heading in HEADINGS.items():
        items = [each for each in todo if each.weight is weight]
        if items:
            yield f"{heading}:"
        for each in items:
            number += 1
            yield f"  {number:>2}. {each.what}"
            yield f"      -> {each.where}"
        if items:
            yield ""
