"""Trying again: a writer that was too slow for one attempt is usually gone at the next."""

from __future__ import annotations

import time

from infra.extraction.sides import Side
from infra.extraction.switch.connecting import Deadlines
from infra.extraction.switch.errors import TookTooLong, WentBack
from infra.extraction.switch.steps import OnStep, Switched, Work, switch

_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


def switch_patiently(
    source: Side,
    target: Side,
    work: Work,
    *,
    by: str,
    tries: int = 10,
    deadlines: Deadlines | None = None,
    on_step: OnStep = lambda step, moment: None,
) -> Switched:
    """Switch as `steps.switch` does, and again after a pause that doubles, as long as an attempt took too long.

    Between attempts the source writes as ever: what customers feel is one short hold per attempt.
    """
    pause = _FIRST_PAUSE_SECONDS
    for remaining in range(tries - 1, -1, -1):
        try:
            return switch(source, target, work, by=by, deadlines=deadlines, on_step=on_step)
        except (TookTooLong, WentBack):
            if not remaining:
                raise
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
    raise ValueError("tries must be one at least")
