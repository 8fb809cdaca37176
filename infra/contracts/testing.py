"""Tools for tests of contracts and of those who ask them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from infra.contracts import registry

Implementation = TypeVar("Implementation")


@contextmanager
def standing_in(protocol: type, implementation: Implementation) -> Iterator[Implementation]:
    """Let `implementation` answer the contract in this process, until the block ends; then the former one again.

    Its signatures are checked like any other's.
    """
    former = registry.withdraw(protocol)
    try:
        registry.provide(protocol, implementation)
        yield implementation
    finally:
        registry.withdraw(protocol)
        if former is not None:
            registry.provide(protocol, former)
