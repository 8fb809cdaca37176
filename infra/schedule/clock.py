"""The loop that finds what is due: any number may run, each task is given to one."""

from __future__ import annotations

import threading

from infra.events.background import repeat, return_connections
from infra.events.configuration import broker_url, installed_modules
from infra.extraction.home import NotHere, at_home
from infra.schedule import broker, runs
from infra.schedule.declaration import modules_with_tasks

SECONDS_BETWEEN_LOOKS = 1.0


class Clock:
    """Runs due tasks in its own thread, or hands them to Celery where there is a broker.

    Each process looks after the modules that are at home in it at that moment.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()

    def run(self, stop: threading.Event) -> None:
        repeat(self.step, until=stop)

    def step(self) -> float:
        """Run what is due now; return the seconds to the next look."""
        modules = [module for module in modules_with_tasks() if module == "default" or module in installed_modules()]
        for module in modules:
            try:
                with at_home(module):
                    self._do_what_is_due(module)
            except NotHere:
                self._known.discard(module)
        return_connections(modules)
        return SECONDS_BETWEEN_LOOKS

    def _do_what_is_due(self, module: str) -> None:
        if module not in self._known:
            runs.ensure_rows(module)
            self._known.add(module)
        for claim in runs.claim_due(module):
            if broker_url():
                broker.send(claim)
            else:
                runs.run(claim)
