"""A module that lost its last writes, and the others that remember them: no later event is dropped or waits for ever."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings

from infra.events.after_loss import agree
from infra.events.handover import hand_over
from infra.events.outbox_relay import Relay
from infra.events.testing import subscribed
from infra.extraction.loss import Owned
from infra.extraction.move.sides import conninfo_of
from tests.infra.events import effects
from tests.infra.events.announcing import announce_numbers, inbox_states
from tests.infra.events.effects import remember
from tests.infra.events.facts import Happened

pytestmark = pytest.mark.usefixtures("effects")


def tables(module: str) -> Owned:
    return Owned(module=module, schema=settings.SCHEMAS[module], conninfo=conninfo_of(settings.DATABASE_OWNERS[module]))


def relay() -> None:
    Relay("catalog", hand_over, confirmed_by_handover=True).relay_once()


def forget(module: str, *names: str) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of a module's tables as they are now, to be put back as a loss would."""
    with psycopg.connect(tables(module).conninfo) as owner:
        return {
            name: owner.execute(f"SELECT to_jsonb(r)::text FROM {settings.SCHEMAS[module]}.{name} r").fetchall()
            for name in names
        }


def lose(module: str, rows: dict[str, list[tuple[object, ...]]]) -> None:
    """Set the tables back to what they were."""
    with psycopg.connect(tables(module).conninfo) as owner:
        for name, kept in rows.items():
            owner.execute(f"DELETE FROM {settings.SCHEMAS[module]}.{name}")
            for (row,) in kept:
                owner.execute(
                    f"INSERT INTO {settings.SCHEMAS[module]}.{name}"
                    f" SELECT (jsonb_populate_record(NULL::{settings.SCHEMAS[module]}.{name}, %s::jsonb)).*",
                    [row],
                )


OUTBOX = ("outbox_stream", "outbox_event", "outbox_ready", "outbox_relay")


def test_a_source_that_lost_events_numbers_new_ones_beyond_those_that_consumers_know() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1)
        relay()
        left = forget("catalog", *OUTBOX)
        announce_numbers("a", 2, 3)
        announce_numbers("new", 1)
        relay()
        lose("catalog", left)

        agree(tables("catalog"), tables("orders"))
        agree(tables("catalog"), tables("orders"))
        announce_numbers("a", 4)
        announce_numbers("new", 2)
        relay()

    assert effects.remembered() == {"a": [1, 2, 3, 4], "new": [1, 2]}
    assert inbox_states() == []


def test_a_consumer_that_lost_events_is_sent_them_again() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1)
        relay()
        left = forget("orders", "inbox_stream")
        announce_numbers("a", 2, 3)
        announce_numbers("new", 1)
        relay()
        lose("orders", left)
        lose_effects_after(1)

        again = agree(tables("orders"), tables("catalog"))
        announce_numbers("a", 4)
        relay()

    assert again == 2
    assert effects.remembered() == {"a": [1, 2, 3, 4], "new": [1]}
    assert inbox_states() == []
    assert agree(tables("orders"), tables("catalog")) == 0


def lose_effects_after(position: int) -> None:
    with psycopg.connect(tables("orders").conninfo) as owner:
        owner.execute("DELETE FROM orders.test_effect WHERE position > %s", [position])


def test_without_it_later_events_are_dropped_or_wait_for_ever() -> None:
    with subscribed(Happened, remember, consumer="orders"):
        announce_numbers("a", 1)
        relay()
        outbox, inbox = forget("catalog", *OUTBOX), forget("orders", "inbox_stream")
        announce_numbers("a", 2)
        relay()

        lose("catalog", outbox)
        announce_numbers("a", 3)
        relay()
        dropped = effects.remembered()
        lose("orders", inbox)
        announce_numbers("a", 4)
        relay()

    assert dropped == {"a": [1, 2]}
    assert effects.remembered() == {"a": [1, 2]}
    assert inbox_states() == [("a", 3, "early", 0)]
