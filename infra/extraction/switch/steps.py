"""A switch, step by step as `transitions.STEPS` declares; one function per step, and the way back when one fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql

from infra.extraction.sides import Side
from infra.extraction.switch import gate, sequences
from infra.extraction.switch.connecting import Deadlines, connect
from infra.extraction.switch.errors import (
    NotPossible,
    Refused,
    SwitchError,
    TookTooLong,
    WentBack,
)
from infra.extraction.switch.gate import Connection
from infra.extraction.switch.polite import lock_name
from infra.extraction.switch.recovery import recover
from infra.extraction.switch.transitions import (
    FENCE,
    GIVE,
    OPEN,
    READY,
    RETIRE,
    STEPS,
    Role,
    Row,
    State,
    Step,
    Transition,
    may_switch,
)

_POLL_SECONDS = 0.002
_UNREAD = Row(State.STANDBY, 0)  # no gate says this
Guard = Callable[[Connection], None]
OnStep = Callable[[str, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the data plane does while the module is held.

    Both are given a guard, and call it first in each transaction in which they write on the target, with that connection: it
    raises `Refused` unless the target is a standby of this very switch, and keeps it so until the transaction ends.
    """

    final_step: Callable[[Guard], None]  # carries what the target lacks; returns when it stands there, committed
    begin_way_back: Callable[[Guard], None]  # puts the reverse stream's cursor at the target's present snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """A switch that came to its end."""

    primary: Side
    epoch: int
    hold_seconds: float  # from the polite gate until the target was open
    seconds: Mapping[str, float]  # by step
    finished_by_recovery: bool = False


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt: the two sides, sessions whose deadlines the server keeps, and how far it is."""

    source: Side
    target: Side
    work: Work
    deadlines: Deadlines
    by: str
    at_gate: Connection  # holds the polite gate, and commits the decision
    at_source: Connection
    at_target: Connection
    source_row: Row = _UNREAD
    target_row: Row = _UNREAD
    held_at: float = 0.0
    opened_at: float = 0.0
    seconds: dict[str, float] = field(default_factory=dict)

    def guard(self, connection: Connection) -> None:
        """Refuse to write on a target that is not a standby of this switch."""
        row = gate.read(connection, self.target, hold=True)
        if row != self.target_row:
            raise Refused(
                f"{self.target.name} is {row.state.value} at epoch {row.epoch} and no longer the standby of this switch."
                " Nothing was written."
            )


def switch(
    source: Side,
    target: Side,
    work: Work,
    *,
    by: str,
    deadlines: Deadlines | None = None,
    on_step: OnStep = lambda step, moment: None,
) -> Switched:
    """Give the truth from `source` to `target`, or leave everything as it was.

    Args:
        by: who does it, for the gate and the history.
        on_step: told of each step "before" and "after" it.

    Raises:
        NotPossible: the gates ask for a recovery, or the target has the truth already. Nothing was changed.
        TookTooLong, Refused, NoFence: a step before the fence failed. Nothing was changed.
        WentBack: a later step failed; the source writes as before. Sensible to try again when a deadline passed.
        Unresolved: a database went away; `recover` will finish or undo.
    """
    deadlines = deadlines or Deadlines()
    reached = -1
    with ExitStack() as stack:
        try:
            sessions = [
                stack.enter_context(_closing(connect(side, deadlines, purpose)))
                for side, purpose in ((source, "gate"), (source, "fence"), (target, "target"))
            ]
        except psycopg.Error as error:
            raise NotPossible(f"A side cannot be reached: {error}. Nothing was changed.") from error
        attempt = Attempt(
            source=source,
            target=target,
            work=work,
            deadlines=deadlines,
            by=by,
            at_gate=sessions[0],
            at_source=sessions[1],
            at_target=sessions[2],
        )
        try:
            for reached, step in enumerate(STEPS):  # noqa: B007 (the way back asks how far it came)
                on_step(step.name, "before")
                began = time.monotonic()
                PERFORM[step.name](attempt)
                attempt.seconds[step.name] = time.monotonic() - began
                on_step(step.name, "after")
        except Exception as error:
            step = STEPS[max(reached, 0)]
            stack.close()  # the gate is free, and what was not committed is undone
            if not _may_have_fenced(step, error):
                raise _as_told(step, error) from error
            return _way_back(attempt, step, error)
    return Switched(
        primary=target,
        epoch=attempt.target_row.epoch,
        hold_seconds=attempt.opened_at - attempt.held_at,
        seconds=attempt.seconds,
    )


def _may_have_fenced(step: Step, error: Exception) -> bool:
    numbers = {each.transition: each.number for each in STEPS}
    if step.number == numbers[FENCE]:
        return not isinstance(error, SwitchError)  # refused is refused; a connection that broke may have committed
    return step.number > numbers[FENCE]


def _as_told(step: Step, error: Exception) -> Exception:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return TookTooLong(f"{step.name}: a writer kept the gate beyond its deadline. Nothing was changed; try again.")
    if isinstance(error, psycopg.Error):
        return NotPossible(f"{step.name}: {error}. Nothing was changed.")
    return error


def _way_back(attempt: Attempt, step: Step, error: Exception) -> Switched:
    """Ask both rows what was committed, whatever this coordinator believes, and bring them to rest."""
    rest = recover(attempt.source, attempt.target, by=f"{attempt.by}, after {step.name} failed", deadlines=None)
    if rest.primary == attempt.target:
        return Switched(
            primary=attempt.target,
            epoch=rest.epoch,
            hold_seconds=time.monotonic() - attempt.held_at,
            seconds=attempt.seconds,
            finished_by_recovery=True,
        )
    raise WentBack(
        f"{step.name}: {str(error).strip() or type(error).__name__}. {attempt.source.name} writes as before, at epoch"
        f" {rest.epoch}."
    ) from error


# --- The steps ---


def check(attempt: Attempt) -> None:
    """Read both gates; the rows must be at rest, and only the application may write."""
    rows = gate.read(attempt.at_source, attempt.source), gate.read(attempt.at_target, attempt.target)
    place = may_switch(*rows)
    if place is None:
        raise NotPossible(
            f"{attempt.source.name} is {rows[0].state.value} at epoch {rows[0].epoch}, {attempt.target.name}"
            f" {rows[1].state.value} at epoch {rows[1].epoch}: a switch is under way or was left. Recover first."
        )
    if place == 1:
        raise NotPossible(f"{attempt.target.name} holds the truth already; there is nothing to switch.")
    for connection, side in ((attempt.at_source, attempt.source), (attempt.at_target, attempt.target)):
        if others := gate.others_who_write(connection, side):
            raise NotPossible(
                f"On {side.name} {others[0][0]} may write {side.schema}.{others[0][1]} beside {side.application_role};"
                " the fence would not stop it. Revoke that, then switch again."
            )
    attempt.source_row, attempt.target_row = rows
    # What will be asked while writers wait is asked once before, so that nothing is looked up for the first time then.
    gate.writers_inside(attempt.at_source, attempt.source)
    sequences.positions(attempt.at_source, attempt.source)
    sequences.positions(attempt.at_target, attempt.target)


def hold(attempt: Attempt) -> None:
    """Take the polite gate: writers that ask first finish, later ones wait."""
    attempt.held_at = time.monotonic()
    name = sql.Literal(lock_name(attempt.source.control_schema))
    attempt.at_gate.execute(sql.SQL("BEGIN; SELECT pg_advisory_xact_lock(hashtextextended({}, 0))").format(name))


def fence(attempt: Attempt) -> None:
    """Take the right to write from the source's application, in a commit of its own."""
    attempt.source_row = _apply(attempt, FENCE)


def drain(attempt: Attempt) -> None:
    """Wait for writers that held a table's lock when the fence came: they alone may still write."""
    end = time.monotonic() + attempt.deadlines.drain
    while writers := gate.writers_inside(attempt.at_source, attempt.source):
        if time.monotonic() > end:
            who = ", ".join("a prepared transaction" if pid is None else f"process {pid}" for pid in writers)
            raise TookTooLong(f"{who} on {attempt.source.name} wrote for longer than {attempt.deadlines.drain:g} s")
        time.sleep(_POLL_SECONDS)


def data(attempt: Attempt) -> None:
    """Have the data plane carry what the target lacks."""
    attempt.work.final_step(attempt.guard)


def cursor(attempt: Attempt) -> None:
    """Advance sequences, and have the way back begin here, before anything can be written on the target."""
    positions = sequences.positions(attempt.at_source, attempt.source)
    with attempt.at_target.pipeline(), attempt.at_target.transaction():
        # What makes the target ready is durable, and with it all that was logged before.
        attempt.at_target.execute("SET LOCAL synchronous_commit = off")
        attempt.guard(attempt.at_target)
        sequences.advance(attempt.at_target, attempt.target, positions)
    attempt.work.begin_way_back(attempt.guard)


def ready(attempt: Attempt) -> None:
    """Say on the target that it holds everything."""
    attempt.target_row = _apply(attempt, READY)


def give(attempt: Attempt) -> None:
    """Commit the decision, in the session that holds the gate: if the server ended it, nothing is given."""
    attempt.source_row = gate.apply(
        attempt.at_gate, attempt.source, GIVE, attempt.source_row, attempt.target_row, by=attempt.by, commit=True
    )


def open_target(attempt: Attempt) -> None:
    """Let the target's application write."""
    attempt.target_row = _apply(attempt, OPEN)
    attempt.opened_at = time.monotonic()


def retire(attempt: Attempt) -> None:
    """Make the source the standby."""
    attempt.source_row = _apply(attempt, RETIRE)


def _apply(attempt: Attempt, transition: Transition) -> Row:
    at_source = transition.side is Role.SOURCE
    connection, side = (attempt.at_source, attempt.source) if at_source else (attempt.at_target, attempt.target)
    rows = (attempt.source_row, attempt.target_row)
    expected, other = rows if at_source else rows[::-1]
    return gate.apply(connection, side, transition, expected, other, by=attempt.by)


PERFORM: Mapping[str, Callable[[Attempt], None]] = {
    "check": check,
    "hold": hold,
    "fence": fence,
    "drain": drain,
    "data": data,
    "cursor": cursor,
    "ready": ready,
    "give": give,
    "open": open_target,
    "retire": retire,
}


@contextmanager
def _closing(connection: Connection) -> Iterator[Connection]:
    """Close without committing: what a failed attempt left open is rolled back by the server."""
    try:
        yield connection
    finally:
        connection.close()
