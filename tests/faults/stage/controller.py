"""One verb of a move in a process of its own, which can be told to die or to stand still at a step of a switch.

python -m tests.faults.stage.controller payments switch '{"tries": 3}' "fence after kill"

Without arguments it takes orders from its standard input, and each is carried out by a fork of it (`controllers.Controllers`).
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import django

FATES = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def main(module: str, verb: str, options: str = "{}", fate: str = "") -> None:
    """Carry one verb out and print what it returned as JSON; a refusal is printed under "refused", with exit code 1."""
    django.setup()
    from infra.extraction.move import operations
    from infra.extraction.move.errors import MoveRefused
    from infra.extraction.switch.errors import SwitchError

    words: dict[str, Any] = json.loads(options)
    if fate:
        step_to_die_at, moment_to_die_at, how = fate.rsplit(maxsplit=2)  # a step may have two words

        def on_step(step: str, moment: str) -> None:
            if (step, moment) == (step_to_die_at, moment_to_die_at):
                os.kill(os.getpid(), FATES[how])

        words["on_step"] = on_step
    if verb not in ("status", "verify"):
        words |= {"who": f"controller {os.getpid()}", "why": "a test"}
    if verb not in ("status", "shift"):
        words["report"] = lambda line: sys.stderr.write(f"{line}\n")
    try:
        found = getattr(operations, verb)(module, **words)
    except (MoveRefused, SwitchError) as refusal:
        sys.stdout.write(json.dumps({"refused": str(refusal), "kind": type(refusal).__name__}))
        raise SystemExit(1) from refusal
    sys.stdout.write(json.dumps(asdict(found), default=str))


def take_orders() -> None:
    """Carry out an order a line, `[place, module, verb, options, fate]`, at once; it says what it has to say beside `place`."""
    django.setup()
    import_module("infra.extraction.move.operations")  # once for all

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for them
    for line in sys.stdin:
        place, *order = json.loads(line)
        if os.fork() == 0:
            try:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _watch_one(Path(place), order)
            finally:
                os._exit(0)


def _watch_one(place: Path, order: list[str]) -> None:
    """Have a child carry it out, and write down how that ended, also when it was killed."""
    if (child := os.fork()) == 0:
        code = 3
        try:
            for number, kind in ((1, "out"), (2, "err")):
                os.dup2(os.open(place.with_suffix(f".{kind}"), os.O_WRONLY | os.O_CREAT, 0o600), number)
            main(*order)
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:  # noqa: BLE001 (nothing else may go on in a fork)
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    writing = place.with_suffix(".writing")
    writing.write_text(str(os.waitstatus_to_exitcode(status)))
    writing.rename(place.with_suffix(".code"))


if __name__ == "__main__":
    if sys.argv[1:]:
        main(*sys.argv[1:])
    else:
        take_orders()
