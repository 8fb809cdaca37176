"""The way of modules through all phases, command by command, as an operator types them."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.faults.stage.shop import Stage
from tests.faults.workload.statistics import Summary
from tests.faults.workload.traffic import Workload

LOOK_SECONDS = 4.0  # after each step, with nothing but customers
_never = threading.Event()


@dataclass(frozen=True, slots=True)
class Command:
    """What an operator types: `manage.py extract MODULE ...`, or nothing, to look on."""

    title: str
    words: tuple[str, ...] = ()


OUT_AND_BACK_AND_OUT = (
    Command("customers only"),
    Command("the service answers, on the monolith's tables", ("start", "--until", "shared-database")),
    Command("half of the reads go to it", ("shift", "--reads", "50")),
    Command("all of the reads and half of the writes", ("shift", "--reads", "100", "--writes", "50")),
    Command("every write reaches both databases, the rest is copied", ("start",)),
    Command("both sides are compared", ("verify",)),
    Command("switch: the service's tables are the truth", ("switch",)),
    Command("both sides are compared", ("verify",)),
    Command("reverse: the monolith's tables are the truth again", ("reverse",)),
    Command("both sides are compared", ("verify",)),
    Command("switch once more", ("switch",)),
)


class CommandFailed(Exception):
    """A command of the move was refused, or broke; the text is what it said."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that is done, what it told, and what customers noticed while it ran and shortly after."""

    command: Command
    module: str
    took_seconds: float
    told: dict[str, Any]
    noticed: Summary


@dataclass
class Journey:
    """The way of one module, or of several side by side, through a list of commands."""

    stage: Stage
    workload: Workload
    modules: Sequence[str]
    done: list[Done] = field(default_factory=list)

    def go(self, commands: Sequence[Command], *, look_seconds: float = LOOK_SECONDS) -> Iterator[str | Done]:
        """Run each command for each module; yield what is about to be run, then how it was.

        Raises:
            CommandFailed: a command did not do what it says; the ones after it are not tried.
        """
        for command in commands:
            for module in self.modules if command.words else self.modules[:1]:
                yield f"{module}: {command.title}" if command.words else command.title
                self.workload.summary(begin_anew=True)
                began = time.monotonic()
                told = extract(self.stage, module, *command.words) if command.words else {}
                took = time.monotonic() - began
                _never.wait(look_seconds)
                done = Done(command, module, took, told, self.workload.summary(begin_anew=True))
                self.done.append(done)
                yield done


def extract(stage: Stage, module: str, verb: str, *words: str) -> dict[str, Any]:
    """Run one verb and return the result of its JSON document.

    Raises:
        CommandFailed: it ended with anything but 0.
    """
    try:
        ended = stage.extract(module, verb, *words, "--json")
    except subprocess.TimeoutExpired as expired:
        raise CommandFailed(f"{expired}; {stage.carrier.log} says perhaps why") from expired
    if ended.returncode:
        raise CommandFailed(
            f"manage.py extract {module} {' '.join((verb, *words))} ended with {ended.returncode}:\n"
            f"{ended.stdout[-3000:]}\n{ended.stderr[-3000:]}"
        )
    found: dict[str, Any] = json.loads(ended.stdout)["result"]
    return found


def each_second(tell: Callable[[], None], over: threading.Event) -> threading.Thread:
    """Start a thread that calls `tell` once a second until it is over."""

    def run() -> None:
        while not over.wait(1.0):
            tell()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def wait_until(condition: Callable[[], bool]) -> None:
    """Return when the condition holds, or after a minute."""
    deadline = time.monotonic() + 60
    while not condition() and time.monotonic() < deadline:
        _never.wait(0.1)
