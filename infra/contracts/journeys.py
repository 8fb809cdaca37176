"""Which request, task or event the present step serves, and what has been asked on its behalf so far."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Literal

Kind = Literal["request", "task", "event"]
Question = tuple[str, str, str]
"""Who asked, the contract, the method."""


class Journey:
    """One request, one run of a task or one handled event, from its entry to its end."""

    __slots__ = ("asked", "entry", "first_hops", "is_over_budget", "kind")

    def __init__(self, kind: Kind, entry: str) -> None:
        self.kind = kind
        self.entry = entry  # the route, or the name of the task or event; a request's route is known only at its end
        self.asked: dict[Question, int] = {}
        self.is_over_budget = False  # it asked more than a guard allows
        self.first_hops = 0  # of the first question: those that lie deeper are asked in order to answer another

    def count(self, question: Question, hops: int) -> None:
        """Note a question that is about to be asked, after so many hops."""
        if not self.asked:
            self.first_hops = hops
        self.asked[question] = self.asked.get(question, 0) + 1


Listener = Callable[[Journey], None]
_journey: ContextVar[Journey | None] = ContextVar("banyan_journey", default=None)
_listeners: list[Listener] = []

current = _journey.get
"""Return the journey of the present step; None at start-up, in a shell or a script."""


def begin(kind: Kind, entry: str = "") -> Token[Journey | None]:
    """Enter a journey; give the token to `end`."""
    return _journey.set(Journey(kind, entry))


def end(token: Token[Journey | None], entry: str = "") -> None:
    """Leave the journey and tell those who listen.

    Args:
        entry: its name, where that was not known at the beginning.
    """
    journey = _journey.get()
    _journey.reset(token)
    if journey is not None:
        journey.entry = entry or journey.entry
        for listen in _listeners:
            listen(journey)


@contextmanager
def one_of_many(entry: str) -> Iterator[None]:
    """Run a block as a task of its own: what works through a list asks for each entry anew, and each has a call budget.

    Args:
        entry: what it does, the same for all: "orders.complete_a_stalled_checkout".
    """
    token = begin("task", entry)
    try:
        yield
    finally:
        end(token)


def listen_to_ends(listener: Listener) -> None:
    """Have a function called with every journey that ends; it must be quick, and must not raise."""
    if listener not in _listeners:
        _listeners.append(listener)


def stop_listening(listener: Listener) -> None:
    if listener in _listeners:
        _listeners.remove(listener)
