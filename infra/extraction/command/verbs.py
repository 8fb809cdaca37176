"""Each verb: its operation, what it says meanwhile, and its outcome."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console

from infra.boundaries.readiness import NoSuchModule, Weight
from infra.extraction.command import preconditions, watching
from infra.extraction.command.outcome import Exit, NextCommand, Outcome, who_asks
from infra.extraction.command.telling import next_commands, status_members, status_text
from infra.extraction.move import operations
from infra.extraction.move.operations import MoveRefused, Switched, status
from infra.extraction.planning import as_json, as_text, plan
from infra.extraction.record.values import Phase
from infra.extraction.switch.errors import SwitchError
from infra.extraction.switch.transitions import Impossible


@dataclass(slots=True)
class Call:
    """One verb for one module, as it was typed."""

    module: str
    verb: str
    options: Mapping[str, Any]
    console: Console | None = None  # a terminal that is written to live
    tell: Callable[[str], None] = lambda line: None
    who: str = field(default_factory=who_asks)
    said: list[str] = field(default_factory=list)

    @property
    def why(self) -> str:
        return str(self.options.get("why") or f"{self.verb} at a prompt")

    def say(self, line: str) -> None:
        """Say a line of progress at once, and keep it for the outcome."""
        self.said.append(line)
        self.tell(line)


def perform(call: Call) -> Outcome:
    """Carry a verb out, or say what it would do; a refusal is an outcome."""
    try:
        outcome = _dry(call) if call.options.get("dry_run") and call.verb not in LOOKING else VERBS[call.verb](call)
    except (MoveRefused, SwitchError, Impossible) as refusal:
        reasons = refusal.reasons if isinstance(refusal, MoveRefused) else (str(refusal),)
        outcome = Outcome(module=call.module, verb=call.verb, exit=Exit.REFUSED, reasons=reasons)
    except NoSuchModule as unknown:
        return Outcome(module=call.module, verb=call.verb, exit=Exit.WRONG_USAGE, reasons=(str(unknown),))
    found = status(call.module)
    return replace(
        outcome,
        said=tuple(call.said),
        phase=found.where.phase,
        next=outcome.next or next_commands(found),
        dry_run=bool(call.options.get("dry_run")) and call.verb not in LOOKING,
    )


def _dry(call: Call) -> Outcome:
    if call.verb == "complete":
        from infra.extraction.retiring.looking import intentions, verdicts

        held, does = verdicts(call.module, call.options), intentions(call.module, call.options)
    else:
        held = preconditions.verdicts(call.verb, call.module, call.options)
        does = preconditions.intentions(call.verb, call.module, call.options)
    reasons = tuple(f"{each.what}: no. {each.todo}" for each in held if not each.holds)
    return Outcome(
        module=call.module,
        verb=call.verb,
        exit=Exit.REFUSED if reasons else Exit.DONE,
        does=does,
        verdicts=held,
        reasons=reasons,
    )


def _plan(call: Call) -> Outcome:
    made = plan(call.module)
    command = f"python manage.py extract {call.module}"
    following = (
        (
            NextCommand(command=f"{command} scaffold", does="make the service's composition root"),
            NextCommand(command=f"{command} start --until shared-database", does="once it runs, let it answer"),
        )
        if made.go
        else (NextCommand(command=f"{command} plan", does="again, when what blocks is done"),)
    )
    return Outcome(
        module=call.module,
        verb="plan",
        exit=Exit.DONE if made.go else Exit.REFUSED,
        reasons=tuple(f"{todo.what} -> {todo.where}" for todo in made.todo if not made.go),
        result=as_json.document(made),
        text=as_text.written(made),
        next=following,
    )


def _start(call: Call) -> Outcome:
    module, until = call.module, call.options.get("until", "dual-write")
    where = status(module).where
    does = []
    if where.phase == Phase.IN_PROCESS and not call.options.get("not_ready"):
        call.say(f"{module}: looking whether it is ready to leave")
        if not (made := plan(module)).go:
            blocking = [f"{todo.what} -> {todo.where}" for todo in made.todo if todo.weight is Weight.BLOCKS]
            raise MoveRefused(*blocking, f"All of it with figures: python manage.py extract {module} plan")
    if where.phase != Phase.SWITCHED:
        address = call.options.get("service") or ""
        where = operations.share(module, address=address, who=call.who, why=call.why, report=call.say)
        does.append(f"the service answers at {where.service}")
    if until == "shared-database":
        return Outcome(module=module, verb="start", does=tuple(does))
    where = operations.begin_copy(module, who=call.who, why=call.why, report=call.say)
    does.append("every write reaches both databases")
    if call.options.get("no_watch"):
        return Outcome(module=module, verb="start", does=tuple(does))
    try:
        found = watching.copy_done(module, call.say, call.console)
    except KeyboardInterrupt:
        again = f"python manage.py extract {module}"
        call.say("Nothing was stopped: the carrier goes on with the copy.")
        return Outcome(
            module=module,
            verb="start",
            exit=Exit.INTERRUPTED,
            does=tuple(does),
            next=(
                NextCommand(command=f"{again} start", does="go on watching"),
                NextCommand(command=f"{again} cancel", does="give the move up"),
            ),
        )
    return Outcome(
        module=module,
        verb="start",
        does=(*does, "all rows are copied"),
        result=status_members(found),
        text=status_text(found),
    )


def _status(call: Call) -> Outcome:
    found = status(call.module)
    return Outcome(module=call.module, verb="status", result=status_members(found), text=status_text(found))


def _verify(call: Call) -> Outcome:
    found = operations.verify(
        call.module,
        everything=bool(call.options.get("everything")),
        as_text=bool(call.options.get("as_text")),
        report=call.say,
    )
    rows = [{"table": each.table, "key": each.key, "fault": each.fault.value} for each in found.differences]
    return Outcome(
        module=call.module,
        verb="verify",
        exit=Exit.DONE if found.equal else Exit.REFUSED,
        reasons=()
        if found.equal
        else (
            f"{len(rows)} rows differed, which is a fault and never lag; they are carried again. Find out who wrote past the"
            f" module, then compare again: python manage.py extract {call.module} verify",
        ),
        result={
            "equal": found.equal,
            "rows": found.rows,
            "ranges": found.ranges,
            "skipped": found.skipped,
            "seconds": found.seconds,
            "differences": rows,
        },
    )


def _shift(call: Call) -> Outcome:
    kinds = {kind: call.options.get(kind) for kind in ("reads", "writes", "shadow", "database")}
    if all(value is None for value in kinds.values()):
        raise MoveRefused("Say what to shift: --reads N, --writes N, --shadow N (per cent), or --database service.")
    where = operations.shift(call.module, who=call.who, why=call.why, **kinds)
    shares = {kind: where.share(kind) for kind in ("reads", "writes", "shadow")}
    call.say(
        f"{call.module}: {', '.join(f'{kind} {share} %' for kind, share in shares.items())}, on the {where.database}'s tables"
    )
    return Outcome(module=call.module, verb="shift", result={"shares": shares, "database": where.database})


def _switch(call: Call) -> Outcome:
    operation = operations.switch if call.verb == "switch" else operations.reverse
    there = (Phase.SWITCHED, Phase.SPLIT) if call.verb == "switch" else (Phase.DUAL_WRITE,)
    if call.options.get("when_ready") and status(call.module).where.phase not in there:
        verdicts = watching.all_hold(
            lambda: preconditions.verdicts(call.verb, call.module, call.options),
            call.say,
            seconds=float(call.options.get("at_most") or 0),
        )
        if missing := [f"{each.what}: no. {each.todo}" for each in verdicts if not each.holds]:
            raise MoveRefused(*missing)
    done: Switched = operation(
        call.module, who=call.who, why=call.why, report=call.say, tries=int(call.options.get("tries") or 10)
    )
    if not done.tries:
        call.say(f"{call.module}: the {done.where.home}'s tables are the truth already")
    return Outcome(
        module=call.module,
        verb=call.verb,
        result={
            "tries": done.tries,
            "holdSeconds": done.hold_seconds,
            "feltSeconds": done.felt_seconds,
            "acknowledged": done.acknowledged,
            "finishedByRecovery": done.finished_by_recovery,
            "steps": dict(done.steps),
        },
    )


def _complete(call: Call) -> Outcome:
    from infra.extraction.command.completing import complete

    return complete(call)


def _cancel(call: Call) -> Outcome:
    if call.options.get("service_lost"):
        confirm = str(call.options.get("confirm") or "")
        operations.go_on_without_service(call.module, confirm=confirm, who=call.who, why=call.why, report=call.say)
        return Outcome(
            module=call.module, verb="cancel", does=("the monolith alone answers, with what was carried back",)
        )
    operations.cancel(call.module, who=call.who, why=call.why, report=call.say)
    return Outcome(module=call.module, verb="cancel", does=("the monolith alone answers",))


def _scaffold(call: Call) -> Outcome:
    from infra.extraction.command.scaffolding import scaffold

    return scaffold(call)


LOOKING = ("plan", "status")  # they change nothing anyway
VERBS: Mapping[str, Callable[[Call], Outcome]] = {
    "plan": _plan,
    "scaffold": _scaffold,
    "start": _start,
    "status": _status,
    "verify": _verify,
    "shift": _shift,
    "switch": _switch,
    "reverse": _switch,
    "complete": _complete,
    "cancel": _cancel,
}
