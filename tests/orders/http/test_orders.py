"""Orders over HTTP, as design section 6 fixes it."""

from __future__ import annotations

from typing import Any

import pytest

from infra.events.testing import deliver_all
from infra.identifiers import new_id
from modules.orders.models import Order
from tests.api import Api
from tests.orders.neighbours import is_here, keeps_address, registers, sells

pytestmark = pytest.mark.usefixtures("database")

ADDRESS = {"name": "Ann Archer", "line1": "Lindenstr. 1", "city": "Berlin", "postcode": "10969", "country": "DE"}


def wish(sku: str, **changes: Any) -> dict[str, Any]:
    """Return the body of a guest's order of two pieces; `changes` of None leave a member out."""
    body: dict[str, Any] = {
        "items": [{"productId": sku, "quantity": 2, "price": 1200}],
        "email": "ann@example.com",
        "shippingAddress": ADDRESS,
        "paymentMethod": "card",
        "idempotencyKey": str(new_id()),
    } | changes
    return {name: value for name, value in body.items() if value is not None}


def test_a_customer_orders_as_the_design_says(api: Api) -> None:
    customer_id, email = registers()
    address = keeps_address(customer_id)
    anna = api.as_customer(customer_id, email)
    sells("P-1", price=1200)

    answer = anna.post(
        "/api/v1/orders",
        {
            "items": [{"productId": "P-1", "quantity": 2, "price": 1200}],
            "shippingAddressId": address,
            "paymentMethod": "card",
            "idempotencyKey": "uuid-client-generated-key",
        },
    )

    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert order["status"] == "CONFIRMED"
    assert order["total"] == {"amount": 2400, "currency": "EUR"}
    assert [line["sku"] for line in order["lines"]] == ["P-1"]
    assert order["payment"]["status"] == "CAPTURED"
    assert order["shipment"]["trackingNumber"]
    assert [entry["event"] for entry in order["timeline"]][-1] == "confirmed"
    assert answer.headers["Location"] == f"/api/v1/orders/{order['id']}"
    assert anna.get(answer.headers["Location"]).json() == order
    assert [row["id"] for row in anna.get("/api/v1/orders").json()["data"]] == [order["id"]]


def test_a_guest_orders_with_an_email_and_an_address(api: Api) -> None:
    answer = api.post("/api/v1/orders", wish(sells()))

    assert answer.status_code == 201, answer.content
    assert api.get(answer.headers["Location"]).json()["email"] == "ann@example.com"


def test_a_guest_orders_a_cart_without_naming_a_key_and_gets_one_order(api: Api) -> None:
    sku = sells()
    cart = api.post("/api/v1/orders/carts").json()
    added = api.post(f"/api/v1/orders/carts/{cart['id']}/lines", {"productId": sku, "quantity": 2})
    assert added.status_code == 201
    body = wish(sku, items=None, idempotencyKey=None, cartId=cart["id"])

    first = api.post("/api/v1/orders", body)
    again = api.post("/api/v1/orders", body)

    assert first.status_code == 201, first.content
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert Order.objects.count() == 1


@pytest.mark.parametrize("spelling", ["header", "body"])
def test_the_same_key_answers_the_same_and_another_body_under_it_is_refused(api: Api, spelling: str) -> None:
    sku = sells()
    body = wish(sku, idempotencyKey=None)
    options = {"key": "k-1"} if spelling == "header" else {}
    if spelling == "body":
        body["idempotencyKey"] = "k-1"

    first = api.post("/api/v1/orders", body, **options)
    again = api.post("/api/v1/orders", body, **options)
    other = api.post("/api/v1/orders", body | {"email": "eve@example.com"}, **options)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.content == first.content
    assert other.json()["code"] == "idempotency_key_reused"
    assert Order.objects.count() == 1


def test_an_order_of_lines_without_a_key_is_refused(api: Api) -> None:
    answer = api.post("/api/v1/orders", wish(sells(), idempotencyKey=None))

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")
    assert not Order.objects.exists()


def test_a_price_that_is_no_longer_true_answers_409_with_the_new_one(api: Api) -> None:
    sku = sells(price=1300)

    answer = api.post("/api/v1/orders", wish(sku))

    assert answer.status_code == 409
    problem = answer.json()
    assert problem["code"] == "orders.price_changed"
    assert problem["prices"] == [{"productId": sku, "sku": sku, "priceSeen": 1200, "price": 1300}]


def test_a_declined_card_answers_402_and_the_cancelled_order_can_be_looked_up(api: Api) -> None:
    answer = api.post("/api/v1/orders", wish(sells(), paymentMethod="card_declined"))

    assert answer.status_code == 402
    problem = answer.json()
    assert problem["code"] == "payments.declined"
    assert api.get(f"/api/v1/orders/{problem['orderId']}").json()["status"] == "CANCELLED"


def test_sold_out_answers_409(api: Api) -> None:
    answer = api.post("/api/v1/orders", wish(sells(pieces=1)))

    assert (answer.status_code, answer.json()["code"]) == (409, "catalog.out_of_stock")


@pytest.mark.parametrize("method", ["card_timeout", "card_error"])
def test_a_card_that_misbehaves_still_buys(api: Api, method: str) -> None:
    answer = api.post("/api/v1/orders", wish(sells(), paymentMethod=method))

    assert answer.status_code in (201, 202)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"items": []}, "/items"),
        ({"items": None}, "/items"),
        ({"cartId": str(new_id())}, "/items"),
        ({"items": [{"productId": "P", "quantity": 0}]}, "/items/0/quantity"),
        ({"items": [{"productId": "P", "quantity": 1, "colour": "red"}]}, "/items/0/colour"),
        ({"shippingAddress": ADDRESS | {"postcode": "1"}}, "/shippingAddress/postcode"),
        ({"shippingAddress": None}, "/shippingAddress"),
        ({"email": None}, "/email"),
        ({"email": "nobody"}, "/email"),
        ({"paymentMethod": None}, "/paymentMethod"),
        ({"surprise": 1}, "/surprise"),
    ],
)
def test_what_is_wrong_with_a_body_is_said_by_pointer(api: Api, changes: dict[str, Any], pointer: str) -> None:
    answer = api.post("/api/v1/orders", wish(sells(), **changes))

    assert answer.status_code == 422, answer.content
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert not Order.objects.exists()


def test_a_stored_address_needs_a_token_and_must_be_ones_own(api: Api) -> None:
    sku, theirs = sells(), keeps_address(registers()[0])
    body = wish(sku, shippingAddress=None, shippingAddressId=theirs)
    stranger, _ = registers()

    assert api.post("/api/v1/orders", body).status_code == 401
    answer = api.as_customer(stranger).post("/api/v1/orders", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "users.address_not_found")


def test_cancelling_gives_the_money_back_and_the_history_tells_it(api: Api) -> None:
    placed = api.post("/api/v1/orders", wish(sells())).json()

    cancelled = api.post(f"/api/v1/orders/{placed['id']}/cancel")
    deliver_all()

    assert cancelled.status_code == 200
    order = api.get(f"/api/v1/orders/{placed['id']}").json()
    assert (order["status"], order["cancellationReason"]) == ("CANCELLED", "customer_request")
    assert order["payment"]["status"] == "REFUNDED"
    assert order["payment"]["refunded"] == {"amount": 2400, "currency": "EUR"}
    told = {"cancellation_requested", "payment_returned", "cancelled"}
    if is_here("payments"):
        told.add("refunded")  # what payments announced
    assert told <= {entry["event"] for entry in order["timeline"]}
    assert api.post(f"/api/v1/orders/{placed['id']}/cancel").status_code == 200


def test_orders_of_others_are_not_found_but_staff_see_them(api: Api) -> None:
    owner, _ = registers()
    order = api.as_customer(owner).post("/api/v1/orders", wish(sells())).json()
    path = f"/api/v1/orders/{order['id']}"

    for stranger in (api, api.as_customer()):
        assert stranger.get(path).status_code == 404
        assert stranger.post(f"{path}/cancel").status_code == 404
    assert api.as_staff().get(path).status_code == 200
    assert api.as_customer().get("/api/v1/orders").json()["data"] == []
    assert [row["id"] for row in api.as_staff().get("/api/v1/orders").json()["data"]] == [order["id"]]
    assert api.get("/api/v1/orders").status_code == 401


def test_the_list_is_paged_newest_first_and_filtered_by_status(api: Api) -> None:
    owner = api.as_customer(registers()[0])
    sku = sells(pieces=100)
    numbers = [owner.post("/api/v1/orders", wish(sku)).json()["number"] for _ in range(3)]

    first = owner.get("/api/v1/orders?limit=2").json()
    rest = owner.get(f"/api/v1/orders?limit=2&after={first['next']}").json()

    assert [row["number"] for row in first["data"] + rest["data"]] == numbers[::-1]
    assert rest["next"] is None
    assert owner.get("/api/v1/orders?status=CANCELLED").json()["data"] == []
    assert owner.get("/api/v1/orders?stauts=CANCELLED").json()["code"] == "unknown_parameter"
