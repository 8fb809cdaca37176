"""The running relay: every outbox of this process's modules, every due retry, in one loop."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from django.db import connections

from infra.events import broker, retries, wakeup
from infra.events.background import repeat, return_connections
from infra.events.configuration import broker_url, local_modules, setting
from infra.events.confirmations import Confirmations
from infra.events.handover import hand_over
from infra.events.outbox_relay import Relay
from infra.extraction.home import NotHere, at_home
from infra.schedule.clock import Clock

logger = logging.getLogger("infra.events")

SHORTEST_PAUSE_SECONDS = 0.005
SECONDS_BETWEEN_RETRIES = 0.25
SECONDS_BETWEEN_CONFIRMATIONS = 1.0
SECONDS_FOR_A_RETRY_AT_A_BROKER = (
    300.0  # it may queue behind a backlog; one that comes later than this counts for nothing
)
PAUSE_OF_A_FAILED_MODULE_SECONDS = 2.0
SECONDS_TO_STOP = 10.0
# What is announced first is handled at once, what follows so soon after is handled together: a round for each commit would take
# the processor from the requests of this process.
SECONDS_BETWEEN_ROUNDS = 0.06
# A claim that leaves a backlog behind has moved at least so many (EVENTS_PER_STREAM, STREAMS_PER_CLAIM).
FEW = 50


class RelayLoop:
    """Relays for several modules; `run` blocks until told to stop.

    With a broker it hands events to Celery, without one it calls their handlers itself.

    A module is relayed where its tables are the truth. That is looked at each round, so that modules come and go while it runs; a
    module that is held rests.

    Args:
        modules: those to relay, at most; None: all.
        longest_pause: with nothing to do it looks again after so many seconds; a commit in this process wakes it at once.
        shortest_pause: so soon it looks again after it found something unasked. Where most of what it finds was committed in
            this process there is no reason to, as it is told of that.
    """

    def __init__(
        self,
        modules: Sequence[str] | None = None,
        *,
        longest_pause: float,
        shortest_pause: float = SHORTEST_PAUSE_SECONDS,
    ) -> None:
        self._wanted = None if modules is None else frozenset(modules)
        self.modules: tuple[str, ...] = ()
        self._pause = self._longest_pause = longest_pause
        self._shortest_pause = min(shortest_pause, longest_pause)
        self._uses_broker = bool(broker_url())
        self._hand_over = broker.send_runs if self._uses_broker else hand_over
        self._relays: dict[str, Relay] = {}
        self._confirmations: dict[str, Confirmations] = {}
        self._with_work: frozenset[str] = frozenset()
        self._resting: dict[str, float] = {}  # modules whose database failed, until when
        self._last_round = self._next_look = self._next_retries = self._next_confirmations = 0.0

    def run(self, stop: threading.Event) -> None:
        repeat(self.step, until=stop, wait=self._wait)

    def step(self) -> float:
        """Do one round; return how long to wait for the next, 0 when there is more to do."""
        self._look_who_is_at_home()
        now = time.monotonic()
        if self._with_work:
            self._last_round = now
        counts = {
            module: self._guarded(module, self._relays[module].relay_once)
            for module in self._with_work.intersection(self.modules)
        }
        found = 0
        if now >= self._next_look:  # also while one nudge follows another: others' commits wait for this
            found += self._look(counts)
        if now >= self._next_retries:
            self._next_retries = now + SECONDS_BETWEEN_RETRIES
            for module in self.modules:
                found += self._guarded(module, partial(self._retry, module))
        if self._uses_broker and now >= self._next_confirmations:
            self._next_confirmations = now + SECONDS_BETWEEN_CONFIRMATIONS
            for module in self.modules:
                found += self._guarded(module, self._confirmations[module].look)
        if found:
            self._pause = self._shortest_pause
            self._next_look = min(self._next_look, now + self._pause)
        self._with_work = frozenset(module for module, count in counts.items() if count >= FEW)
        return 0.0 if self._with_work else max(0.001, self._next_look - time.monotonic())

    def _look_who_is_at_home(self) -> None:
        self.modules = tuple(name for name in local_modules() if self._wanted is None or name in self._wanted)
        for module in self.modules:
            if module not in self._relays:
                self._relays[module] = Relay(module, self._hand_over, confirmed_by_handover=not self._uses_broker)
                self._confirmations[module] = Confirmations(module)
        for module in self._relays.keys() - set(self.modules):  # what it remembers is old when the module comes back
            del self._relays[module], self._confirmations[module]

    def _look(self, counts: dict[str, int]) -> int:
        """Look at the outboxes that nobody told of; return how many events were found. The longer none, the later again."""
        unasked = [module for module in self.modules if module not in counts]
        counts |= {module: self._guarded(module, self._relays[module].relay_if_ready) for module in unasked}
        self._pause = min(2 * self._pause, self._longest_pause)
        self._next_look = time.monotonic() + self._pause
        return_connections(self.modules)
        return sum(counts[module] for module in unasked)

    def _retry(self, module: str) -> int:
        if not self._uses_broker:
            due = retries.claim_due(module)
            retries.attempt(module, due)
        elif due := retries.claim_due(module, lease_seconds=SECONDS_FOR_A_RETRY_AT_A_BROKER):
            broker.send_retries(module, due)
        return len(due)

    def _wait(self, seconds: float) -> None:
        woken_for = wakeup.wait(seconds)
        if woken_for:
            time.sleep(max(0.0, self._last_round + SECONDS_BETWEEN_ROUNDS - time.monotonic()))
            woken_for |= wakeup.wait(0)
        self._with_work = woken_for

    def _guarded(self, module: str, work: Callable[[], int]) -> int:
        """Do work of one module; when its database or the broker fails, the others go on."""
        if time.monotonic() < self._resting.get(module, 0.0):
            return 0
        try:
            with at_home(module):
                return work()
        except NotHere:
            return 0
        except Exception:
            logger.exception("A round of the relay of %s failed", module)
            if not connections[module].is_usable():
                connections[module].close()
                self._resting[module] = time.monotonic() + PAUSE_OF_A_FAILED_MODULE_SECONDS
            return 0


class BackgroundRelay:
    """The relay and the clock of periodic tasks in two threads of this process."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        poll = setting("EVENTS_POLL_IN_WEB_SECONDS")
        loop = RelayLoop(longest_pause=poll, shortest_pause=poll)
        clock = Clock()
        self._threads = [
            threading.Thread(target=loop.run, args=[self._stop], name="banyan-relay", daemon=True),
            threading.Thread(target=clock.run, args=[self._stop], name="banyan-clock", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End both loops after the work in hand."""
        self._stop.set()
        wakeup.wake()
        for thread in self._threads:
            thread.join(SECONDS_TO_STOP)


_lock = threading.Lock()
_background: BackgroundRelay | None = None


def start_in_background() -> None:
    """Relay events and run periodic tasks in threads of this process; a repeat changes nothing.

    Does nothing where `settings.EVENTS_RELAY_IN_WEB` is off because `manage.py relay` runs as a process of its own. Threads
    do not survive a fork: call it in the process that serves.
    """
    global _background
    if not setting("EVENTS_RELAY_IN_WEB"):
        return
    with _lock:
        if _background is None:
            atexit.register(stop_in_background)
            _background = BackgroundRelay()


def stop_in_background() -> None:
    """Stop the threads of this process after the work in hand; a repeat changes nothing."""
    global _background
    with _lock:
        if _background is not None:
            atexit.unregister(stop_in_background)
            _background.stop()
            _background = None
