"""Writes of a module wait while it is held, and are counted, so that a process can say that none is under way.

This is what lets a switch pass unnoticed: nobody is refused who can wait. It is a courtesy and no guarantee; whoever was not
counted, or comes too late, is refused by the database.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache

from infra.contracts.errors import ContractUnavailable
from infra.extraction.record.values import Where

# Longer than a switch may take with its way back; shorter than what clients wait for at least (facades give up at 2.5 s).
HOLD_SECONDS = 2.5
# A process whose writes take longer than this does not acknowledge the hold, and the switch is put off.
DRAIN_SECONDS = 1.0


class HeldTooLong(ContractUnavailable):
    """A module's writes were held for longer than anybody should wait; nothing was done."""


class NotDrained(Exception):
    """Writes that began before the hold are still under way in this process."""


class Admission:
    """The entrance of one process, for all modules."""

    def __init__(self) -> None:
        self._known: Mapping[str, Where] = {}
        self.forget_threads()

    def forget_threads(self) -> None:
        """Leave the writes under way to the parent process, after a fork."""
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._inside: Counter[str] = Counter()
        self._mine = threading.local()

    def where(self, module: str) -> Where:
        return self._known.get(module) or _unmoved(module)

    def known(self, module: str) -> Where | None:
        """Return what the record says of a module, None where it says nothing."""
        return self._known.get(module)

    def is_anything_known(self) -> bool:
        """Return whether the record says something of any module, so that it matters which side a customer is on."""
        return bool(self._known)

    def is_inside(self, module: str) -> bool:
        """Return whether this thread is in the middle of a write of the module."""
        return module in self._writes_of_this_thread()

    def change(self, known: Mapping[str, Where]) -> None:
        """Act on what the record says now; who waits looks again."""
        with self._changed:
            self._known = dict(known)
            self._changed.notify_all()

    @contextmanager
    def changing(self, known: Mapping[str, Where]) -> Iterator[None]:
        """Act on new values: writes of held modules are kept out and drained, the block runs, then who may goes on.

        Raises:
            NotDrained: writes of a held module have taken too long; they go on, and later ones still wait.
        """
        with self._changed:
            before = self._known
            # Holds count at once; that one is over only after the block, which prepares for what comes then.
            held = {name for name in known.keys() | before.keys() if _held(known, name) or _held(before, name)}
            self._known = {**known, **{name: _with_hold(known, before, name) for name in held}}
            self._changed.notify_all()
            drained = self._changed.wait_for(
                lambda: not any(self._inside[name] for name in known if _held(known, name)), DRAIN_SECONDS
            )
            if not drained:
                busy = ", ".join(sorted(name for name in known if _held(known, name) and self._inside[name]))
                raise NotDrained(f"Writes of {busy} that began before the hold took longer than {DRAIN_SECONDS:g} s.")
        yield
        self.change(known)

    def writing(self, module: str, *, seconds: float = HOLD_SECONDS) -> _Writing:
        """Wait while the module is held, then count the block as a write under way here. Inside itself it never waits.

        Raises:
            HeldTooLong: after `seconds`; 0 asks and does not wait.
        """
        return _Writing(self, module, seconds)

    def _begin(self, module: str, seconds: float) -> bool:
        """Count a write of this thread; return whether it is not part of another one, and so to be ended."""
        mine = self._writes_of_this_thread()
        if module in mine:
            return False
        with self._lock:
            if _held(self._known, module) and not self._changed.wait_for(
                lambda: not _held(self._known, module), seconds
            ):
                raise HeldTooLong(f"{module} has been held for longer than {seconds:g} s.")
            self._inside[module] += 1
        mine.add(module)
        return True

    def _end(self, module: str) -> None:
        self._writes_of_this_thread().discard(module)
        with self._lock:
            self._inside[module] -= 1
            if not self._inside[module]:
                self._changed.notify_all()

    def _writes_of_this_thread(self) -> set[str]:
        try:
            return self._mine.modules  # type: ignore[no-any-return]
        except AttributeError:
            self._mine.modules = mine = set[str]()
            return mine

    def wait_for_news(self, module: str, revision: int, *, seconds: float) -> Where:
        """Return where the module is as soon as that is at another revision than `revision`, or after `seconds`."""
        with self._changed:
            self._changed.wait_for(lambda: self.where(module).revision != revision, seconds)
            return self.where(module)

    def under_way(self, module: str) -> int:
        """Return how many writes of the module are under way here."""
        return self._inside[module]


class _Writing:
    """A write under way, as a context manager without a generator: it is on the way of every command."""

    __slots__ = ("_admission", "_is_counted", "_module", "_seconds")

    def __init__(self, admission: Admission, module: str, seconds: float) -> None:
        self._admission = admission
        self._module = module
        self._seconds = seconds

    def __enter__(self) -> Where:
        self._is_counted = self._admission._begin(self._module, self._seconds)
        return self._admission.where(self._module)

    def __exit__(self, *raised: object) -> None:
        if self._is_counted:
            self._admission._end(self._module)


@cache
def _unmoved(module: str) -> Where:
    return Where(module=module)


def _held(known: Mapping[str, Where], module: str) -> bool:
    where = known.get(module)
    return where is not None and where.hold


def _with_hold(known: Mapping[str, Where], before: Mapping[str, Where], module: str) -> Where:
    return replace(known.get(module) or before[module], hold=True)
