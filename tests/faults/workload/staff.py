"""What the shop's staff do meanwhile: parcels leave, money is given back, goods come in."""

from __future__ import annotations

from tests.faults.workload.asking import Answer, Client

_FEW_PIECES = 50
_SOON_SECONDS = 300.0


class StaffMember:
    """Somebody who works for the shop, over the API."""

    def __init__(self, client: Client, email: str, password: str) -> None:
        self.client, self._email, self._password = client, email, password
        self.dice = client.dice
        self._signed_in_at = -_SOON_SECONDS

    def work(self) -> None:
        """Look at the newest orders and do something about one of them.

        Raises:
            GaveUp: something failed, which is noted.
            Stopped: the workload ends.
        """
        now = self.client.ground.statistics.now()
        if now - self._signed_in_at >= _SOON_SECONDS:
            self.client.identify("")
            tokens = self.client.ask(
                "sign in", "POST", "/api/v1/users/tokens", body={"email": self._email, "password": self._password}
            )
            self.client.identify(tokens.body["access"])
            self._signed_in_at = now
        shown = self.client.ask("list orders", "GET", "/api/v1/orders?status=CONFIRMED&limit=50").body["data"]
        if not shown:
            return
        order = self.dice.choice(shown)
        chance = self.dice.random()
        if chance < 0.4:
            self._dispatch(order["shipment"]["id"])
        elif chance < 0.7:
            self._refund(order["payment"]["id"], order["total"]["currency"])
        else:
            self._restock(self.dice.choice(order["lines"])["sku"])

    def _dispatch(self, shipment: str) -> None:
        at = f"/api/v1/shipping/shipments/{shipment}"
        sent = self.client.ask("dispatch", "POST", f"{at}/dispatch")
        if sent.status == 200 and (read := self.client.ask("read a shipment", "GET", at).body)["status"] == "READY":
            self.client.fail("read a shipment", f"{read['trackingNumber']} was dispatched, and is READY again")

    def _refund(self, payment: str, currency: str) -> None:
        key, at = self.client.new_key(), f"/api/v1/payments/{payment}"
        answer = self.client.ask(
            "refund",
            "POST",
            f"{at}/refunds",
            body={"amount": {"amount": self.dice.randint(1, 99), "currency": currency}, "reason": f"Scratched {key}"},
            key=key,
            means={"payment": payment},
            facts=_of_refund,
        )
        if answer.status != 201:
            return
        known = {refund["id"] for refund in self.client.ask("read a payment", "GET", at).body["refunds"]}
        if answer.body["id"] not in known:
            self.client.fail("read a payment", f"refund {answer.body['id']} was acknowledged, and is not there")

    def _restock(self, sku: str) -> None:
        at = f"/api/v1/catalog/variants/{sku}/stock"
        if self.client.ask("read the stock", "GET", at).body["available"] > _FEW_PIECES:
            return
        key = self.client.new_key()
        self.client.ask(
            "receive goods",
            "POST",
            f"{at}/adjustments",
            body={"difference": 20, "reason": "received", "reference": f"delivery {key}"},
            key=key,
            means={"sku": sku},
        )


def _of_refund(answer: Answer) -> dict[str, object]:
    return {} if answer.status >= 400 else {"refund": answer.body["id"], "amount": answer.body["amount"]["amount"]}
