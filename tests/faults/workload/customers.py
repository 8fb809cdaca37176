"""What customers do: they come, look around, buy, look after their orders, change their minds, and go."""

from __future__ import annotations

from typing import Any

from tests.faults.workload.asking import Answer, Client

PASSWORD = "correct horse battery"
CARDS = ("card",) * 6 + ("card_declined", "card_timeout", "card_error")
CANCELLED_SHARE = 0.15
_ENDED = ("CONFIRMED", "CANCELLED")


class Customer:
    """One customer, or guest, from the first page to the last."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.dice = client.dice
        self.address_id = ""
        self.email = ""
        self._refresh = ""

    def visit(self) -> None:
        """Live one visit.

        Raises:
            GaveUp: it ended early, for a failure that is noted.
            Stopped: the workload ends.
        """
        self.client.identify("")
        is_guest = self.dice.random() < 0.2
        if is_guest:
            self.email = f"guest-{self.dice.getrandbits(40):010x}@example.com"
        else:
            self._register()
        for _ in range(self.dice.randint(1, 4)):
            product = self._look_around()
            if not product:
                continue
            order = self._buy_cart(product) if self.dice.random() < 0.5 else self._buy_now(product)
            if order:
                self._look_after(order, is_guest=is_guest)
            if not is_guest and self.dice.random() < 0.3:
                self._stay_signed_in()
        if self._refresh and self.dice.random() < 0.5:
            self.client.ask("sign out", "POST", "/api/v1/users/tokens/revoke", body={"refresh": self._refresh})

    def _register(self) -> None:
        self.email = f"c-{self.dice.getrandbits(48):012x}@example.com"
        name = f"Customer {self.dice.randint(1, 999)}"
        self.client.ask(
            "register",
            "POST",
            "/api/v1/users/register",
            body={"email": self.email, "password": PASSWORD, "name": name},
            means={"email": self.email},
            facts=lambda answer: {"customer": answer.body.get("id")},
        )
        signed_in = self.client.ask(
            "sign in", "POST", "/api/v1/users/tokens", body={"email": self.email, "password": PASSWORD}
        )
        self._refresh = signed_in.body["refresh"]
        self.client.identify(signed_in.body["access"])
        if (me := self.client.ask("read oneself", "GET", "/api/v1/users/me").body)["email"] != self.email:
            self.client.fail("read oneself", f"registered as {self.email}, but is {me['email']}")
        made = self.client.ask(
            "add an address",
            "POST",
            "/api/v1/users/me/addresses",
            body=home(name),
            facts=lambda answer: {"address": answer.body.get("id")},
        )
        self.address_id = made.body["id"]
        if self.dice.random() < 0.3:
            self._move(name)

    def _move(self, name: str) -> None:
        street = f"Torstraße {self.dice.randint(2, 200)}"
        at = f"/api/v1/users/me/addresses/{self.address_id}"
        self.client.ask("change an address", "PATCH", at, body={"line1": street, "name": name})
        if (read := self.client.ask("read an address", "GET", at).body)["line1"] != street:
            self.client.fail("read an address", f"changed to {street}, but reads {read['line1']}")

    def _stay_signed_in(self) -> None:
        tokens = self.client.ask(
            "stay signed in", "POST", "/api/v1/users/tokens/refresh", body={"refresh": self._refresh}
        ).body
        self._refresh = tokens["refresh"]
        self.client.identify(tokens["access"])

    def _look_around(self) -> dict[str, Any] | None:
        """Browse, and return a variant that can be bought."""
        asked = self.dice.choice(("", "?q=lamp", "?sort=price", "?limit=20"))
        shown = self.client.ask("browse", "GET", f"/api/v1/catalog/products{asked}").body["data"]
        if not shown:
            shown = self.client.ask("browse", "GET", "/api/v1/catalog/products").body["data"]
        product = self.dice.choice(shown)
        detail = self.client.ask("look at a product", "GET", f"/api/v1/catalog/products/{product['slug']}").body
        if detail["id"] != product["id"]:
            self.client.fail("look at a product", f"{product['slug']} is {detail['id']}, listed as {product['id']}")
        if detail.get("image") and self.dice.random() < 0.3 and detail["image"].startswith("/"):
            self.client.ask("look at a picture", "GET", detail["image"], accept="image/*")
        buyable = [variant for variant in detail["variants"] if variant["available"] > 0]
        return self.dice.choice(buyable) if buyable else None

    def _buy_cart(self, variant: dict[str, Any]) -> dict[str, Any] | None:
        ask = self.client.ask
        cart = ask("open a cart", "POST", "/api/v1/orders/carts").body["id"]
        at = f"/api/v1/orders/carts/{cart}"
        filled = ask("fill a cart", "POST", f"{at}/lines", body={"productId": variant["sku"], "quantity": 1})
        if filled.status != 201:
            return None
        line = next(line for line in filled.body["lines"] if line["sku"] == variant["sku"])
        wanted = line["quantity"]
        if self.dice.random() < 0.2:
            changed = ask("change a cart", "PATCH", f"{at}/lines/{line['id']}", body={"quantity": 2})
            wanted = 2 if changed.status == 200 else wanted
        elif self.dice.random() < 0.1:
            ask("empty a cart", "DELETE", f"{at}/lines/{line['id']}")
            wanted = 0
        read = ask("read a cart", "GET", at).body
        seen = {entry["sku"]: entry["quantity"] for entry in read["lines"]}.get(variant["sku"], 0)
        if seen != wanted:
            self.client.fail("read a cart", f"{wanted} pieces were put in, {seen} are there")
        if not read["lines"] or read["problems"]:
            return None
        return self._place({"cartId": cart})

    def _buy_now(self, variant: dict[str, Any]) -> dict[str, Any] | None:
        if self.dice.random() < 0.2:
            self.client.ask("ask for rates", "GET", "/api/v1/shipping/rates?country=DE&postcode=10119")
        item = {
            "productId": variant["sku"],
            "quantity": self.dice.randint(1, 2),
            "price": variant["price"]["amount"],
        }
        return self._place({"items": [item]})

    def _place(self, wish: dict[str, Any]) -> dict[str, Any] | None:
        card, key = self.dice.choice(CARDS), self.client.new_key()
        to = {"shippingAddressId": self.address_id} if self.address_id else {"shippingAddress": home("A Guest")}
        who = {} if self.address_id else {"email": self.email}
        answer = self.client.ask(
            "place an order",
            "POST",
            "/api/v1/orders",
            body=wish | to | who | {"paymentMethod": card, "idempotencyKey": key},
            key=key,
            means={"card": card},
            facts=_of_order,
        )
        if answer.status >= 400:
            return None
        order: dict[str, Any] = answer.body
        return order

    def _look_after(self, order: dict[str, Any], *, is_guest: bool) -> None:
        at = f"/api/v1/orders/{order['id']}"
        read = self._read_order(order)
        if not is_guest and self.dice.random() < 0.3:
            listed = {entry["id"] for entry in self.client.ask("list orders", "GET", "/api/v1/orders").body["data"]}
            if order["id"] not in listed:
                self.client.fail("list orders", f"order {order['id']} was acknowledged, and is not listed")
        if read["status"] != "CONFIRMED":
            return
        if self.dice.random() < CANCELLED_SHARE:
            self._cancel(at, read)
            return
        payment = f"/api/v1/payments/{read['payment']['id']}"
        if self.dice.random() < 0.4:
            paid = self.client.ask("read a payment", "GET", payment).body
            if paid["captured"]["amount"] != read["total"]["amount"]:
                self.client.fail("read a payment", f"{paid['captured']} was taken for an order of {read['total']}")
        if self.dice.random() < 0.3:
            kind = self.dice.choice(("application/json", "text/html"))
            self.client.ask("read an invoice", "GET", f"{payment}/invoice", accept=kind)
        if self.dice.random() < 0.3:
            self.client.ask("read a shipment", "GET", f"/api/v1/shipping/shipments/{read['shipment']['id']}")
        if self.dice.random() < 0.3:
            self.client.ask("track a parcel", "GET", f"/api/v1/shipping/track/{read['shipment']['trackingNumber']}")

    def _read_order(self, order: dict[str, Any]) -> dict[str, Any]:
        """Read what was just acknowledged: it must be there, and no earlier than it was told."""
        read: dict[str, Any] = self.client.ask("read an order", "GET", f"/api/v1/orders/{order['id']}").body
        if read["number"] != order["number"] or read["total"] != order["total"]:
            self.client.fail("read an order", f"{order['number']} over {order['total']} reads {read['number']}")
        if order["status"] in _ENDED and read["status"] == "PENDING":
            self.client.fail("read an order", f"{order['number']} was {order['status']}, and is PENDING again")
        return read

    def _cancel(self, at: str, order: dict[str, Any]) -> None:
        cancelled = self.client.ask(
            "cancel an order",
            "POST",
            f"{at}/cancel",
            key=self.client.new_key(),
            means={"order": order["id"]},
            facts=_of_order,
        )
        if cancelled.status != 200:
            return
        read = self.client.ask("read an order", "GET", at).body
        if read["status"] != "CANCELLED":
            self.client.fail("read an order", f"{read['number']} was cancelled, and is {read['status']}")
        paid = self.client.ask("read a payment", "GET", f"/api/v1/payments/{order['payment']['id']}").body
        if paid["captured"] != paid["refunded"]:
            self.client.fail("read a payment", f"{read['number']} was cancelled, and {paid['status']} is its payment")


def home(name: str) -> dict[str, str]:
    return {"name": name, "line1": "Torstraße 1", "city": "Berlin", "postcode": "10119", "country": "DE"}


def _of_order(answer: Answer) -> dict[str, Any]:
    told = answer.body
    if answer.status >= 400:
        return {"order": told["orderId"], "status": "CANCELLED"} if "orderId" in told else {}
    return {"order": told["id"], "status": told["status"], "total": told["total"]["amount"]}
