"""Events that exist for the tests of the plumbing only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from infra.events.declaration import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Event):
    """Something happened in catalog."""

    name: ClassVar[str] = "catalog.test_happened.v1"
    stream: ClassVar[str] = "key"
    key: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AlsoHappened(Event):
    """Something else happened in catalog, in the same streams."""

    name: ClassVar[str] = "catalog.test_also_happened.v1"
    stream: ClassVar[str] = "key"
    key: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed(Event):
    """Orders did something about it."""

    name: ClassVar[str] = "orders.test_followed.v1"
    stream: ClassVar[str] = "key"
    key: str
    number: int
