"""A coordinator in a process of its own that stops where it is told, to be killed or frozen there."""

from __future__ import annotations

import sys

from infra.extraction.switch.errors import SwitchError
from infra.extraction.switch.steps import switch
from tests.extraction.switch.two_sides import PATIENT, from_json, plain_work


def main(source_text: str, target_text: str, step_to_stop_at: str, moment_to_stop_at: str) -> None:
    source, target = from_json(source_text), from_json(target_text)

    def stop(step: str, moment: str) -> None:
        if (step, moment) == (step_to_stop_at, moment_to_stop_at):
            sys.stdout.write("here\n")
            sys.stdout.flush()
            sys.stdin.readline()

    try:
        switch(source, target, plain_work(source, target), by="coordinator", deadlines=PATIENT, on_step=stop)
        sys.stdout.write("switched\n")
    except SwitchError as error:
        sys.stdout.write(f"{type(error).__name__}: {error}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
