"""A contract of the tests' own, with everything that may cross and everything that may go wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from infra.contracts import command, contract, query
from infra.contracts.context import CallContext, current
from infra.errors import NotFound, Refused
from infra.money import Money
from infra.postal_address import PostalAddress


class Colour(StrEnum):
    RED = "RED"
    GREEN = "GREEN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A value in a value."""

    grown_at: datetime
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One field of each type that may cross."""

    id: UUID
    name: str
    rings: int
    is_felled: bool
    planted_on: date
    felled_at: datetime | None
    height: Decimal
    price: Money
    leaves: tuple[Leaf, ...]
    notes: Mapping[str, str | None]
    stands_at: PostalAddress | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Travelled:
    """What the answering side saw of the caller's context."""

    correlation_id: str | None
    causation_id: str | None
    traceparent: str | None
    hops: int
    seconds_left: Decimal


class NoSuchTree(NotFound):
    """There is no such tree."""

    code = "echo.no_such_tree"


class TreeFelled(Refused):
    """The tree was felled.

    Members: `rings`, how many it had.
    """

    code = "echo.tree_felled"


class TreeRotten(TreeFelled):
    """The tree fell by itself: a special case that no contract declares."""

    code = "echo.tree_rotten"


@contract("echo.v1")
class EchoContract(Protocol):
    """Answers with what it is given."""

    @query(timeout_seconds=5.0, errors=())
    def tree(self, *, tree: Tree) -> Tree:
        """Return the tree."""
        ...

    @query(timeout_seconds=5.0, errors=())
    def names(self, *, names: Collection[str], suffix: str = "!") -> Mapping[str, str]:
        """Return each name with a suffix."""
        ...

    @query(timeout_seconds=5.0, errors=(NoSuchTree, TreeFelled))
    def refuse(self, *, how: str) -> None:
        """Raise an error."""
        ...

    @query(timeout_seconds=5.0, errors=())
    def travelled(self) -> Travelled:
        """Return the context."""
        ...

    @query(timeout_seconds=0.5, errors=())
    def slow(self) -> int:
        """Answer when told to."""
        ...

    @command(timeout_seconds=5.0, errors=(), key="key")
    def plant(self, *, key: str, tree: UUID) -> int:
        """Plant a tree, once per key."""
        ...

    @command(timeout_seconds=5.0, errors=())
    def water(self, *, litres: int) -> int:
        """Water all trees; a repeat waters them again."""
        ...


@dataclass
class Echo:
    """The implementation, to which a test can give other behaviour."""

    calls: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda name: None
    instead: object | None = None  # returned in place of a tree
    may_go_on: threading.Event = field(default_factory=threading.Event)
    kept: dict[str, str] = field(default_factory=dict)

    def tree(self, *, tree: Tree) -> Tree:
        self._called("tree")
        return tree if self.instead is None else self.instead  # type: ignore[return-value]

    def names(self, *, names: Collection[str], suffix: str = "!") -> Mapping[str, str]:
        self._called("names")
        self.kept = {name: name + suffix for name in names}
        return self.kept

    def refuse(self, *, how: str) -> None:
        self._called("refuse")
        if how == "declared":
            raise TreeFelled("The oak is gone.", rings=80, ids=[UUID(int=1)])
        if how == "plain":
            raise NoSuchTree
        if how == "special":
            raise TreeRotten("It fell.", rings=3)
        if how == "undeclared":
            raise Refused("secret detail")
        raise RuntimeError("secret detail")

    def travelled(self) -> Travelled:
        self._called("travelled")
        context: CallContext = current()
        return Travelled(
            correlation_id=context.correlation_id,
            causation_id=context.causation_id,
            traceparent=context.traceparent,
            hops=context.hops,
            seconds_left=Decimal(str(round(context.seconds_left() or 0, 3))),
        )

    def slow(self) -> int:
        self._called("slow")
        self.may_go_on.wait(timeout=10)
        return 1

    def plant(self, *, key: str, tree: UUID) -> int:
        self._called("plant")
        return len(self.calls)

    def water(self, *, litres: int) -> int:
        self._called("water")
        return litres

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.before(name)


OAK = Tree(
    id=UUID(int=7),
    name="Stieleiche \N{DECIDUOUS TREE}",
    rings=2**40,
    is_felled=False,
    planted_on=date(1900, 2, 28),
    felled_at=None,
    height=Decimal("31.50"),
    price=Money(1999, "EUR"),
    leaves=(Leaf(grown_at=datetime(2026, 4, 1, 12, tzinfo=UTC), colour=Colour.GREEN),),
    notes={"owner": "the city", "nest": None},
    stands_at=PostalAddress(name="Park", line1="Allee 1", city="Berlin", postcode="10115", country="DE"),
)
