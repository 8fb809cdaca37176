"""Somebody at the shop's door: a client over a real socket, for customers, guests and staff."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from django.contrib.auth.models import User
from django.utils import timezone

from infra.events.testing import deliver_all
from infra.schedule.testing import run_all_due
from modules.orders.models import Checkout
from modules.shipping.models import Shipment

HOME = {"name": "Anna Berg", "line1": "Torstraße 1", "city": "Berlin", "postcode": "10119", "country": "DE"}
PASSWORD = "correct horse battery"
PATIENCE_ROUNDS = 60


class Shopper:
    """An HTTP client with the words of a shop; answers are checked against what the test expects and given as JSON."""

    def __init__(self, address: str) -> None:
        self.http = httpx.Client(base_url=address, timeout=60)
        self.address_id = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    def get(self, path: str, *, expect: int = 200, **parameters: Any) -> Any:
        return self._ask("GET", path, expect=expect, params=parameters or None)

    def post(self, path: str, body: Any = None, *, expect: int | tuple[int, ...] = 201, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self._ask("POST", path, expect=expect, json=body, headers=headers)

    def register(self, email: str) -> None:
        """Open an account, sign in and store an address."""
        self.post("/users/register", {"email": email, "password": PASSWORD, "name": "Anna Berg"})
        tokens = self.post("/users/tokens", {"email": email, "password": PASSWORD}, expect=200)
        self.http.headers["Authorization"] = f"Bearer {tokens['access']}"
        self.address_id = self.post("/users/me/addresses", HOME)["id"]

    def buys(
        self, sku: str, *, price: int, quantity: int = 1, card: str = "card", expect: int | tuple[int, ...] = 201
    ) -> Any:
        """Place an order exactly as the README shows it."""
        return self.post(
            "/orders",
            {
                "items": [{"productId": sku, "quantity": quantity, "price": price}],
                "shippingAddressId": self.address_id,
                "paymentMethod": card,
                "idempotencyKey": str(uuid4()),
            },
            expect=expect,
        )

    def follows(self, order_id: str) -> Any:
        """Look at an order, with the shop's background work going on, until its checkout has ended."""
        return until(
            lambda: self.get(f"/orders/{order_id}"),
            lambda order: order["status"] != "PENDING",
            in_between=lambda: Checkout.objects.exclude(state="SETTLED").update(next_attempt_at=None),
        )

    def _ask(self, method: str, path: str, *, expect: int | tuple[int, ...], **options: Any) -> Any:
        answer = self.http.request(method, f"/api/v1{path}", **options)
        expected = expect if isinstance(expect, tuple) else (expect,)
        assert answer.status_code in expected, f"{method} {path}: {answer.status_code} {answer.text[:600]}"
        return answer.json() if answer.content else None


class StaffMember(Shopper):
    """Somebody who works for the shop, signed in to the admin with a session."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        User.objects.create_superuser("chief", "chief@example.com", PASSWORD)
        self.http.get("/admin/login/")
        form = {"username": "chief", "password": PASSWORD, "csrfmiddlewaretoken": self.http.cookies["csrftoken"]}
        assert self.http.post("/admin/login/?next=/admin/", data=form).status_code == 302
        self.http.headers["X-CSRFToken"] = self.http.cookies["csrftoken"]

    def dispatches(self, shipment_id: str) -> Any:
        return self.post(f"/shipping/shipments/{shipment_id}/dispatch", expect=200)


def background_work() -> None:
    """Let the shop do everything that it does by itself: deliver events, buy labels, send e-mails."""
    deliver_all()
    run_all_due(regardless_of_time=True)
    deliver_all()


def until(look: Callable[[], Any], ended: Callable[[Any], bool], *, in_between: Callable[[], object]) -> Any:
    """Look again and again, with background work and `in_between` going on, until it has ended."""
    for _ in range(PATIENCE_ROUNDS):
        if ended(seen := look()):
            return seen
        in_between()
        background_work()
    raise AssertionError(f"It did not end: {seen}")


def the_pause_of_the_carrier_passes() -> None:
    """Make parcels under way be looked at again now, as if the time between two looks had passed."""
    Shipment.objects.filter(due_at__isnull=False).update(due_at=timezone.now() - timedelta(seconds=1))


def words_of(text: str) -> str:
    """Return an e-mail's text without its line breaks."""
    return re.sub(r"\s+", " ", text)
