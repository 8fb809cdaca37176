"""Breadth-first over all states of a model; the first broken promise comes with the shortest way to it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """How a promise is broken."""

    promise: str
    steps: tuple[str, ...]  # from the beginning

    def __str__(self) -> str:
        lines = [f"  {number:>2}. {step}" for number, step in enumerate(self.steps, 1)]
        return "\n".join([f"Broken: {self.promise}", *lines])


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration(Generic[S]):
    """What was seen: all states when `counterexample` is None."""

    states: int
    moves: int
    deepest: int
    counterexample: Counterexample | None


def explore(
    beginning: S,
    moves: Callable[[S], Iterable[tuple[str, S]]],
    broken: Callable[[S], str | None],
    *,
    at_most: int = 5_000_000,
) -> Exploration[S]:
    """Visit every state that can be reached, in a fixed order, until a promise is broken.

    Args:
        moves: what may happen next in a state, each with the state after it.
        broken: which promise a state breaks, None when it breaks none.

    Raises:
        MemoryError: there are more than `at_most` states; the model is not finite, or too large to be explored.
    """
    came_from: dict[S, tuple[S, str] | None] = {beginning: None}
    level, depth, count = [beginning], 0, 0
    if complaint := broken(beginning):
        return Exploration(states=1, moves=0, deepest=0, counterexample=_explain(came_from, beginning, complaint))
    while level:
        following: list[S] = []
        for state in level:
            for name, after in moves(state):
                count += 1
                if after in came_from:
                    continue
                came_from[after] = (state, name)
                if complaint := broken(after):
                    return Exploration(
                        states=len(came_from),
                        moves=count,
                        deepest=depth + 1,
                        counterexample=_explain(came_from, after, complaint),
                    )
                following.append(after)
        if len(came_from) > at_most:
            raise MemoryError(f"More than {at_most} states, and no end in sight.")
        level, depth = following, depth + bool(following)
    return Exploration(states=len(came_from), moves=count, deepest=depth, counterexample=None)


def _explain(came_from: dict[S, tuple[S, str] | None], state: S, promise: str) -> Counterexample:
    steps: list[str] = []
    before = came_from[state]
    while before is not None:
        steps.append(before[1])
        before = came_from[before[0]]
    return Counterexample(promise=promise, steps=tuple(reversed(steps)))
