from __future__ import annotations

from uuid import UUID

import pytest

from infra.events.testing import deliver_all
from infra.identifiers import new_id
from modules.catalog import queries, use_cases
from modules.catalog.models import Price, Product, Stock
from tests.api import Api
from tests.catalog.factories import Sold, eur, product

pytestmark = pytest.mark.usefixtures("database")

CATALOG = "/api/v1/catalog"


def of_product(sold: Sold) -> str:
    return f"{CATALOG}/products/{sold.product_id}"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "products/{id}", {"title": "Torch"}),
        ("PUT", "variants/{sku}/price", {"price": {"amount": 1, "currency": "EUR"}}),
        ("GET", "variants/{sku}/stock", None),
        ("POST", "variants/{sku}/stock/adjustments", {"difference": 1, "reason": "received"}),
    ],
)
def test_only_staff_edit_the_catalogue(api: Api, method: str, path: str, body: object) -> None:
    lamp = product("Lamp")
    address = f"{CATALOG}/" + path.format(id=lamp.product_id, sku=lamp.sku)

    assert api.request(method, address, body).status_code == 401
    assert api.as_customer().request(method, address, body).status_code == 403

    assert Product.objects.get().title == "Lamp"
    assert Price.objects.get().amount == 1990
    assert Stock.objects.get().on_hand == 10


def test_an_edit_is_shown_and_found_at_once(api: Api) -> None:
    lamp = product("Lamp")

    answer = api.as_staff().patch(of_product(lamp), {"title": "Torch", "description": "<p>Bright <i>light</i></p>"})

    assert answer.status_code == 200
    assert answer.json()["version"] == 2
    (found,) = api.get(f"{CATALOG}/products?q=torch").json()["data"]
    assert (found["name"], found["description"]) == ("Torch", "Bright light")
    assert api.get(f"{CATALOG}/products?q=lamp").json()["data"] == []


def test_withdrawing_and_publishing_is_announced_once_each(api: Api, heard: list[str]) -> None:
    lamp = product("Lamp")
    staff = api.as_staff()
    for published in (False, False, True, True):
        assert staff.patch(of_product(lamp), {"published": published}).json()["published"] is published

    deliver_all()

    assert heard == ["+Lamp", f"-{lamp.product_id}", "+Lamp"]


def test_two_editors_do_not_overwrite_each_other(api: Api) -> None:
    lamp = product("Lamp")
    staff = api.as_staff()
    read = api.get(f"{CATALOG}/products/{lamp.slug}").headers["ETag"]

    assert staff.patch(of_product(lamp), {"title": "Torch"}, headers={"If-Match": read}).status_code == 200
    answer = staff.patch(of_product(lamp), {"title": "Light"}, headers={"If-Match": read})

    assert answer.status_code == 412
    assert Product.objects.get().title == "Torch"
    retried = staff.patch(of_product(lamp), {"title": "Light"}, headers={"If-Match": answer.headers["ETag"]})
    assert retried.status_code == 200


def test_a_sale_meanwhile_does_not_stop_an_editor(api: Api) -> None:
    lamp = product("Lamp")
    read = api.get(f"{CATALOG}/products/{lamp.slug}").headers["ETag"]
    use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 1}, hold_seconds=60)

    answer = api.as_staff().patch(of_product(lamp), {"title": "Torch"}, headers={"If-Match": read})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"title": ""}, 422, "validation_failed"),
        ({"title": "x" * 256}, 422, "validation_failed"),
        ({"name": "Torch"}, 422, "validation_failed"),
        ({"slug": "Not a slug"}, 422, "validation_failed"),
        ({"slug": "UPPER"}, 422, "invalid"),
        ({"slug": "vase"}, 409, "catalog.slug_taken"),
        ({"published": "perhaps"}, 422, "validation_failed"),
    ],
)
def test_an_impossible_edit_changes_nothing(api: Api, body: object, status: int, code: str) -> None:
    lamp = product("Lamp", handle="lamp")
    product("Vase", handle="vase")

    answer = api.as_staff().patch(of_product(lamp), body)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    stored = Product.objects.get(id=lamp.product_id)
    assert (stored.title, stored.slug, stored.version) == ("Lamp", "lamp", 1)


def test_a_slug_that_was_left_can_be_taken_by_another_product(api: Api) -> None:
    lamp, vase = product("Lamp", handle="lamp"), product("Vase", handle="vase")
    staff = api.as_staff()
    staff.patch(of_product(lamp), {"slug": "torch"})

    assert staff.patch(of_product(vase), {"slug": "lamp"}).status_code == 200

    assert api.get(f"{CATALOG}/products/lamp").json()["name"] == "Vase"
    assert api.get(f"{CATALOG}/products/torch").json()["name"] == "Lamp"
    staff.patch(of_product(lamp), {"slug": "light"})
    staff.patch(of_product(lamp), {"slug": "torch"})
    assert api.get(f"{CATALOG}/products/light").headers["Location"].endswith("/torch")


def test_an_unknown_product_is_not_edited(api: Api) -> None:
    staff = api.as_staff()

    assert staff.patch(f"{CATALOG}/products/{new_id()}", {"title": "x"}).status_code == 404
    assert staff.patch(f"{CATALOG}/products/lamp", {"title": "x"}).status_code == 404


def test_an_unpriced_product_is_not_published(api: Api) -> None:
    lamp = product("Lamp", is_published=False)
    Price.objects.all().delete()

    answer = api.as_staff().patch(of_product(lamp), {"published": True})

    assert (answer.status_code, answer.json()["code"]) == (409, "catalog.nothing_to_sell")


def test_a_new_price_is_the_price_everywhere(api: Api) -> None:
    lamp = product("Lamp", price=eur("19.90"))

    answer = api.as_staff().put(f"{CATALOG}/variants/{lamp.sku}/price", {"price": {"amount": 2500, "currency": "EUR"}})

    assert answer.status_code == 200
    assert queries.offers([lamp.sku], currency="EUR")[lamp.sku].unit_price == eur("25.00")
    assert api.get(f"{CATALOG}/products/{lamp.slug}").json()["price"]["amount"] == 2500
    assert api.get(f"{CATALOG}/products?minPrice=2500").json()["data"] != []


@pytest.mark.parametrize(
    "price", [{"amount": -1, "currency": "EUR"}, {"amount": 1.5, "currency": "EUR"}, {"amount": 1}, 5]
)
def test_an_impossible_price_changes_nothing(api: Api, price: object) -> None:
    lamp = product("Lamp")

    assert api.as_staff().put(f"{CATALOG}/variants/{lamp.sku}/price", {"price": price}).status_code == 422

    assert Price.objects.get().amount == 1990


def test_pieces_come_and_go_with_a_reason(api: Api) -> None:
    lamp = product("Lamp", sku="LAMP/1", on_hand=3)
    staff = api.as_staff()
    address = f"{CATALOG}/variants/LAMP/1/stock"
    use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=60)

    answer = staff.post(f"{address}/adjustments", {"difference": 4, "reason": "received", "reference": "Note 7"})
    refused = staff.post(f"{address}/adjustments", {"difference": -6, "reason": "corrected"})

    assert (answer.status_code, answer.json()["available"]) == (201, 5)
    assert (refused.status_code, refused.json()["code"]) == (409, "catalog.pieces_reserved")
    shown = staff.get(address).json()
    assert shown == {"sku": "LAMP/1", "onHand": 7, "reserved": 2, "available": 5, "tracked": True}
    assert queries.discrepancies() == []


def test_a_delivery_sent_twice_under_one_key_comes_once(api: Api) -> None:
    lamp = product("Lamp", on_hand=3)
    staff = api.as_staff()
    address = f"{CATALOG}/variants/{lamp.sku}/stock/adjustments"

    for _ in range(2):
        assert staff.post(address, {"difference": 4, "reason": "received"}, key="note-7").status_code == 201

    assert Stock.objects.get().on_hand == 7


def test_a_count_against_an_old_figure_is_refused(api: Api) -> None:
    lamp = product("Lamp", on_hand=3)
    staff = api.as_staff()
    address = f"{CATALOG}/variants/{lamp.sku}/stock"
    seen = staff.get(address).headers["ETag"]
    use_cases.reserve_stock(key="order-1", quantities={lamp.variant_id: 2}, hold_seconds=60)

    answer = staff.post(f"{address}/adjustments", {"difference": -1, "reason": "corrected"}, headers={"If-Match": seen})

    assert answer.status_code == 412
    assert Stock.objects.get().on_hand == 3


@pytest.mark.parametrize("sku", ["nothing", str(UUID(int=1))])
def test_an_unknown_variant_is_not_found(api: Api, sku: str) -> None:
    staff = api.as_staff()

    assert staff.get(f"{CATALOG}/variants/{sku}/stock").status_code == 404
    price = {"price": {"amount": 1, "currency": "EUR"}}
    assert staff.put(f"{CATALOG}/variants/{sku}/price", price).json()["code"] == "catalog.variant_unknown"
