"""The way back when the service's database is gone for good: the monolith goes on with what was carried back to it.

The only verb that loses writes: those that the service accepted after the last one that was carried, usually some milliseconds
of them. So it is refused while that database answers, and wants the module's name typed again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings
from psycopg import sql

from infra.databases.configuration import owner_url_variable
from infra.databases.embedded import EmbeddedServerError
from infra.extraction.data import control
from infra.extraction.data.connections import Connection, connect
from infra.extraction.data.errors import DataPlaneError
from infra.extraction.loss import Owned, make_agree
from infra.extraction.move.clearing import clear, has_gate
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.reconciling import BETWEEN_SIDES
from infra.extraction.move.recording import await_all, changed, require_module
from infra.extraction.move.sides import conninfo_of, modules, service_running, sides_of
from infra.extraction.move.turns import at_work_on, turn
from infra.extraction.record.changing import read
from infra.extraction.record.values import MONOLITH, SERVICE, Phase, Where
from infra.extraction.sides import Side
from infra.extraction.switch import gate, sequences
from infra.extraction.switch.errors import SwitchError
from infra.extraction.switch.transitions import State

Report = Callable[[str], None]
PATIENCE_SECONDS = 20.0  # for its turn: the carrier keeps trying to reach the lost database, some seconds each time
# Numbers that the service gave to rows which are lost now: customers and other modules may know them.
LOST_NUMBERS = 100_000


def go_on_without_service(
    module: str, *, confirm: str, who: str, why: str, report: Report = lambda line: None
) -> Where:
    """Make the monolith's tables the truth as they stand, without asking the service's side; the move ends with that.

    Writes are held meanwhile, and nobody is asked to write at the service any more once all processes have said so or have let
    their lease run out. Killed in the middle it leaves the module held; run it again.

    Args:
        confirm: the module's name, typed again.

    Raises:
        MoveRefused: the service's database answers, or the monolith's tables are the truth, or nothing was carried back; it says
            what to do instead. Nothing was changed.
    """
    require_module(module)
    with turn(at_work_on(module), by=f"go on without the service of {module} by {who}", wait_seconds=PATIENCE_SECONDS):
        where, stands = read(module), require_lost(module)
        if confirm != module:
            raise MoveRefused(
                f"What the service wrote after {stands} is lost for good. If its database can't be brought back, say so:"
                f" python manage.py extract {module} cancel --service-lost --confirm {module}"
            )
        if not where.hold:
            where = changed(where, who, why, {"hold": True})
        await_all(where, report)
        monolith, _ = sides_of(module)
        try:
            with connect(monolith, "without service") as connection:
                stands = _carried_back_until(connection, monolith, module)
                used = sequences.highest_used(connection, monolith)
                sequences.advance(connection, monolith, used, margin=LOST_NUMBERS)
                if has_gate(connection, monolith):
                    # First of all: a gate without the stream that led here would read as one that nothing leads back to.
                    gate.uninstall(connection, monolith, writable=True)
            clear(monolith, report, keep_rows=True)
            _make_others_agree(module, monolith, report)
        except (DataPlaneError, SwitchError, psycopg.Error) as error:
            raise MoveRefused(f"{module} is not back yet: {str(error).strip()} Repeat this.") from error
        fields: dict[str, Any] = {"phase": Phase.IN_PROCESS, "shares": {}, "database": MONOLITH, "addresses": {}}
        where = changed(where, who, f"{why} (carried back until {stands})", {**fields, "hold": False})
        await_all(where, report)
        report(
            f"{module}: the monolith alone answers, with what was carried back until {stands}. Should the service's database"
            " come back, look there for what was written later, and drop it before the next start."
        )
        return where


def require_lost(module: str) -> str:
    """Return until when the monolith's tables have everything, as people read it.

    Raises:
        MoveRefused: nothing needs to be lost, or nothing leads back; it says what to do instead.
    """
    phase = read(module).phase
    if phase not in BETWEEN_SIDES:
        raise MoveRefused(f"{module} is {phase}: there is no service's database that it needs.")
    monolith, service = sides_of(module)
    try:
        with connect(monolith, "without service") as connection:
            under_way = not has_gate(connection, monolith)
            stands = _carried_back_until(connection, monolith, module)
    except (DataPlaneError, SwitchError, psycopg.Error) as error:
        raise MoveRefused(f"The monolith's side of {module} can't be looked at: {str(error).strip()}") from error
    # Once it was given up there is no other way left, even if that database comes back.
    if not under_way and _answers(module, service):
        raise MoveRefused(
            f"The service's database of {module} answers, and nothing needs to be lost: python manage.py extract {module} reverse"
        )
    return stands


def _make_others_agree(module: str, monolith: Side, report: Report) -> None:
    lost = Owned(module=module, schema=monolith.schema, conninfo=monolith.owner_url)
    for other in modules():
        if other == module:
            continue
        try:
            again = make_agree(lost, _owned(other))
        except (MoveRefused, psycopg.Error) as error:
            report(
                f"{module}: {other} does not answer, so that events between the two may be missing: {str(error).strip()}"
            )
        else:
            if again:
                report(f"{module}: {again} streams of events between it and {other} are sent again")


def _owned(module: str) -> Owned:
    if read(module).home == SERVICE:
        _, service = sides_of(module)
        return Owned(module=module, schema=service.schema, conninfo=service.owner_url)
    owner = settings.DATABASE_OWNERS.get(module)
    if owner is None:
        raise MoveRefused(f"{owner_url_variable(module)} is not set.")
    return Owned(module=module, schema=settings.SCHEMAS[module], conninfo=conninfo_of(owner))


def _carried_back_until(connection: Connection, monolith: Side, module: str) -> str:
    if not has_gate(connection, monolith):  # an earlier run, which was killed, gave it up
        return "the last step"
    if gate.read(connection, monolith).state is State.PRIMARY:
        raise MoveRefused(
            f"The monolith's tables of {module} are the truth; nothing is lost: python manage.py extract {module} cancel"
        )
    row = None
    if control.is_prepared(connection, monolith):
        query = sql.SQL("SELECT to_char(position_at, 'YYYY-MM-DD HH24:MI:SS.MS TZ'), consistent FROM {}")
        row = connection.execute(query.format(sql.Identifier(monolith.control_schema, "stream"))).fetchone()
    if row is None:
        raise MoveRefused(
            f"Nothing leads back to the monolith's tables of {module}: that stream was given up, and they stand as they did"
            " then. Bring the service's database back from its backup."
        )
    if not row[1]:
        raise MoveRefused(
            f"The last step to the monolith's tables of {module} was one of several that belong together ({row[0]}): its rows"
            " contradict each other. Bring the service's database back from its backup."
        )
    return str(row[0])


def _answers(module: str, service: Side) -> bool:
    """Return whether the service's database answers and is part of the move."""
    try:
        with service_running(module), connect(service, "still there") as connection:
            return has_gate(connection, service)
    except (psycopg.Error, EmbeddedServerError, OSError):
        return False
