"""Two at once, in real threads: exactly one wins, and nothing happens twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from modules.shipping.contract import AlreadyDispatched, ShipmentClosed, ShipmentStatus
from modules.shipping.models import Shipment, ShipmentKey
from modules.shipping.use_cases import carriage, shipments
from tests.shipping.conftest import Announced
from tests.shipping.fake_carrier import FakeCarrier
from tests.shipping.parcels import NOON, confirmed, labelled, now, order_details

pytestmark = pytest.mark.usefixtures("database")

ROUNDS = 15


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """Run all acts at the same moment, each in a thread of its own; return what each returned or raised."""
    starting = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        try:
            starting.wait(timeout=60)
            return act()
        except Exception as error:  # noqa: BLE001  # what it was is the outcome
            return error
        finally:
            connections["shipping"].close()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(run, acts))


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_cancelling_and_dispatching_have_one_winner(
    carrier: FakeCarrier, announced: Announced, round_number: int
) -> None:
    shipment = labelled(carrier)

    cancelling, dispatching = at_once(
        [
            lambda: shipments.cancel_shipment(shipment_key=shipment.key_id, cancelled_at=NOON),
            lambda: shipments.dispatch_shipment(shipment_id=shipment.id, dispatched_at=NOON, carrier=carrier),
        ]
    )

    if now(shipment).status == ShipmentStatus.CANCELLED:
        assert cancelling is None
        assert isinstance(dispatching, ShipmentClosed)
        assert announced.kinds() == ["ShipmentCancelled"]
    else:
        assert now(shipment).status == ShipmentStatus.DISPATCHED
        assert isinstance(cancelling, AlreadyDispatched)
        assert dispatching is None
        assert announced.kinds() == ["ShipmentDispatched"]
        assert not ShipmentKey.objects.get(key=shipment.key_id).is_closed


@pytest.mark.parametrize("round_number", range(ROUNDS))
def test_cancelling_a_key_and_creating_its_shipment_have_one_winner(announced: Announced, round_number: int) -> None:
    order = order_details()

    creating, _ = at_once(
        [
            lambda: shipments.create_shipment(**order),
            lambda: shipments.cancel_shipment(shipment_key=order["shipment_key"], cancelled_at=NOON),
        ]
    )

    made = Shipment.objects.filter(order_id=order["order_id"]).first()
    if isinstance(creating, ShipmentClosed):
        assert made is None
    else:
        assert made is not None
        assert made.status == ShipmentStatus.CANCELLED
    assert ShipmentKey.objects.get(key=order["shipment_key"]).is_closed


def test_many_who_create_the_same_shipment_get_one() -> None:
    order = order_details()

    made = at_once([lambda: shipments.create_shipment(**order) for _ in range(4)])

    assert len({shipment.id for shipment in made if isinstance(shipment, Shipment)}) == 1
    assert all(isinstance(shipment, Shipment) for shipment in made)
    assert Shipment.objects.get().lines.count() == 1


def test_many_who_dispatch_at_once_announce_it_once(carrier: FakeCarrier, announced: Announced) -> None:
    shipment = confirmed()

    results = at_once(
        [
            lambda: shipments.dispatch_shipment(shipment_id=shipment.id, dispatched_at=NOON, carrier=carrier)
            for _ in range(4)
        ]
    )

    assert results == [None] * 4
    assert len(carrier.labels) == 1
    assert announced.kinds() == ["ShipmentDispatched"]


def test_many_processes_that_ask_the_carrier_take_each_shipment_once(carrier: FakeCarrier) -> None:
    for _ in range(30):
        confirmed()

    looked_at = at_once([lambda: carriage.ask_the_carrier(now=NOON, carrier=carrier) for _ in range(4)])

    assert sum(int(str(count)) for count in looked_at) + carriage.ask_the_carrier(now=NOON, carrier=carrier) == 30
    assert len(carrier.labels) == carrier.calls == 30
