"""What must hold before a move is completed, and before what was retired is dropped. Nothing is changed here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.utils import timezone

from infra.extraction.command.outcome import Verdict
from infra.extraction.command.preconditions import service_answers
from infra.extraction.data.connections import connect
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.operations import Status, status
from infra.extraction.move.sides import sides_of
from infra.extraction.record.acknowledging import behind
from infra.extraction.record.values import Phase
from infra.extraction.retiring import disuse, exporting
from infra.extraction.retiring.places import administered, monolith_side
from infra.extraction.retiring.setting_aside import day_of, find_retired, retired_schema
from infra.extraction.sides import Side
from infra.extraction.words import PHASES


def intentions(module: str, options: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what `complete` would do next."""
    where = status(module).where
    if where.phase == Phase.SPLIT and options.get("drop"):
        return (f"drop the retired tables of {module} in the monolith's database, for good; their export stays",)
    retired = retired_schema(settings.SCHEMAS.get(module, module), timezone.localdate())
    return (
        "compare everything on both sides",
        f"say in the record that {module} is split; every process acknowledges",
        "end the reverse stream, take captures and gates away on both sides; the service writes and migrates as any database",
        f"move the monolith's tables of {module} into the schema {retired}, out of everybody's reach",
        f"export them to {exporting.folder_of(retired)}",
    )


def verdicts(module: str, options: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Return each precondition of the next thing that `complete` would do."""
    found = status(module)
    if found.where.phase == Phase.SPLIT:
        return tuple(_dropping(found, options)) if options.get("drop") else ()
    return tuple(_completing(found, options))


def _completing(found: Status, options: Mapping[str, Any]) -> Iterator[Verdict]:
    where, module = found.where, found.where.module
    yield Verdict(
        what=f"{module} is switched",
        holds=where.phase == Phase.SWITCHED,
        todo=f"It is {PHASES.get(where.phase, where.phase)}; only what has served from its own tables can stay there."
        f" Look: python manage.py extract {module} status",
    )
    if options.get("drop"):
        yield Verdict(
            what="nothing is dropped in the same go",
            holds=False,
            todo=f"First: python manage.py extract {module} complete --confirm {module}",
        )
    yield Verdict(
        what="its name was typed again",
        holds=options.get("confirm") == module,
        todo=f"There is no way back from this. To confirm: --confirm {module}",
    )
    if where.phase != Phase.SWITCHED:
        return
    yield Verdict(what="its writes are not held", holds=not where.hold, todo="A switch is under way; wait for its end.")
    yield Verdict(
        what="a carrier lives, and nothing keeps it from carrying the way back",
        holds=bool(found.carrier) and not found.problem,
        todo=found.problem or "Start one: python manage.py carry",
    )
    late = behind(where.revision)
    yield Verdict(
        what=f"no process still routes {module} to the monolith: all act on the newest record",
        holds=not late,
        todo=f"{', '.join(late[:5])} do not. Look at their logs, end or restart them.",
    )
    yield from service_answers(module, where.service, alike=False)
    try:
        monolith, _ = sides_of(module)
        yield _unused(module, monolith)
        yield _can_make_room(module, monolith)
    except (MoveRefused, psycopg.Error) as error:
        yield Verdict(what="the monolith's database answers", holds=False, todo=str(error).strip().splitlines()[0])


def _unused(module: str, monolith: Side) -> Verdict:
    since = disuse.switched_at(module)
    users = disuse.users_of(monolith, since) if since else ()
    return Verdict(
        what="nobody has used the monolith's tables since the switch",
        holds=since is not None and not users,
        todo=f"{'; '.join(users[:5])}. Find out what that is; restart it, so that it follows the record."
        if users
        else "The history does not say when it was switched.",
    )


def _can_make_room(module: str, monolith: Side) -> Verdict:
    name = retired_schema(monolith.schema, timezone.localdate())
    with connect(monolith, "look") as connection:
        row = connection.execute(
            "SELECT to_regnamespace(quote_ident(%s)) IS NOT NULL OR has_database_privilege(current_database(), 'CREATE')",
            [name],
        ).fetchone()
        may = bool(row and row[0])
        owner, database = connection.info.user, connection.info.dbname
    return Verdict(
        what=f"there is a schema for the retired tables, or somebody may make it ({name})",
        holds=may or administered(monolith),
        todo=f"Set ADMIN_DATABASE_URL, or have an administrator run in {database}: CREATE SCHEMA {name} AUTHORIZATION {owner};",
    )


def _dropping(found: Status, options: Mapping[str, Any]) -> Iterator[Verdict]:
    module, days = found.where.module, int(options.get("grace_days") or 0)
    yield Verdict(
        what="its name was typed again",
        holds=options.get("confirm") == module,
        todo=f"To confirm: --confirm {module}",
    )
    yield static_setting(found)
    side = monolith_side(module)
    if side is None:
        yield Verdict(
            what="the monolith's tables can be reached",
            holds=False,
            todo=f"Neither {module.upper()}_OWNER_DATABASE_URL nor ADMIN_DATABASE_URL is set where this runs.",
        )
        return
    with connect(side, "look") as connection:
        retired = find_retired(connection, side.schema)
    if retired is None:
        return  # it was dropped before
    until = day_of(retired) + timedelta(days=days)
    yield Verdict(
        what=f"the {days} days of grace are over",
        holds=timezone.localdate() >= until,
        todo=f"They are on {until}. To drop sooner: --grace-days 0",
    )
    broken = exporting.damage(retired)
    yield Verdict(
        what="the export is there, as it was written",
        holds=not broken,
        todo=f"{'; '.join(broken)}. Write it again: python manage.py extract {module} complete --confirm {module}",
    )


def static_setting(found: Status) -> Verdict:
    """Return whether the settings say where the module lives, so that no record is needed for that."""
    where = found.where
    location = settings.MODULE_LOCATIONS.get(where.module, "local")
    return Verdict(
        what="the settings say where it lives",
        holds=location.rstrip("/") == where.service,
        todo=f"Write into the environment of shop and services, then restart them: {setting_line(where.module, where.service)}",
    )


def setting_line(module: str, address: str) -> str:
    """Return the static setting to write after a move is complete."""
    return f"{module.upper()}_MODULE={address}"
