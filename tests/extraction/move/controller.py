"""A controller in a process of its own that stops where it is told, to be killed or frozen there.

python -m tests.extraction.move.controller switch fence before

Without arguments it takes orders from its standard input, and each is carried out by a fork of it (`controllers.Controllers`).
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from pathlib import Path

import django

django.setup()

from infra.extraction.move import operations  # noqa: E402
from infra.extraction.switch.connecting import Deadlines  # noqa: E402

# Two busy cores: what counts here is that a deadline ends in order, not that it is short.
PATIENT = Deadlines(gate=1.0, hold=3.0, drain=1.0, statement=3.0)


def main(verb: str, step_to_stop_at: str = "", moment_to_stop_at: str = "before") -> None:
    def stop(step: str, moment: str) -> None:
        if (step.replace(" ", "_"), moment) == (step_to_stop_at, moment_to_stop_at):
            say("here")
            sys.stdin.readline()

    try:
        if verb in ("switch", "reverse"):
            exchange = operations.switch if verb == "switch" else operations.reverse
            exchange(
                "ledger", who="controller", why="a test", tries=3, deadlines=PATIENT, on_step=stop, report=complain
            )
        elif verb == "share":
            operations.share("ledger", who="controller", why="a test")
        elif verb == "begin_copy":
            operations.begin_copy("ledger", who="controller", why="a test", carrier=False)
        else:
            operations.cancel("ledger", who="controller", why="a test")
        say("done")
    except operations.MoveRefused as refusal:
        say(f"refused: {' '.join(str(refusal).split())}")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def take_orders() -> None:
    """Carry out an order a line, `PIPES VERB STEP MOMENT`; whoever gave it speaks with the fork through two named pipes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody here waits for them
    for line in sys.stdin:
        pipes, *order = line.split()
        if os.fork() == 0:
            try:
                with Path(f"{pipes}.in").open() as sys.stdin, Path(f"{pipes}.out").open("w") as sys.stdout:
                    say(str(os.getpid()))
                    main(*order)
            except BaseException:  # noqa: BLE001 (nothing else may go on in a fork)
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(0)


if __name__ == "__main__":
    if sys.argv[1:]:
        main(*sys.argv[1:])
    else:
        take_orders()
