"""What a verb ended with, before it takes any form."""

from __future__ import annotations

import getpass
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

VERSION = 1  # of the JSON; members are added, never renamed


class Exit(IntEnum):
    """Exit codes, the same for every verb."""

    DONE = 0
    REFUSED = 1
    WRONG_USAGE = 2
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One precondition, and whether it holds."""

    what: str
    holds: bool
    todo: str = ""  # what to do where it does not


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCommand:
    """What is sensible to type now."""

    command: str
    does: str
    reasons: tuple[str, ...] = ()  # why it would be refused at this moment


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one verb ended."""

    module: str
    verb: str
    exit: Exit = Exit.DONE
    dry_run: bool = False
    does: tuple[str, ...] = ()  # what was done, or would be
    verdicts: tuple[Verdict, ...] = ()
    reasons: tuple[str, ...] = ()  # of a refusal, the most blocking first: each says what to do
    said: tuple[str, ...] = ()  # lines of progress
    phase: str = ""
    next: tuple[NextCommand, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)  # what the verb found, by its own stable names
    text: str = ""  # the result as a person reads it; empty: the lines of progress say all

    def document(self) -> dict[str, Any]:
        """Return it as plain values, for programs."""
        return {
            "version": VERSION,
            "module": self.module,
            "verb": self.verb,
            "outcome": {Exit.DONE: "done", Exit.REFUSED: "refused"}.get(self.exit, "interrupted"),
            "dryRun": self.dry_run,
            "phase": self.phase,
            "does": list(self.does),
            "preconditions": [{"what": each.what, "holds": each.holds, "todo": each.todo} for each in self.verdicts],
            "reasons": [{"rank": rank, "what": what} for rank, what in enumerate(self.reasons, start=1)],
            "said": list(self.said),
            "next": [
                {
                    "command": each.command,
                    "does": each.does,
                    "possible": not each.reasons,
                    "reasons": list(each.reasons),
                }
                for each in self.next
            ],
            "result": dict(self.result),
        }


def who_asks() -> str:
    """Return who types, for the history: login name and machine."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        name = "somebody"
    return f"{name}@{socket.gethostname()}"
