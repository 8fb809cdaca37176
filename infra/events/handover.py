"""Handing events to their consumer, wherever it is at home at that moment."""

from __future__ import annotations

from collections.abc import Sequence

from infra.events import elsewhere
from infra.events.envelope import Run
from infra.events.inbox import receive
from infra.extraction import home
from infra.extraction.home import NotHere, at_home


def hand_over(consumer: str, runs: Sequence[Run]) -> None:
    """Bring runs of one publisher to a consumer; when this returns, all is handled or stored there, and committed.

    Raises:
        NotHere: it is on the move, or nobody knows where it lives; hand over the same again soon.
        DatabaseError, ContractError: it is out of reach; hand over the same again later.
    """
    if (address := home.address_of(consumer)) == "":
        receive_here(consumer, runs)
    elif address is None:
        raise NotHere(f"Nobody knows where {consumer} lives: neither the record nor MODULE_LOCATIONS says.")
    else:
        elsewhere.send_runs(address, consumer, runs)


def receive_here(consumer: str, runs: Sequence[Run]) -> None:
    """Handle runs as `inbox.receive` does, if the consumer is at home here.

    Raises:
        NotHere: nothing was done, or all of it was rolled back.
        DatabaseError: the module's database is out of reach.
    """
    with at_home(consumer):
        receive(consumer, runs)
