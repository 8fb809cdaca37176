"""What everybody may rely on who asks the catalog, on every route; the fake is held to the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest

from infra.contracts.testing import standing_in
from infra.identifiers import new_id
from infra.money import Money
from modules.catalog import use_cases
from modules.catalog.contract import CatalogContract, InvalidPage, OutOfStock, ReservationReleased
from modules.catalog.models import Reservation
from tests.catalog.factories import eur, product
from tests.catalog.fakes import FakeCatalog
from tests.contract_routes import EachRoute

pytestmark = pytest.mark.usefixtures("database")


@dataclass(frozen=True, slots=True)
class Subject:
    """The catalog on one route, with what a test does to it from behind."""

    catalog: CatalogContract
    sells: Callable[..., tuple[UUID, str]]  # name, price, pieces -> variant id, SKU
    expire: Callable[[str], None]

    def available(self, sku: str) -> int:
        return self.catalog.offers(references=[sku], currency="EUR")[sku].available

    def reserve(self, key: str, variant_id: UUID, pieces: int = 1) -> None:
        self.catalog.reserve_stock(reservation_key=key, quantities={variant_id: pieces}, hold_seconds=600)


@pytest.fixture(params=["real", "fake"])
def subject(request: pytest.FixtureRequest, each_route: EachRoute) -> Iterator[Subject]:
    if request.param == "real":
        yield Subject(each_route(CatalogContract), _really_sell, _really_expire)
        return
    fake = FakeCatalog()

    def sell(name: str, price: Money, pieces: int) -> tuple[UUID, str]:
        offer = fake.sells(name, price, pieces=pieces)
        return offer.variant_id, offer.sku

    with standing_in(CatalogContract, fake):
        yield Subject(each_route(CatalogContract), sell, fake.expire)


def _really_sell(name: str, price: Money, pieces: int) -> tuple[UUID, str]:
    sold = product(name, price=price, on_hand=pieces)
    return sold.variant_id, sold.sku


def _really_expire(key: str) -> None:
    Reservation.objects.filter(key=key).update(expires_at="2020-01-01T00:00:00Z")
    use_cases.expire_holds()


def test_an_offer_answers_to_the_variants_id_and_to_its_sku(subject: Subject) -> None:
    variant_id, sku = subject.sells("Lamp", eur("19.90"), 3)

    offers = subject.catalog.offers(references=[str(variant_id), sku], currency="EUR")

    assert offers[sku] == offers[str(variant_id)]
    assert (offers[sku].name, offers[sku].unit_price, offers[sku].available) == ("Lamp", eur("19.90"), 3)
    assert (offers[sku].variant_id, offers[sku].sku) == (variant_id, sku)


def test_what_is_unknown_or_unpriced_is_left_out(subject: Subject) -> None:
    _, sku = subject.sells("Lamp", eur("19.90"), 3)

    assert subject.catalog.offers(references=["nothing", str(new_id())], currency="EUR") == {}
    assert subject.catalog.offers(references=[sku], currency="USD") == {}
    assert subject.catalog.offers(references=[], currency="EUR") == {}


def test_a_reservation_sets_pieces_aside_once_however_often_it_is_repeated(subject: Subject) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 3)

    subject.reserve("order-1", lamp, 2)
    subject.reserve("order-1", lamp, 2)

    assert subject.available(sku) == 1


def test_a_shortage_names_what_is_missing_and_takes_nothing(subject: Subject) -> None:
    lamp, lamp_sku = subject.sells("Lamp", eur("19.90"), 3)
    vase, vase_sku = subject.sells("Vase", eur("5.00"), 1)

    with pytest.raises(OutOfStock) as refusal:
        subject.catalog.reserve_stock(reservation_key="order-1", quantities={lamp: 3, vase: 2}, hold_seconds=600)

    assert refusal.value.members["shortages"] == [
        {"variantId": str(vase), "sku": vase_sku, "requested": 2, "available": 1}
    ]
    assert (subject.available(lamp_sku), subject.available(vase_sku)) == (3, 1)


def test_a_refused_key_can_be_used_again(subject: Subject) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 3)
    with pytest.raises(OutOfStock):
        subject.reserve("order-1", lamp, 4)

    subject.reserve("order-1", lamp, 3)

    assert subject.available(sku) == 0


def test_sold_pieces_stay_sold_however_often_the_sale_is_repeated(subject: Subject) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 3)
    subject.reserve("order-1", lamp, 2)

    subject.catalog.commit_stock(reservation_key="order-1")
    subject.catalog.commit_stock(reservation_key="order-1")
    subject.reserve("order-1", lamp, 2)

    assert subject.available(sku) == 1


@pytest.mark.parametrize("is_sold", [False, True])
def test_released_pieces_come_back_once_and_the_key_is_closed(subject: Subject, is_sold: bool) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 3)
    subject.reserve("order-1", lamp, 2)
    if is_sold:
        subject.catalog.commit_stock(reservation_key="order-1")

    subject.catalog.release_stock(reservation_key="order-1")
    subject.catalog.release_stock(reservation_key="order-1")

    assert subject.available(sku) == 3
    with pytest.raises(ReservationReleased):
        subject.reserve("order-1", lamp)
    with pytest.raises(ReservationReleased):
        subject.catalog.commit_stock(reservation_key="order-1")


def test_a_key_released_before_its_use_is_closed(subject: Subject) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 3)

    subject.catalog.release_stock(reservation_key="order-1")

    with pytest.raises(ReservationReleased):
        subject.reserve("order-1", lamp)
    assert subject.available(sku) == 3


def test_a_key_never_used_cannot_be_sold(subject: Subject) -> None:
    with pytest.raises(OutOfStock):
        subject.catalog.commit_stock(reservation_key="order-1")


def test_an_expired_hold_is_taken_anew(subject: Subject) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 3)
    subject.reserve("order-1", lamp, 2)
    subject.expire("order-1")
    assert subject.available(sku) == 3

    subject.reserve("order-1", lamp, 2)

    assert subject.available(sku) == 1


def test_an_expired_hold_is_sold_while_there_are_pieces(subject: Subject) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 3)
    subject.reserve("order-1", lamp, 2)
    subject.expire("order-1")

    subject.catalog.commit_stock(reservation_key="order-1")

    assert subject.available(sku) == 1


def test_an_expired_hold_whose_pieces_are_gone_is_refused(subject: Subject) -> None:
    lamp, sku = subject.sells("Lamp", eur("19.90"), 2)
    subject.reserve("order-1", lamp, 2)
    subject.expire("order-1")
    subject.reserve("order-2", lamp, 1)

    with pytest.raises(OutOfStock):
        subject.catalog.commit_stock(reservation_key="order-1")

    assert subject.available(sku) == 1


def test_browsing_shows_what_is_on_sale_the_newest_first_page_by_page(subject: Subject) -> None:
    for name in ("Lamp", "Vase", "Bowl"):
        subject.sells(name, eur(1200), 3)

    first = subject.catalog.browse(text="", currency="EUR", after=None, limit=2)
    second = subject.catalog.browse(text="", currency="EUR", after=first.next, limit=2)

    assert [product.name for product in (*first.products, *second.products)] == ["Bowl", "Vase", "Lamp"]
    assert second.next is None
    assert (first.products[0].price, first.products[0].available, first.products[0].varies) == (eur(1200), 3, False)


def test_browsing_with_a_text_shows_what_it_finds(subject: Subject) -> None:
    for name in ("Lamp", "Vase"):
        subject.sells(name, eur(1200), 3)

    assert [
        shown.name for shown in subject.catalog.browse(text="vase", currency="EUR", after=None, limit=5).products
    ] == ["Vase"]
    assert subject.catalog.browse(text="zzz", currency="EUR", after=None, limit=5).products == ()


def test_a_page_of_another_list_is_refused(subject: Subject) -> None:
    for name in ("Lamp", "Lamp two"):
        subject.sells(name, eur(1200), 3)
    cursor = subject.catalog.browse(text="", currency="EUR", after=None, limit=1).next

    with pytest.raises(InvalidPage):
        subject.catalog.browse(text="lamp", currency="EUR", after=cursor, limit=1)
