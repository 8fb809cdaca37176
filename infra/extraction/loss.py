"""What has to be made right between modules when one of them has lost its last writes; whoever connects modules adds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """Where a module's tables are the truth, for their owner."""

    module: str
    schema: str
    conninfo: str


Agree = Callable[[Owned, Owned], int]
_added: list[Agree] = []


def after_loss(agree: Agree) -> None:
    """Have `agree(lost, other)` called for each other module once one has lost its last writes, before anybody goes on.

    It returns how much has to be done again; a repeat must change nothing. A `psycopg.Error` means that one does not answer.
    """
    if agree not in _added:
        _added.append(agree)


def make_agree(lost: Owned, other: Owned) -> int:
    """Make all right between two modules; return how much is done again. Errors are those of what was added."""
    return sum(agree(lost, other) for agree in _added)
