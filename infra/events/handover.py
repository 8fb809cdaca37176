"""Handing events to their consumer, wherever it is at home at that moment."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from infra.events import elsewhere
from infra.events.elsewhere import ConsumerMoved
from infra.events.envelope import Run
from infra.events.inbox import receive
from infra.extraction import home
from infra.extraction.admission import HeldTooLong
from infra.extraction.fence import refused_by_fence
from infra.extraction.record import presence

logger = logging.getLogger("infra.events")
_told: set[tuple[str, int]] = set()


def hand_over(consumer: str, runs: Sequence[Run]) -> None:
    """Bring runs of one publisher to a consumer; when this returns, all is handled or stored there, and committed.

    Raises:
        ConsumerMoved: it is on the move, or nobody knows where it lives; nothing was done.
        DatabaseError, ContractError: it is out of reach; hand over the same again later.
    """
    if (address := home.address_of(consumer)) == "":
        receive_here(consumer, runs)
    elif address is None:
        raise ConsumerMoved(f"Nobody knows where {consumer} lives: neither the record nor MODULE_LOCATIONS says.")
    else:
        elsewhere.send_runs(address, consumer, runs)


def receive_here(consumer: str, runs: Sequence[Run]) -> None:
    """Handle runs in this process, unless the consumer is held or has moved away; else as `inbox.receive`.

    Raises:
        ConsumerMoved: nothing was done; all of it was rolled back.
    """
    with at_home(consumer):
        receive(consumer, runs)


@contextmanager
def at_home(module: str) -> Iterator[None]:
    """Do a piece of work that writes a module's tables, counted among those that a switch waits for; it must be short.

    Raises:
        ConsumerMoved: the module is held or lives elsewhere, or the database refused the write for that reason. It never
            waits, as whoever relays or runs what is due comes again by itself.
    """
    try:
        with presence.admission.writing(module, seconds=0):
            if not home.is_here(module):
                raise ConsumerMoved(f"{module} does not live here (any more).")
            yield
    except HeldTooLong as held:
        raise ConsumerMoved(f"{module} is held.") from held
    except Exception as error:
        if has_moved(module, error):
            raise ConsumerMoved(f"{module} has moved: the database refuses its writes here.") from error
        raise


def has_moved(module: str, error: BaseException) -> bool:
    """Return whether a failure only means that the module moved away, and note that once per move in the log.

    A module that no record tells of has not moved: there a refused write is a defect.
    """
    if isinstance(error, ConsumerMoved):
        return True
    where = presence.where(module)
    if not where.revision or not refused_by_fence(error):
        return False
    if (module, where.epoch) not in _told:
        _told.add((module, where.epoch))
        logger.info("%s has moved; what was under way for it here goes on where it lives now", module)
    return True
