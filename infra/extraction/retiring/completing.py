"""`complete`: the steps that end a move, each of which finds out whether it was done already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone

from infra.extraction.command.outcome import Verdict
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import DataPlaneError
from infra.extraction.move.clearing import clear
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.operations import status, verify
from infra.extraction.move.recording import await_all, changed
from infra.extraction.move.sides import service_running, sides_of
from infra.extraction.move.turns import at_work_on, turn
from infra.extraction.record.changing import read
from infra.extraction.record.values import SERVICE, Phase, Where
from infra.extraction.retiring import exporting, looking
from infra.extraction.retiring.dropping import drop_retired
from infra.extraction.retiring.places import monolith_side
from infra.extraction.retiring.setting_aside import find_retired, is_empty, make_schema, retired_schema, set_aside
from infra.extraction.sides import Side

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """How far the end of a move is."""

    where: Where
    retired: str | None  # the schema that holds the monolith's tables; None when they are dropped
    export: Path | None
    dropped: bool
    setting: str  # what to write into the environment
    setting_is_there: bool


def complete(
    module: str,
    *,
    who: str,
    why: str,
    confirm: str,
    report: Report = lambda line: None,
    grace_days: int = 14,
    drop: bool = False,
) -> Completed:
    """Retire the monolith's tables of a module that lives in its service; with `drop` end them after the time of grace.

    Killed at any point and run again it goes on where it was; when all is done a repeat changes nothing.

    Args:
        confirm: the module's name again. There is no way back but from the export.
        grace_days: between retiring and dropping.

    Raises:
        MoveRefused: a precondition does not hold; nothing was changed, or what was done before stays.
    """
    options = {"confirm": confirm, "grace_days": grace_days, "drop": drop}
    with service_running(module):
        where = read(module)
        if where.phase == Phase.SPLIT and drop:
            return _drop(module, who=who, options=options, report=report)
        if where.phase != Phase.SPLIT:
            _require(looking.verdicts(module, options))
            if not (found := verify(module, everything=True, report=report)).equal:
                raise MoveRefused(
                    f"{len(found.differences)} rows of {module} differ between both sides; they are carried again. That is a"
                    f" fault and never lag: find out who wrote past the module, compare again (python manage.py extract"
                    f" {module} verify --everything), then repeat this."
                )
            where = _split(where, who=who, why=why, report=report)
        return _retire(module, who=who, report=report)


def complete_as_asked(module: str, *, who: str, why: str, report: Report) -> Completed:
    """Retire the monolith's tables for somebody who typed the module's name at the console."""
    return complete(module, who=who, why=why, confirm=module, report=report)


def _require(verdicts: tuple[Verdict, ...]) -> None:
    if missing := [f"{each.what}: no. {each.todo}" for each in verdicts if not each.holds]:
        raise MoveRefused(*missing)


def _split(where: Where, *, who: str, why: str, report: Report) -> Where:
    """Say so in the record: from here on nobody turns back, and a repeat goes on."""
    module = where.module
    with turn(at_work_on(module), by=f"complete {module} by {who}", wait_seconds=2.0):
        now = read(module)
        if now.phase != Phase.SWITCHED or now.hold:
            raise MoveRefused(f"{module} has moved meanwhile: it is {now.phase}. Look at its status, then repeat this.")
        fields = {"phase": Phase.SPLIT, "database": SERVICE, "shares": {"reads": 100, "writes": 100, "shadow": 0}}
        after = changed(now, who, why, {**fields, "hold": False})
        report(f"{module}: split. The service's tables are the only ones from now on")
        await_all(after, report)
    return after


def _retire(module: str, *, who: str, report: Report) -> Completed:
    """Take the arrangements of the move away, put the monolith's tables aside, and export them."""
    side = monolith_side(module)
    retired = None
    if side is not None and settings.DATABASE_OWNERS.get(module):
        with turn(at_work_on(module), by=f"complete {module} by {who}", wait_seconds=2.0):
            try:
                monolith, service = sides_of(module)
                _end_the_way_back(monolith, report)
                _set_free(service, report)
                retired = _put_aside(monolith, report)
            except (DataPlaneError, psycopg.Error) as error:
                raise MoveRefused(
                    f"{module} is split, and not cleared away yet: {str(error).strip()} Repeat this."
                ) from error
    elif side is not None:
        with connect(side, "look") as connection:
            retired = find_retired(connection, side.schema)
            if not is_empty(connection, side.schema):
                raise MoveRefused(
                    f"The monolith's tables of {module} are not put aside yet, and its owner's login is not known here. Run this"
                    f" once without {module.upper()}_MODULE in the environment, with {module.upper()}_OWNER_DATABASE_URL."
                )
    if retired and side is not None:
        try:
            manifest = exporting.export(side, module, retired)
        except OSError as error:
            raise MoveRefused(
                f"The retired tables of {module} could not be exported to {exporting.folder_of(retired)}: {error}. They stay in"
                f" the schema {retired}; make room, and repeat this."
            ) from error
        rows = sum(manifest["rows"].values())
        report(
            f"{module}: {len(manifest['rows'])} tables with {rows:,} rows exported to {exporting.folder_of(retired)}"
        )
    return _completed(module, retired, dropped=False)


def _end_the_way_back(monolith: Side, report: Report) -> None:
    """Take what the stream back needs from the monolith's side; its tables stay closed to their application."""
    clear(monolith, report, keep_rows=True, open_again=False)


def _set_free(service: Side, report: Report) -> None:
    """Take captures and gate from the service's side; its application keeps the rights that it has."""
    clear(service, report, keep_rows=True)


def _put_aside(monolith: Side, report: Report) -> str | None:
    with connect(monolith, "retiring") as connection:
        name = find_retired(connection, monolith.schema)
        if is_empty(connection, monolith.schema):
            return name
        name = name or retired_schema(monolith.schema, timezone.localdate())
    make_schema(monolith, name)
    with connect(monolith, "retiring") as connection:
        moved = set_aside(connection, monolith, name)
    report(
        f"{monolith.schema}: {moved} tables, views, types and functions are in the schema {name} now, out of everybody's reach"
    )
    return name


def _drop(module: str, *, who: str, options: dict[str, Any], report: Report) -> Completed:
    _require(looking.verdicts(module, options))
    side = monolith_side(module)
    if side is None:
        return _completed(module, None, dropped=True)
    try:
        with connect(side, "look") as connection:
            retired = find_retired(connection, side.schema)
        if retired:
            # Said first: killed after the drop it could not be said any more.
            changed(read(module), who, f"drops the retired tables ({retired}); the export stays", {})
            drop_retired(side)
            report(f"{module}: the schema {retired} is dropped; {exporting.folder_of(retired)} stays")
    except psycopg.Error as error:
        raise MoveRefused(
            f"The retired tables of {module} are not dropped yet: {str(error).strip()} Repeat this."
        ) from error
    return _completed(module, None, dropped=True)


def _completed(module: str, retired: str | None, *, dropped: bool) -> Completed:
    found = status(module)
    verdict = looking.static_setting(found)
    folder = exporting.folder_of(retired) if retired else None
    return Completed(
        where=found.where,
        retired=retired,
        export=folder if folder and folder.is_dir() else None,
        dropped=dropped,
        setting=looking.setting_line(module, found.where.service),
        setting_is_there=verdict.holds,
    )
