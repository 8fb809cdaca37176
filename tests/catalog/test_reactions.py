from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from infra.events.testing import announce
from infra.identifiers import new_id
from infra.schedule.testing import run_all_due
from modules.catalog import use_cases
from modules.catalog.models import Popularity, Reservation, Stock, Word
from modules.orders.events import OrderConfirmed, OrderedLine
from tests.catalog.factories import Sold, eur, product

pytestmark = pytest.mark.usefixtures("database")


def confirm(*lines: tuple[UUID, int]) -> None:
    event = OrderConfirmed(
        order_id=new_id(),
        number="N-1",
        customer_id=None,
        email="anna@example.com",
        recipient="Anna",
        lines=tuple(
            OrderedLine(
                variant_id=new_id(),
                product_id=product_id,
                sku="X",
                name="X",
                quantity=quantity,
                total=eur(quantity * 100),
            )
            for product_id, quantity in lines
        ),
        shipping=eur(0),
        total=eur(sum(quantity * 100 for _, quantity in lines)),
    )
    announce(event)


def sold(thing: Sold) -> int:
    return Popularity.objects.get(product=thing.product_id).pieces_sold


def test_every_confirmed_order_makes_its_products_more_popular() -> None:
    lamp, vase = product("Lamp"), product("Vase")

    confirm((lamp.product_id, 2), (vase.product_id, 1), (lamp.product_id, 3))
    confirm((vase.product_id, 1))

    assert (sold(lamp), sold(vase)) == (5, 2)


def test_an_order_of_a_product_that_is_gone_is_passed_over() -> None:
    lamp = product("Lamp")

    confirm((new_id(), 2), (lamp.product_id, 1))

    assert sold(lamp) == 1


def test_abandoned_checkouts_give_their_pieces_back_by_themselves() -> None:
    lamp = product("Lamp", on_hand=3)
    use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=60)
    Reservation.objects.update(expires_at=datetime.now(UTC) - timedelta(seconds=1))
    Word.objects.create(word="zzzz", trigrams=["zzz"])

    run_all_due(of="catalog")

    assert Stock.objects.get().reserved == 0
    assert not Word.objects.filter(word="zzzz").exists()
