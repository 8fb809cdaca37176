"""What the findings advise: the next version beside the one before, in one module, both asked and both heard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pytest
from pytest_django import Settings

from infra.boundaries.manifest import Manifest
from infra.compatibility.changes import event_changes
from infra.compatibility.descriptions import describe_event
from infra.compatibility.examples import typical
from infra.contracts import contract, query
from infra.contracts.declaration import declaration_of, forget
from infra.contracts.testing import standing_in
from infra.events.declaration import format_of
from tests.compatibility.versions import RELEASED, version
from tests.contract_routes import EachRoute


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceInParts:
    net_cents: int
    tax_cents: int


class PricesV1(Protocol):
    @query(timeout_seconds=1.0, errors=())
    def price(self, *, sku: str) -> Price: ...


class PricesV2(Protocol):
    @query(timeout_seconds=1.0, errors=())
    def price(self, *, sku: str, country: str) -> PriceInParts: ...


class Prices:
    """The newer version; the older one is told in its words."""

    def price(self, *, sku: str, country: str) -> PriceInParts:
        return PriceInParts(net_cents=100, tax_cents=19 if country == "DE" else 0)


class PricesAsBefore:
    def price(self, *, sku: str) -> Price:
        price = Prices().price(sku=sku, country="DE")
        return Price(cents=price.net_cents + price.tax_cents)


@pytest.fixture
def _both_versions(settings: Settings) -> Iterator[None]:
    settings.ROOT_URLCONF = "infra.http.contract_urls"
    settings.CONTRACT_CALLERS = {**settings.CONTRACT_CALLERS, "prices.v1": ("tests",), "prices.v2": ("tests",)}
    contract("prices.v1")(PricesV1)
    contract("prices.v2")(PricesV2)
    try:
        with standing_in(PricesV1, PricesAsBefore()), standing_in(PricesV2, Prices()):
            yield
    finally:
        forget(PricesV1)
        forget(PricesV2)


@pytest.mark.usefixtures("_both_versions")
def test_one_module_answers_both_versions_on_every_route(each_route: EachRoute) -> None:
    assert each_route(PricesV1).price(sku="LAMP") == Price(cents=119)
    assert each_route(PricesV2).price(sku="LAMP", country="FR") == PriceInParts(net_cents=100, tax_cents=0)


@pytest.mark.usefixtures("_both_versions")
def test_both_belong_to_the_same_module() -> None:
    assert declaration_of(PricesV1).module == declaration_of(PricesV2).module == "prices"


def test_a_manifest_offers_and_publishes_both() -> None:
    Manifest(
        name="prices",
        owner="Prices <prices@example.com>",
        purpose="Prices.",
        tables=(),
        offers=("prices.v1", "prices.v2"),
        publishes=("prices.price_changed.v1", "prices.price_changed.v2"),
    )


NEXT_EVENT = """

@dataclass(frozen=True, slots=True, kw_only=True)
class TreePlantedByName(Event):
    name: ClassVar[str] = "trees.planted.v2"
    stream: ClassVar[str] = "tree_id"
    tree_id: UUID
    planted_by: str
"""


def test_both_versions_of_an_event_are_written_and_read_as_themselves() -> None:
    module = version(source=RELEASED + NEXT_EVENT).module

    for event_class in (module.TreePlanted, module.TreePlantedByName):
        event, format_ = typical(event_class), format_of(event_class.name)
        assert format_.decode(format_.encode(event)) == event


def test_the_next_version_beside_the_released_one_breaks_nothing() -> None:
    released = version()

    present = version(source=RELEASED + NEXT_EVENT)

    assert event_changes(describe_event(released.event), describe_event(present.event)) == []
