"""Waiting with something to look at: the first copy, and what a switch still needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.text import Text

from infra.extraction.command.outcome import Verdict
from infra.extraction.command.telling import copy_lines
from infra.extraction.move.operations import MoveRefused, Status, status

POLL_SECONDS = 0.5
LINE_SECONDS = 5.0  # where nobody looks at a terminal, a line so often is enough
# A carrier that was just started, or took over from another, needs some seconds.
CARRIER_SECONDS = 30.0
Say = Callable[[str], None]


def copy_done(module: str, say: Say, console: Console | None, *, poll_seconds: float = POLL_SECONDS) -> Status:
    """Return when the first copy is complete and both sides were compared once.

    Args:
        console: a terminal that shows it live; None has a line said now and then.

    Raises:
        MoveRefused: nobody carries, or the carrier can't; the move stays where it is.
    """
    with _shown(console, say) as show:
        without_since: float | None = None
        while True:
            found = status(module)
            show(found)
            if found.copied and found.comparison:
                return found
            if found.carrier:
                without_since = None
            elif without_since is None:
                without_since = time.monotonic()
            elif time.monotonic() - without_since > CARRIER_SECONDS:
                raise MoveRefused(
                    f"No carrier lives, so that nothing of {module} is copied. Start one (python manage.py carry), then go on"
                    f" watching: python manage.py extract {module} start"
                )
            time.sleep(poll_seconds)


def all_hold(look: Callable[[], tuple[Verdict, ...]], say: Say, *, seconds: float) -> tuple[Verdict, ...]:
    """Return the verdicts as soon as all hold, or those at the end of the time; says what is missing whenever that changes."""
    end, before = time.monotonic() + seconds, None
    while True:
        verdicts = look()
        missing = [each for each in verdicts if not each.holds]
        if not missing or time.monotonic() > end:
            return verdicts
        if [each.what for each in missing] != before:
            say(f"waiting until {'; '.join(each.what for each in missing)}")
            before = [each.what for each in missing]
        time.sleep(POLL_SECONDS)


@contextmanager
def _shown(console: Console | None, say: Say) -> Iterator[Callable[[Status], None]]:
    if console is not None:
        with Live(Text(""), console=console, auto_refresh=False, transient=True) as live:

            def draw(found: Status) -> None:
                live.update(Text("\n".join(copy_lines(found))), refresh=True)

            yield draw
        return
    said_at, said = 0.0, ""

    def tell(found: Status) -> None:
        nonlocal said_at, said
        line = next(iter(copy_lines(found)), "")
        if line != said and (time.monotonic() - said_at > LINE_SECONDS or found.copied):
            say(line)
            said_at, said = time.monotonic(), line

    yield tell
