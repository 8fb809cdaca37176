"""The carrier: the process that keeps both sides of every module on the move alike, and watches over switches."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack

import psycopg
from django.conf import settings
from django.db import Error as DjangoDatabaseError
from django.db import connections

from infra.extraction.data.growth import GrowthLimits
from infra.extraction.move import requests
from infra.extraction.move.carrying import BY, ME, Carrying, Rhythm
from infra.extraction.move.detached import EVERY, carries
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.operations import cancel
from infra.extraction.move.reconciling import BETWEEN_SIDES
from infra.extraction.move.turns import Turn, holder_of
from infra.extraction.record.acknowledging import forget_the_dead
from infra.extraction.record.changing import read_all

logger = logging.getLogger(__name__)
_TICK_SECONDS = 0.2
_WAIT_SECONDS = 1.0  # of a second carrier, until it asks again whether the first one lives
_FORGET_SECONDS = 600.0
_MEGABYTE = 1024 * 1024


class Carrier:
    """All modules on the move, or some; a second one waits until the first has ended, or was silent for too long."""

    def __init__(self, modules: Sequence[str] | None = None, *, rhythm: Rhythm | None = None) -> None:
        self._modules = tuple(modules) if modules is not None else None
        self._rhythm = rhythm or Rhythm(limits=growth_limits())
        self._carried: dict[str, Carrying] = {}
        self._asked: list[threading.Thread] = []
        self._forgot_at = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Carry until `stop` is set; what is under way is finished. Outages of databases are waited out."""
        while not stop.is_set():
            turns: list[Turn] = []
            with ExitStack() as stack:
                try:
                    turns = self._turns(stack)
                    if turns:
                        logger.info("%s carries %s", ME, ", ".join(self._modules or ("every module on the move",)))
                        requests.give_up_left(self._modules)
                    while turns and not stop.wait(_TICK_SECONDS) and not any(turn.lost for turn in turns):
                        self._tick()
                except (psycopg.Error, DjangoDatabaseError, OSError) as error:
                    logger.warning("The record does not answer, trying again: %s", str(error).strip())
                # Somebody else may carry from here on.
                self._end()
                connections.close_all()  # one that broke with an outage would be used again and again
            stop.wait(_WAIT_SECONDS)

    def _turns(self, stack: ExitStack) -> list[Turn]:
        """Take the turn of a carrier for all modules that are carried here; none when somebody else has it."""
        taken = []
        for module in self._modules or (EVERY,):
            mine = Turn(carries(module), f"carrier {ME}")
            stack.callback(mine.end)
            if not mine.take():
                return []
            taken.append(mine)
        return taken

    def _tick(self) -> None:
        wanted = {
            module
            for module, where in read_all().items()
            if where.phase in BETWEEN_SIDES and module in settings.SCHEMAS and self._is_mine(module)
        }
        for module in self._carried.keys() - wanted:
            self._carried.pop(module).end()
        for module in wanted - self._carried.keys():
            self._carried[module] = Carrying(module, self._rhythm, self._give_up)
        self._asked = [thread for thread in self._asked if thread.is_alive()]
        while request := requests.claim(self._modules):
            self._asked.append(requests.start(request))
        if time.monotonic() - self._forgot_at > _FORGET_SECONDS:
            self._forgot_at = time.monotonic()
            forget_the_dead()

    def _is_mine(self, module: str) -> bool:
        if self._modules is not None:
            return module in self._modules
        return module in self._carried or holder_of(carries(module)) is None

    def _give_up(self, module: str, why: str) -> None:
        """Give a move up whose log endangers the shop; not in the thread that found it, which ends with the move."""

        def give_up() -> None:
            try:
                cancel(module, who=BY, why=why, report=logger.error)
            except MoveRefused as refusal:
                logger.error("%s could not be given up: %s", module, refusal)
            finally:
                connections.close_all()

        if not any(thread.name == f"{module} gives up" for thread in self._asked):
            thread = threading.Thread(target=give_up, name=f"{module} gives up", daemon=True)
            self._asked.append(thread)
            thread.start()

    def _end(self) -> None:
        for carrying in self._carried.values():
            carrying.end()
        self._carried.clear()
        for thread in self._asked:
            thread.join(5)


def growth_limits() -> GrowthLimits:
    most = settings.EXTRACTION_LOG_MEGABYTES * _MEGABYTE
    return GrowthLimits(alarm_bytes=most // 16, give_up_bytes=most)
