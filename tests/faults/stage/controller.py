"""One verb of a move in a process of its own, which can be told to die or to stand still at a step of a switch.

python -m tests.faults.stage.controller payments switch '{"tries": 3}' "fence after kill"
"""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import asdict
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


if __name__ == "__main__":
    main(*sys.argv[1:])
