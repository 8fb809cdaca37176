"""What was observed, as values: readable without Django, made by `reading.py` or by hand in a test."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow:
    """One module asking another for one thing, or hearing one fact of it, over all processes and outcomes."""

    kind: Literal["question", "event"]
    asker: str  # who asks, or hears
    answerer: str  # who answers, or publishes
    name: str  # the wire name of the contract or event
    method: str = ""  # of the contract
    count: int  # questions; of an event the attempts to handle it
    seconds: float  # all together, until the answer; of an event in its handlers
    errors: int  # questions without an answer, of which a declared refusal is one; attempts that failed
    in_transactions: int  # asked while a transaction was open
    p50_ms: float  # of an event the lag, from publishing to the committed effect
    p99_ms: float
    last_seen: datetime
    came_back: int = 0  # events to which an earlier one of the same name had led
    deepest: int = 1  # 2: asked in order to answer another question
    outcomes: tuple[tuple[str, int], ...] = ()  # how often each, the most frequent first

    @property
    def what(self) -> str:
        """Return what is asked or heard, for people: `catalog.v1 offers`, `orders.order_placed.v1`."""
        return f"{self.name} {self.method}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOnTheWay:
    """One question in the journeys of one entry."""

    asker: str
    contract: str
    method: str
    journeys: int  # in which it was asked at all
    count: int
    most: int  # in one journey
    p99: int

    @property
    def per_journey(self) -> float:
        """How often it is asked where it is asked at all."""
        return self.count / self.journeys


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPoint:
    """Where work enters: a request's route, a periodic task, a handled event."""

    kind: str  # request, task, event
    entry: str  # "POST /api/v1/orders", "orders.forget_old_carts", "orders.order_placed.v1 in users"
    journeys: int
    count: int  # questions asked in all of them
    most: int  # in one
    p50: int
    p99: int
    last_seen: datetime
    asked: tuple[AskedOnTheWay, ...]  # the most frequent first

    @property
    def per_journey(self) -> float:
        return self.count / self.journeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """A boundary that a guard saw crossed."""

    rule: str  # BND402
    module: str  # whose code it was
    source: str  # the function, dotted
    target: str
    count: int
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """Everything observed in a span of days; empty where nothing was."""

    arrows: tuple[Arrow, ...] = ()
    entries: tuple[EntryPoint, ...] = ()
    crossings: tuple[Crossing, ...] = ()

    @property
    def questions(self) -> tuple[Arrow, ...]:
        return tuple(arrow for arrow in self.arrows if arrow.kind == "question")

    @property
    def events(self) -> tuple[Arrow, ...]:
        return tuple(arrow for arrow in self.arrows if arrow.kind == "event")

    def __bool__(self) -> bool:
        return bool(self.arrows or self.entries or self.crossings)
