"""Asking every database at once, and waiting for none longer than a limit."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from django.db import Error, connections

Answer = TypeVar("Answer")
NO_ANSWER = "no answer in time"


class Answers(Generic[Answer]):
    """What each alias answered, or why it did not."""

    def __init__(self) -> None:
        self.given: dict[str, Answer] = {}
        self.missing: dict[str, str] = {}


def ask_each(aliases: Iterable[str], question: Callable[[str], Answer], *, seconds: float) -> Answers[Answer]:
    """Ask `question(alias)` of every alias, each in a thread of its own, for at most so many seconds in all."""
    answers: Answers[Answer] = Answers()
    collected: dict[str, Answer | Error] = {}

    def ask(alias: str) -> None:
        try:
            collected[alias] = question(alias)
        except Error as error:
            collected[alias] = error
        finally:
            connections[alias].close()

    threads = {alias: threading.Thread(target=ask, args=(alias,), daemon=True) for alias in aliases}
    deadline = time.monotonic() + seconds
    for thread in threads.values():
        thread.start()
    for thread in threads.values():
        thread.join(max(0.0, deadline - time.monotonic()))
    for alias in threads:
        outcome = collected.get(alias)
        if isinstance(outcome, Error):
            answers.missing[alias] = type(outcome).__name__
        elif alias in collected:
            answers.given[alias] = outcome  # type: ignore[assignment]
        else:
            answers.missing[alias] = NO_ANSWER
    return answers
