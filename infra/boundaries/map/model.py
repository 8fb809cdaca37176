"""The map as data: modules, and arrows that are declared, used, or both. Every format draws this."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from infra.boundaries.manifest import Manifest


class ArrowKind(StrEnum):
    QUESTION = "question"  # from who asks to who answers
    EVENT = "event"  # from who publishes to who hears


class Mark(StrEnum):
    """What is remarkable about an arrow once a shop was watched."""

    NONE = ""
    UNDECLARED = "used, not declared"
    UNUSED = "declared, never used"


class ObservedArrow(Protocol):
    """What the map must know of something that a running shop did."""

    @property
    def kind(self) -> str:
        """`question` or `event`."""

    @property
    def asker(self) -> str:
        """Who asks, or who hears."""

    @property
    def answerer(self) -> str:
        """Who answers, or who publishes."""

    @property
    def name(self) -> str:
        """The wire name: `catalog.v1`, `orders.order_placed.v1`."""

    @property
    def count(self) -> int: ...

    @property
    def seconds(self) -> float:
        """How long all of them took together."""

    @property
    def errors(self) -> int:
        """How many of them failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One arrow of the map."""

    kind: ArrowKind
    source: str
    target: str
    name: str  # the wire name
    is_declared: bool
    count: int | None = None  # how often it was used; None where nobody watched
    seconds: float = 0.0  # all together, until the answer; of an event in its handlers
    errors: int = 0

    @property
    def mean_ms(self) -> float | None:
        """How long one took; None where it was not used."""
        return 1000 * self.seconds / self.count if self.count else None

    @property
    def mark(self) -> Mark:
        if not self.is_declared:
            return Mark.UNDECLARED
        return Mark.UNUSED if self.count == 0 else Mark.NONE

    @property
    def _key(self) -> tuple[ArrowKind, str, str, str]:
        return (self.kind, self.source, self.target, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """The modules of a project and all that goes between them."""

    modules: tuple[Manifest, ...]
    outside: tuple[str, ...]  # who asks without being a module: composition roots; only those that were seen asking
    arrows: tuple[Arrow, ...]
    is_observed: bool

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.outside, *(module.name for module in self.modules))

    @property
    def marked(self) -> tuple[Arrow, ...]:
        return tuple(arrow for arrow in self.arrows if arrow.mark)


def drawn(
    manifests: Sequence[Manifest],
    observed: Iterable[ObservedArrow] | None = None,
    *,
    everywhere: Collection[str] = (),
) -> Map:
    """Return the map: what is declared, beside what was seen.

    Args:
        observed: what a running shop did; None where nobody watched, and then no arrow is called unused.
        everywhere: callers that may ask every contract; their arrows are drawn when they were seen.
    """
    arrows = {arrow._key: arrow for arrow in _declared(manifests)}
    if observed is not None:
        arrows = {key: replace(arrow, count=0) for key, arrow in arrows.items()}
        for seen in observed:
            arrow = _arrow(seen, everywhere)
            # A contract has several methods, and each was counted by itself.
            before = arrows.get(arrow._key, replace(arrow, count=0))
            arrows[arrow._key] = replace(
                before,
                count=(before.count or 0) + seen.count,
                seconds=before.seconds + seen.seconds,
                errors=before.errors + seen.errors,
            )
    known = {manifest.name for manifest in manifests}
    outside = {end for arrow in arrows.values() for end in (arrow.source, arrow.target)} - known
    return Map(
        modules=tuple(sorted(manifests, key=lambda manifest: manifest.name)),
        outside=tuple(sorted(outside)),
        arrows=tuple(arrow for _, arrow in sorted(arrows.items())),
        is_observed=observed is not None,
    )


def _declared(manifests: Sequence[Manifest]) -> Iterable[Arrow]:
    for manifest in manifests:
        for contract in manifest.asks:
            yield Arrow(
                kind=ArrowKind.QUESTION,
                source=manifest.name,
                target=contract.partition(".")[0],
                name=contract,
                is_declared=True,
            )
        for event in manifest.hears:
            yield Arrow(
                kind=ArrowKind.EVENT,
                source=event.partition(".")[0],
                target=manifest.name,
                name=event,
                is_declared=True,
            )


def _arrow(seen: ObservedArrow, everywhere: Collection[str]) -> Arrow:
    kind = ArrowKind(seen.kind)
    source, target = (seen.asker, seen.answerer) if kind is ArrowKind.QUESTION else (seen.answerer, seen.asker)
    return Arrow(kind=kind, source=source, target=target, name=seen.name, is_declared=seen.asker in everywhere)
