from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.events.declaration import Event
from infra.events.testing import deliver_all, subscribed
from modules.shipping.events import ShipmentCancelled, ShipmentDelivered, ShipmentDispatched
from tests.shipping.fake_carrier import FakeCarrier


@pytest.fixture
def carrier() -> FakeCarrier:
    return FakeCarrier()


class Announced:
    """What shipping announced so far, in order."""

    def __init__(self) -> None:
        self._events: list[Event] = []

    def hear(self, event: Event) -> None:
        self._events.append(event)

    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.all()]

    def all(self) -> list[Event]:
        deliver_all()
        return self._events


@pytest.fixture
def announced(database: None) -> Iterator[Announced]:
    heard = Announced()
    with (
        subscribed(ShipmentDispatched, heard.hear, consumer="shipping"),
        subscribed(ShipmentDelivered, heard.hear, consumer="shipping"),
        subscribed(ShipmentCancelled, heard.hear, consumer="shipping"),
    ):
        yield heard
