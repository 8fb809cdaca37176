"""Both sides compared on demand, while writes go on; whatever differs is carried again, and told."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import psycopg

from infra.extraction.data.comparison import Comparison, Difference, compare, repair
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import DataPlaneError, LeaseLost
from infra.extraction.data.step import Applier
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.lag import TimedApplier
from infra.extraction.move.reconciling import BETWEEN_SIDES
from infra.extraction.move.sides import carried_names, service_running, sides_of
from infra.extraction.record.changing import read
from infra.extraction.record.values import SERVICE, Where
from infra.extraction.sides import Side
from infra.extraction.switch import gate
from infra.extraction.switch.gate import Connection
from infra.extraction.switch.transitions import State

_TRIES = 10  # the carrier takes the stream back after a second or so; between that there is time enough
_PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What was compared, at one moment, and what was found."""

    equal: bool
    rows: int  # hashed on the primary side
    ranges: int
    skipped: int  # ranges that were equal before and not touched since
    differences: tuple[Difference, ...]
    seconds: float


def verify(
    module: str,
    *,
    everything: bool = False,
    as_text: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> Verification:
    """Compare both sides of a module as of one moment, while writes go on. Rows that differ are carried again.

    Args:
        everything: also what was equal before and not touched since; finds what was written past the stream.
        as_text: compare the text of every value, which sees more and takes longer.

    Raises:
        MoveRefused: nothing is carried, or the first copy is not through.
    """
    where = require_stream(read(module))
    began = time.monotonic()
    with service_running(module):
        source, target = directed(where)
        for _ in range(_TRIES):
            try:
                with applier_of(source, target) as applier:
                    require_copied(applier, module)
                    found = compare(applier, everything=everything, as_text=as_text)
                    repair(applier, found.differences)
            except (LeaseLost, psycopg.errors.AdminShutdown):
                # The second: who takes the stream over from one that is slow disconnects it (`stream.take_over`).
                time.sleep(_PAUSE_SECONDS)
            except DataPlaneError as error:
                raise MoveRefused(str(error)) from error
            except psycopg.Error as error:
                raise MoveRefused(
                    f"{module} can't be compared, a side does not answer: {str(error).strip()}"
                ) from error
            else:
                return _told(module, found, time.monotonic() - began, report)
    raise MoveRefused(f"Others carry {module} faster than it can be compared. Repeat this in a moment.")


def require_stream(where: Where) -> Where:
    """Raise MoveRefused unless two sides of the module are kept alike."""
    if where.phase not in BETWEEN_SIDES:
        raise MoveRefused(
            f"{where.module} is {where.phase}: only one side has its rows. They are copied after: manage.py extract"
            f" {where.module} start"
        )
    return where


def directed(where: Where) -> tuple[Side, Side]:
    """Return both sides, the one whose tables are the truth first."""
    monolith, service = sides_of(where.module)
    return (service, monolith) if where.home == SERVICE else (monolith, service)


def applier_of(source: Side, target: Side, permitted: Callable[[Connection], None] | None = None) -> TimedApplier:
    """Return the applier of the stream between two sides, which is refused as soon as the target no longer follows."""
    with connect(source, "tables") as connection:
        names = carried_names(connection, source)
    return TimedApplier(source, target, names, permitted=permitted or follows(target))


def follows(target: Side) -> Callable[[Connection], None]:
    """Return what keeps rows from being applied to a side that is no standby; it stays one until the transaction ends."""

    def require(connection: Connection) -> None:
        row = gate.read(connection, target, hold=True)
        if row.state is not State.STANDBY:
            raise LeaseLost(f"{target.name} is {row.state.value} at epoch {row.epoch}: nothing is carried to it.")

    return require


def require_copied(applier: Applier, module: str) -> None:
    if not applier.copied:
        done = sum(applier.position.of(table).complete for table in applier.tables)
        raise MoveRefused(
            f"The first copy of {module} is not through: {done} of {len(applier.tables)} tables. Look at: manage.py extract"
            f" {module} status"
        )


def _told(module: str, found: Comparison, seconds: float, report: Callable[[str], None]) -> Verification:
    report(
        f"{module}: {found.rows} rows in {found.ranges} ranges compared, {found.skipped} ranges equal before and not touched"
        f" since, {len(found.differences)} differences"
    )
    for difference in found.differences[:20]:
        report(f"{module}: {difference.table} {difference.key} is {difference.fault.value}; it is carried again")
    return Verification(
        equal=not found.differences,
        rows=found.rows,
        ranges=found.ranges,
        skipped=found.skipped,
        differences=found.differences,
        seconds=seconds,
    )
