from __future__ import annotations

import pytest

from infra.identifiers import new_id
from tests.api import Api
from tests.orders.neighbours import registers, sells

pytestmark = pytest.mark.usefixtures("database")


def test_a_guest_fills_changes_and_empties_a_cart(api: Api) -> None:
    sku = sells(price=1200)
    opened = api.post("/api/v1/orders/carts")
    path = f"/api/v1/orders/carts/{opened.json()['id']}"
    assert opened.status_code == 201

    added = api.post(f"{path}/lines", {"productId": sku, "quantity": 2})
    (line,) = added.json()["lines"]
    assert (added.status_code, line["quantity"], line["unitPrice"]) == (201, 2, {"amount": 1200, "currency": "EUR"})

    changed = api.patch(f"{path}/lines/{line['id']}", {"quantity": 3})
    assert (changed.status_code, changed.json()["total"]["amount"]) == (200, 3600)

    assert api.delete(f"{path}/lines/{line['id']}").status_code == 204
    assert api.delete(f"{path}/lines/{line['id']}").status_code == 404
    assert [problem["code"] for problem in api.get(path).json()["problems"]] == ["empty_cart"]


def test_an_edit_of_a_cart_that_changed_meanwhile_is_refused_and_changes_nothing(api: Api) -> None:
    path = f"/api/v1/orders/carts/{api.post('/api/v1/orders/carts').json()['id']}"
    added = api.post(f"{path}/lines", {"productId": sells("ONE"), "quantity": 1})
    line = f"{path}/lines/{added.json()['lines'][0]['id']}"
    stale = added.headers["ETag"]
    fresh = api.post(f"{path}/lines", {"productId": sells("TWO"), "quantity": 1}).headers["ETag"]

    refused = api.patch(line, {"quantity": 5}, headers={"If-Match": stale})

    assert (refused.status_code, refused.headers["ETag"]) == (412, fresh)
    assert api.delete(line, headers={"If-Match": stale}).status_code == 412
    assert api.get(path).json()["lines"][0]["quantity"] == 1
    assert api.patch(line, {"quantity": 5}, headers={"If-Match": fresh}).status_code == 200


def test_a_customers_cart_is_theirs_alone_and_takes_a_guests_along(api: Api) -> None:
    sku = sells()
    guests = api.post("/api/v1/orders/carts").json()["id"]
    api.post(f"/api/v1/orders/carts/{guests}/lines", {"productId": sku, "quantity": 2})
    anna = api.as_customer(registers()[0])
    own = anna.post("/api/v1/orders/carts")
    assert own.status_code == 201
    assert anna.post("/api/v1/orders/carts").status_code == 200

    merged = anna.post("/api/v1/orders/carts/merge", {"cartId": guests})

    assert merged.json()["id"] == own.json()["id"]
    assert [line["sku"] for line in merged.json()["lines"]] == [sku]
    assert api.get(f"/api/v1/orders/carts/{own.json()['id']}").status_code == 404
    assert api.post("/api/v1/orders/carts/merge", {"cartId": guests}).status_code == 401
    closed = api.post(f"/api/v1/orders/carts/{guests}/lines", {"productId": sku, "quantity": 1})
    assert (closed.status_code, closed.json()["code"]) == (409, "orders.cart_closed")


@pytest.mark.parametrize("body", [{}, {"productId": "X", "quantity": 0}, {"productId": "X", "quantity": "many"}, [1]])
def test_a_line_that_makes_no_sense_is_refused(api: Api, body: object) -> None:
    cart = api.post("/api/v1/orders/carts").json()["id"]

    assert api.post(f"/api/v1/orders/carts/{cart}/lines", body).status_code == 422


def test_unknown_carts_products_and_lines_are_said_apart(api: Api) -> None:
    cart = api.post("/api/v1/orders/carts").json()["id"]
    lines = f"/api/v1/orders/carts/{cart}/lines"

    assert api.get(f"/api/v1/orders/carts/{new_id()}").json()["code"] == "orders.cart_not_found"
    assert api.post(lines, {"productId": "NOWHERE", "quantity": 1}).json()["code"] == "orders.not_on_sale"
    assert api.patch(f"{lines}/{new_id()}", {"quantity": 1}).json()["code"] == "orders.line_not_found"
