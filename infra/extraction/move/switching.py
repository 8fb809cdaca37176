"""The verbs that change which side is the truth: the record holds, the gates decide, the record follows.

Everything that takes time is done before anybody waits: comparing, catching up, logging in, preparing the way back. Then the
record has all processes hold back the module's writes, and once they have said so the databases' own switch follows, which does
not rely on that. Whatever fails or dies in between, `reconcile_record` brings gates and record to rest, here or in the carrier.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass, field

import psycopg
from django.db import connections

from infra.extraction.data import guards, way_back
from infra.extraction.data.comparison import compare, repair
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import DataPlaneError, LeaseLost
from infra.extraction.move.answering import require_service
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.reconciling import home_fields, reconcile_record
from infra.extraction.move.settling import settle
from infra.extraction.move.sides import service_running
from infra.extraction.move.turns import ONE_SWITCH, TURN_SECONDS, Turn, at_work_on, turn
from infra.extraction.move.verifying import applier_of, directed, follows, require_copied, require_stream, verify
from infra.extraction.record.acknowledging import NotAcknowledged, await_acknowledged
from infra.extraction.record.changing import ALIAS, RecordMoved, change, read
from infra.extraction.record.values import MONOLITH, SERVICE, Where
from infra.extraction.sides import Side
from infra.extraction.switch import steps
from infra.extraction.switch.connecting import Deadlines
from infra.extraction.switch.errors import Refused, SwitchError, TookTooLong, WentBack
from infra.extraction.switch.gate import Connection
from infra.extraction.switch.transitions import Impossible

Report = Callable[[str], None]
OnStep = steps.OnStep
ACKNOWLEDGE_SECONDS = 1.5  # processes that have not drained by then keep the switch from being tried now
RELEASE_SECONDS = 2.0
SMALL = 200  # keys; so few are carried in some milliseconds
_CATCH_UP_STEPS = 200
_WRITER_SECONDS = 5.0  # so long is waited for a writer to end before anything is held
_STOOD_STILL = "This process stood still for so long that it lost its turn to others."
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.2, 5.0
_WRITERS = """
SELECT DISTINCT l.virtualtransaction FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
 WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND c.relnamespace = to_regnamespace(quote_ident(%s)) AND c.relkind IN ('r', 'p') AND l.mode = 'RowExclusiveLock'
   AND l.pid IS DISTINCT FROM pg_backend_pid()
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A switch that came to its end, or had before this call."""

    where: Where
    tries: int = 0  # 0: it had been done before
    hold_seconds: float = 0.0  # in the databases, from the gate until the target was open
    felt_seconds: float = 0.0  # from the hold in the record until all processes had heard of its end
    acknowledged: bool = True  # whether they all have
    finished_by_recovery: bool = False
    steps: dict[str, float] = field(default_factory=dict)  # seconds of each


def switch(
    module: str,
    *,
    who: str,
    why: str,
    report: Report = lambda line: None,
    tries: int = 10,
    deadlines: Deadlines | None = None,
    on_step: OnStep = lambda step, moment: None,
) -> Switched:
    """Make the service's tables the truth; writes wait for some milliseconds. A repeat after it is done changes nothing.

    Args:
        tries: as often it is tried when a writer or a process is too slow; in between writes go on.
        on_step: told of each step "before" and "after" it.

    Raises:
        MoveRefused: what must hold before does not, or no try succeeded; writes go on where they went.
        Unresolved: a database went away in the middle; the carrier finishes or undoes it once it answers.
    """
    return _exchange(module, SERVICE, _Order(who, why, report, tries, deadlines or Deadlines(), on_step))


def reverse(
    module: str,
    *,
    who: str,
    why: str,
    report: Report = lambda line: None,
    tries: int = 10,
    deadlines: Deadlines | None = None,
    on_step: OnStep = lambda step, moment: None,
) -> Switched:
    """Make the monolith's tables the truth again, with everything that was written at the service; else as `switch`."""
    return _exchange(module, MONOLITH, _Order(who, why, report, tries, deadlines or Deadlines(), on_step))


@dataclass(frozen=True, slots=True)
class _Order:
    who: str
    why: str
    report: Report
    tries: int
    deadlines: Deadlines
    on_step: OnStep


def _exchange(module: str, home: str, order: _Order) -> Switched:
    verb = "switch" if home == SERVICE else "reverse"
    by = f"{verb} {module} by {order.who}"
    where = require_stream(read(module))
    if home == SERVICE and not where.service:
        raise MoveRefused(f"The service of {module} has no address. Tell it first: manage.py extract {module} start")
    if home == SERVICE and where.home != home:
        require_service(module, where.service)  # it is about to answer everything
    with service_running(module):
        if where.home != home and not where.hold and not (found := verify(module, report=order.report)).equal:
            raise MoveRefused(
                f"{len(found.differences)} rows of {module} differed; they are carried again now. That is a fault and never lag:"
                f" find out who wrote past the module, compare again (manage.py extract {module} verify), then repeat this."
            )
        with turn(at_work_on(module), by=by, wait_seconds=TURN_SECONDS) as mine:
            try:
                where = reconcile_record(module, by=by)
                source, target = directed(where)
                if where.home == home:
                    _settle_if_possible(source, target, mine, order)
                    return Switched(where=where)
                with turn(ONE_SWITCH, by=by):
                    done = _with_patience(where, home, (source, target), mine, order)
                _settle_if_possible(target, source, mine, order)
            except (DataPlaneError, psycopg.Error, Impossible, Refused, RecordMoved) as error:
                raise MoveRefused(_failed(verb, module, error)) from error
    order.report(
        f"{module}: the {home}'s tables are the truth. Writes waited {done.felt_seconds * 1000:.0f} ms, of which the databases"
        f" took {done.hold_seconds * 1000:.0f} ms"
    )
    return done


def _settle_if_possible(primary: Side, standby: Side, mine: Turn, order: _Order) -> None:
    """Arrange both sides for the way back. The truth has changed sides already, and what is left to do the carrier does."""
    if not mine.is_held():
        return
    try:
        settle(primary, standby, by=order.who)
    except (DataPlaneError, psycopg.Error, Refused) as error:
        order.report(
            f"{primary.name} has the truth, and {standby.name} can't be made to follow it yet: {str(error).strip()} The carrier"
            " goes on with that; until then the way back waits."
        )


def _failed(verb: str, module: str, error: Exception) -> str:
    where = read(module)
    return (
        f"{verb} of {module}: {str(error).strip().rstrip('.') or type(error).__name__}. The {where.home}'s tables are the"
        f" truth now (epoch {where.epoch}). The same command may be repeated."
    )


def _with_patience(where: Where, home: str, sides: tuple[Side, Side], mine: Turn, order: _Order) -> Switched:
    pause = _FIRST_PAUSE_SECONDS
    for number in range(1, order.tries + 1):
        try:
            with closing(_Attempt(read(where.module), home, sides, mine, order)) as attempt:
                attempt.catch_up()
                return attempt.make(number)
        except (TookTooLong, WentBack, NotAcknowledged, RecordMoved, LeaseLost) as error:
            if not mine.is_held():  # who has it now, the carrier at least, brings everything to rest
                raise MoveRefused(f"{error} {_STOOD_STILL} Look at the status, then repeat this.") from error
            # A try that came to its last steps had opened the target's triggers and begun the way back.
            settle(*sides, by=order.who)
            reconcile_record(where.module, by=order.who)
            order.report(f"{where.module}: try {number} of {order.tries}: {error}")
            if number == order.tries:
                raise MoveRefused(f"{error} It was tried {number} times. Repeat it in a quieter moment.") from error
        except SwitchError as error:
            raise MoveRefused(str(error)) from error
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    raise ValueError("tries must be one at least")


class _Attempt:
    """One try, with all that is opened and prepared before writes are held."""

    def __init__(self, where: Where, home: str, sides: tuple[Side, Side], mine: Turn, order: _Order) -> None:
        self._where, self._home, self._mine, self._order = where, home, mine, order
        self._source, self._target = sides
        self._guard: Callable[[Connection], None] = follows(self._target)
        self._stack = ExitStack()
        try:
            self._applier = self._stack.enter_context(
                applier_of(self._source, self._target, lambda connection: self._guard(connection))
            )
            require_copied(self._applier, where.module)
            self._require_equal()
            self._at_source = self._stack.enter_context(closing(_hasty(self._source, order.deadlines)))
            self._at_target = self._stack.enter_context(closing(_hasty(self._target, order.deadlines)))
            # Not with the hasty ones: it waits for locks.
            with connect(self._target, "way back") as there, connect(self._source, "way back") as here:
                names = [table.name for table in self._applier.tables]
                self._way_back = way_back.prepare(there, here, (self._target, self._source), names)
        except BaseException:
            self._stack.close()
            raise

    def close(self) -> None:
        self._stack.close()

    def catch_up(self) -> None:
        """Carry until little is left, and see that no writer is inside who would keep everybody waiting."""
        for _ in range(_CATCH_UP_STEPS):
            if self._applier.step().touched <= SMALL:
                break
        else:
            raise TookTooLong(f"{self._where.module} is written faster than it is carried. Nothing was changed.")
        end = time.monotonic() + _WRITER_SECONDS
        inside = self._writers()
        while inside:
            time.sleep(min(self._order.deadlines.gate, 0.05))
            self._applier.step()
            inside &= self._writers()  # who is still there has been so for longer than the gate waits
            if inside and time.monotonic() > end:
                raise TookTooLong(
                    f"A transaction on {self._source.name} has written to {self._where.module} for more than"
                    f" {_WRITER_SECONDS:g} s. Nothing was changed."
                )

    def make(self, number: int) -> Switched:
        """Switch; whatever comes of it, gates and record are at rest and agree afterwards."""
        where, felt = self._where, _Felt()
        connections[ALIAS].ensure_connection()
        self._applier.purges = False
        with self._mine.urgent():
            try:
                done = steps.switch(
                    self._source,
                    self._target,
                    steps.Work(final_step=self._final_step, begin_way_back=self._begin_way_back),
                    by=self._order.who,
                    deadlines=self._order.deadlines,
                    on_step=lambda step, moment: self._on_step(felt, step, moment),
                )
            except BaseException:
                reconcile_record(where.module, by=self._order.who)
                raise
            if felt.after is None:
                felt.after = reconcile_record(where.module, by=self._order.who)
            acknowledged = True
            try:
                await_acknowledged(felt.after.revision, RELEASE_SECONDS)
            except NotAcknowledged as late:
                acknowledged = False
                self._order.report(f"{where.module}: {late} What they write is refused by the database and sent on.")
        return Switched(
            where=felt.after,
            tries=number,
            hold_seconds=done.hold_seconds,
            felt_seconds=time.monotonic() - felt.began,
            acknowledged=acknowledged,
            finished_by_recovery=done.finished_by_recovery,
            steps=dict(done.seconds),
        )

    def _on_step(self, felt: _Felt, step: str, moment: str) -> None:
        if (step, moment) == ("hold", "before"):
            self._order.on_step("record hold", "before")
            if not self._mine.is_held():
                raise TookTooLong("Nothing was changed.")
            felt.began = time.monotonic()
            felt.held = change(self._where, who=self._order.who, why=self._order.why, hold=True)
            await_acknowledged(felt.held.revision, ACKNOWLEDGE_SECONDS)
            # Nobody who asks writes any more, so that nearly nothing is left for the moment in which nobody can.
            self._applier.step()
            self._order.on_step("record hold", "after")
        self._order.on_step(step, moment)
        if (step, moment) == ("open", "after") and felt.held:
            self._order.on_step("record", "before")
            felt.after = change(
                felt.held,
                who=self._order.who,
                why=self._order.why,
                epoch=felt.held.epoch + 1,
                hold=False,
                **home_fields(self._home),
            )
            self._order.on_step("record", "after")

    def _final_step(self, guard: steps.Guard) -> None:
        def hastily(connection: Connection) -> None:
            guard(connection)
            _hurry(connection, self._order.deadlines, "LOCAL")

        self._guard = hastily
        self._applier.step()
        if self._applier.behind() or not self._applier.position.consistent:
            raise TookTooLong("more was written at the last moment than one step carries")

    def _begin_way_back(self, guard: steps.Guard) -> None:
        with self._at_target.transaction():
            guard(self._at_target)
            self._way_back.begin(self._at_target, self._at_source)
            guards.release(self._at_target, self._target, guards.TRIGGER)

    def _require_equal(self) -> None:
        found = compare(self._applier)
        if found.differences:
            repair(self._applier, found.differences)
            raise MoveRefused(
                f"{len(found.differences)} rows of {self._where.module} differed at the last comparison. Nothing was changed;"
                f" look at them (manage.py extract {self._where.module} verify), then repeat this."
            )

    def _writers(self) -> set[str]:
        return {str(row[0]) for row in self._at_source.execute(_WRITERS, [self._source.schema]).fetchall()}


@dataclass(slots=True)
class _Felt:
    began: float = 0.0
    held: Where | None = None
    after: Where | None = None


def _hasty(side: Side, deadlines: Deadlines) -> Connection:
    connection = connect(side, "switching")
    _hurry(connection, deadlines, "SESSION")
    return connection


def _hurry(connection: Connection, deadlines: Deadlines, scope: str) -> None:
    connection.execute(
        f"SET {scope} lock_timeout = {round(deadlines.gate * 1000)};"
        f" SET {scope} statement_timeout = {round(deadlines.statement * 1000)}"
    )
