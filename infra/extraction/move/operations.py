"""The verbs of a move. Each states what must hold before it, may be killed at any point and run again, and is written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings

from infra.extraction.data import capture, stream
from infra.extraction.data.connections import Connection, connect
from infra.extraction.data.errors import CannotBeCarried, DataPlaneError
from infra.extraction.freezing.guard import freeze
from infra.extraction.move.answering import require_service
from infra.extraction.move.clearing import clear, has_gate
from infra.extraction.move.detached import have_a_carrier
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.reconciling import PATIENT, reconcile_record
from infra.extraction.move.recording import await_all, changed, require_module
from infra.extraction.move.settling import is_captured, settle
from infra.extraction.move.shifting import shift
from infra.extraction.move.sides import carried_names, service_running, sides_of
from infra.extraction.move.status import Status, status
from infra.extraction.move.switching import Switched, reverse, switch
from infra.extraction.move.target import prepare_target
from infra.extraction.move.turns import TURN_SECONDS, at_work_on, turn
from infra.extraction.move.verifying import Verification, directed, verify
from infra.extraction.move.without_service import go_on_without_service
from infra.extraction.record.changing import read
from infra.extraction.record.values import MONOLITH, SERVICE, Phase, Where
from infra.extraction.sides import Side
from infra.extraction.switch import gate
from infra.extraction.switch.errors import SwitchError
from infra.extraction.switch.recovery import Rest, recover
from infra.extraction.switch.transitions import Impossible, State

__all__ = [
    "MoveRefused",
    "Status",
    "Switched",
    "Verification",
    "begin_copy",
    "cancel",
    "go_on_without_service",
    "reverse",
    "share",
    "shift",
    "status",
    "switch",
    "verify",
]
Report = Callable[[str], None]


def share(module: str, *, address: str = "", who: str, why: str, report: Report = lambda line: None) -> Where:
    """Let the service answer on the monolith's tables; it gets no traffic before that is shifted.

    Args:
        address: the service's base URL; empty: `settings.SERVICE_ADDRESSES`. A repeat with another one changes it.

    Raises:
        MoveRefused: it does not answer there, or the module is further already.
    """
    require_module(module)
    with turn(at_work_on(module), by=f"share {module} by {who}", wait_seconds=TURN_SECONDS):
        where = read(module)
        address = (address or where.service or settings.SERVICE_ADDRESSES.get(module, "")).rstrip("/")
        if where.phase not in (Phase.IN_PROCESS, Phase.SHARED_DATABASE, Phase.DUAL_WRITE):
            raise MoveRefused(f"{module} is {where.phase} already: its service answers at {where.service}.")
        if not address:
            raise MoveRefused(f"Nobody said where the service of {module} answers. Set {module.upper()}_SERVICE_URL.")
        if where.phase != Phase.IN_PROCESS and where.service == address:
            report(f"{module}: the service at {address} answers already")
            return where
        require_service(module, address)
        fields: dict[str, Any] = {"addresses": {**where.addresses, SERVICE: address}}
        if where.phase == Phase.IN_PROCESS:
            fields |= {"phase": Phase.SHARED_DATABASE, "database": MONOLITH, "shares": {}}
        where = changed(where, who, why, fields)
        report(f"{module}: the service at {address} answers on the monolith's tables, so far with none of the traffic")
        return where


def begin_copy(module: str, *, who: str, why: str, report: Report = lambda line: None, carrier: bool = True) -> Where:
    """Have every write reach the service's database, too, and what was there before copied; the carrier does it.

    In phase switched it begins the way back anew where that was given up.

    Args:
        carrier: on a laptop, start a carrier when none lives.

    Raises:
        MoveRefused: the service's database can't be used, or tables can't be carried; each is named with its remedy.
    """
    require_module(module)
    with (
        service_running(module),
        turn(at_work_on(module), by=f"begin the copy of {module} by {who}", wait_seconds=TURN_SECONDS),
    ):
        where = read(module)
        if where.phase not in (Phase.SHARED_DATABASE, Phase.DUAL_WRITE, Phase.SWITCHED):
            raise MoveRefused(
                f"{module} is {where.phase}: the copy begins once its service answers. Before: manage.py extract {module} share"
            )
        try:
            if where.phase != Phase.SWITCHED:
                prepare_target(module, report)
            rest = _have_gates(where, who)
            if where.phase == Phase.SHARED_DATABASE and rest.primary.name != MONOLITH:
                raise MoveRefused(
                    f"The gates say that the service's tables of {module} are the truth; the record does not."
                )
            if where.phase != Phase.SHARED_DATABASE:
                where = reconcile_record(module, by=who)
            source, target = directed(where)
            _have_stream(source, target, who, report)
        except CannotBeCarried as error:
            raise MoveRefused.of(error.reasons) from error
        except (DataPlaneError, SwitchError, Impossible, psycopg.Error) as error:
            raise MoveRefused(f"The copy of {module} can't begin: {str(error).strip()}") from error
        if where.phase == Phase.SHARED_DATABASE:
            where = changed(where, who, why, {"phase": Phase.DUAL_WRITE, "database": MONOLITH, "epoch": rest.epoch})
        report(f"{module}: every write is captured on the {source.name}'s side, and carried to the {target.name}'s")
        if carrier:
            have_a_carrier(module, report)
    return where


def cancel(module: str, *, who: str, why: str, report: Report = lambda line: None) -> Where:
    """Give the move up before the service's tables are the truth: the monolith alone answers, what was copied is dropped.

    Run again it clears away what an earlier one left.

    Raises:
        MoveRefused: the service's tables are the truth (reverse first), or the monolith's database does not answer.
    """
    require_module(module)
    with turn(at_work_on(module), by=f"cancel {module} by {who}", wait_seconds=TURN_SECONDS):
        where = read(module)
        if where.phase in (Phase.SWITCHED, Phase.SPLIT):
            back = f" Before: manage.py extract {module} reverse" if where.phase == Phase.SWITCHED else ""
            raise MoveRefused(f"{module} is {where.phase}: the service's tables are the truth.{back}")
        try:
            if where.phase == Phase.DUAL_WRITE:
                where = reconcile_record(module, by=f"cancel by {who}")
                if where.home == SERVICE:
                    raise MoveRefused(
                        f"A switch of {module} has just come to its end. Before: manage.py extract {module} reverse"
                    )
            if where.phase != Phase.IN_PROCESS:
                fields = {"phase": Phase.IN_PROCESS, "shares": {}, "database": MONOLITH, "addresses": {}, "hold": False}
                where = changed(where, who, why, fields)
                report(f"{module}: the monolith alone answers")
                await_all(where, report)
            monolith, service = sides_of(module)
            clear(monolith, report, keep_rows=True)
        except (DataPlaneError, SwitchError, Impossible, psycopg.Error) as error:
            raise MoveRefused(f"{module} is not cleared away yet: {str(error).strip()} Repeat this.") from error
        try:
            with service_running(module):
                clear(service, report, keep_rows=False)
        except (DataPlaneError, psycopg.Error) as error:
            report(
                f"{module}: the service's database does not answer, so that what was copied stays there, closed and of no use:"
                f" {str(error).strip()}"
            )
        return where


def _have_gates(where: Where, who: str) -> Rest:
    """Have both sides fenced as the phase says, whatever an earlier attempt left."""
    monolith, service = sides_of(where.module)
    with connect(monolith, "gates") as here, connect(service, "gates") as there:
        if where.phase == Phase.SHARED_DATABASE and has_gate(there, service):
            _require_not_given_up(there, service, where.module)
        known = [gate.read(c, side).epoch for c, side in ((here, monolith), (there, service)) if has_gate(c, side)]
        epoch = max([where.epoch, *known])
        # The side that writes first: both gates must never say that they follow.
        gate.install(here, monolith, State.PRIMARY, epoch=epoch, by=who)
        gate.install(there, service, State.STANDBY, epoch=min(known, default=epoch), by=who)
        for connection, side in ((here, monolith), (there, service)):
            freeze(connection, side)
    return recover(monolith, service, by=who, deadlines=PATIENT)


def _require_not_given_up(connection: Connection, service: Side, module: str) -> None:
    if gate.read(connection, service).state is not State.STANDBY:
        raise MoveRefused(
            f"The service's database of {module} holds what was the truth once, before it was given up as lost. Look there for"
            " rows that nobody else has; then drop that database, or name another one, and repeat this."
        )


def _have_stream(source: Side, target: Side, who: str, report: Report) -> None:
    with connect(source, "begin") as here, connect(target, "begin") as there:
        names = carried_names(here, source)
        if is_captured(there, target):
            settle(source, target, by=who)
        capture.install(here, source, names)
        if stream.begin(here, there, (source, target), names):
            report(f"{source.schema}: {len(names)} tables are copied from {source.name} to {target.name}")
    settle(source, target, by=who)
