"""Everything that the console says of one module: declared, observed, and as its schema stands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import Error, connections

from infra.boundaries.manifest import Manifest
from infra.boundaries.map.watched import NotWatchedError
from infra.boundaries.observation.figures import Arrow
from infra.boundaries.observation.reading import observed_arrows
from infra.contracts.declaration import Method, declared_contracts
from infra.events import declaration
from infra.schedule.declaration import tasks_of

# Estimates of the last ANALYZE: counting a large table would take as long as the page is looked at.
_TABLES = """
SELECT c.relname, greatest(c.reltuples, 0)::bigint, pg_total_relation_size(c.oid)
FROM pg_class AS c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
ORDER BY pg_total_relation_size(c.oid) DESC, c.relname
"""
_RUNS = "SELECT name, last_finished_at, runs, failures, last_error FROM scheduled_task"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """How often something happened and how long it took; without observations `count` is None."""

    count: int | None = None
    errors: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0

    @property
    def half_within(self) -> str:
        return as_time(self.p50_ms)

    @property
    def nearly_all_within(self) -> str:
        return as_time(self.p99_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodFacts:
    contract: str
    name: str
    kind: str
    signature: str
    says: str
    timeout_seconds: float
    errors: tuple[str, ...]
    key: str | None
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFacts:
    name: str
    says: str
    fields: tuple[str, ...]
    others: tuple[str, ...]  # of a published event who hears it, of a heard one who publishes it
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFacts:
    name: str
    rows: int
    megabytes: float
    is_plumbing: bool


class Runs(NamedTuple):
    """How a task's runs went so far."""

    last_finished_at: datetime | None = None
    ended: int = 0
    failures: int = 0
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFacts:
    name: str
    every_seconds: float
    says: str
    runs: Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleFacts:
    """One module's page."""

    manifest: Manifest
    methods: tuple[MethodFacts, ...]
    asks: tuple[tuple[str, Figures], ...]
    publishes: tuple[EventFacts, ...]
    hears: tuple[EventFacts, ...]
    tables: tuple[TableFacts, ...]
    tasks: tuple[TaskFacts, ...]
    why_no_rows: str


def facts_of(manifest: Manifest) -> ModuleFacts:
    """Collect what there is to say of a module; what cannot be reached is left out and said so."""
    arrows = _arrows()
    tables, runs, why_no_rows = _of_the_schema(manifest)
    return ModuleFacts(
        manifest=manifest,
        methods=tuple(
            _method(method, arrows)
            for contract in declared_contracts()
            if contract.wire_name in manifest.offers
            for method in contract.methods.values()
        ),
        asks=tuple(
            (name, _figures(arrow for arrow in arrows if arrow.asker == manifest.name and arrow.name == name))
            for name in manifest.asks
        ),
        publishes=tuple(_event(name, _hearers(name), arrows) for name in manifest.publishes),
        hears=tuple(
            _event(name, (name.partition(".")[0],), [arrow for arrow in arrows if arrow.asker == manifest.name])
            for name in manifest.hears
        ),
        tables=tables,
        tasks=tuple(
            TaskFacts(
                name=task.name,
                every_seconds=float(task.every_seconds),
                says=_first_line(task.run),
                runs=runs.get(task.name, Runs()),
            )
            for task in tasks_of(manifest.name)
        ),
        why_no_rows=why_no_rows,
    )


def as_time(milliseconds: float) -> str:
    """Return a time as people say it: 26.6 ms, 3.1 s, 59 min."""
    if milliseconds < 1000:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 120_000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds / 60_000:.0f} min"


def _arrows() -> Sequence[Arrow]:
    try:
        return observed_arrows()
    except (Error, NotWatchedError):
        return ()


def _method(method: Method, arrows: Sequence[Arrow]) -> MethodFacts:
    return MethodFacts(
        contract=method.contract,
        name=method.name,
        kind=method.kind,
        signature=_plain(str(method.signature)),
        says=_first_line(method.function),
        timeout_seconds=method.timeout_seconds,
        errors=tuple(sorted(method.errors)),
        key=method.key,
        figures=_figures(arrow for arrow in arrows if (arrow.name, arrow.method) == (method.contract, method.name)),
    )


def _event(name: str, others: tuple[str, ...], arrows: Iterable[Arrow]) -> EventFacts:
    event = declaration.declared().get(name)
    fields = (
        [] if event is None else [field for field in inspect.get_annotations(event) if field not in ("name", "stream")]
    )
    return EventFacts(
        name=name,
        says="" if event is None else _first_line(event),
        fields=tuple(fields),
        others=others,
        figures=_figures(arrow for arrow in arrows if arrow.kind == "event" and arrow.name == name),
    )


def _hearers(event: str) -> tuple[str, ...]:
    return tuple(manifest.name for manifest in settings.MANIFESTS if event in manifest.hears)


def _figures(arrows: Iterable[Arrow]) -> Figures:
    found = [arrow for arrow in arrows if arrow.count]
    if not found:
        return Figures()
    # Of several arrows the slowest speaks: an average of percentiles means nothing.
    return Figures(
        count=sum(arrow.count for arrow in found),
        errors=sum(arrow.errors for arrow in found),
        p50_ms=max(arrow.p50_ms for arrow in found),
        p99_ms=max(arrow.p99_ms for arrow in found),
    )


def _of_the_schema(manifest: Manifest) -> tuple[tuple[TableFacts, ...], dict[str, Runs], str]:
    if manifest.name not in settings.DATABASES:
        return (), {}, "The module lives elsewhere, and its rows with it."
    try:
        with connections[manifest.name].cursor() as cursor:
            cursor.execute(_TABLES)
            tables = tuple(
                TableFacts(name=name, rows=rows, megabytes=size / 1024 / 1024, is_plumbing=name not in manifest.tables)
                for name, rows, size in cursor.fetchall()
            )
            cursor.execute(_RUNS)
            runs = {name: Runs(*run) for name, *run in cursor.fetchall()}
    except Error as error:
        return (), {}, f"The schema cannot be read: {error}"
    return tables, runs, ""


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


def _plain(signature: str) -> str:
    """Return a signature without the paths of its types, and without what all of them have in common."""
    bare = re.sub(r"\b(?:[A-Za-z_]\w*\.)+([A-Za-z_]\w*)", r"\1", signature)
    return bare.replace("(*, ", "(")
