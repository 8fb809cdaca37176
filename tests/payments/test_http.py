"""Payments over HTTP: who may see what, refunds by staff, the invoice as a page and as data."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from infra.identifiers import new_id
from modules.payments.contract import PaymentDeclined
from modules.payments.models import Attempt, AttemptKind, Invoice, Payment
from tests.api import Api
from tests.payments.hostile_provider import HostileProvider, Killed, die, lose_the_answer
from tests.payments.purchases import an_order, give_back, refund, take
from tests.payments.racing import all_at_once

pytestmark = pytest.mark.usefixtures("database")
JSON = {"Accept": "application/json"}


def path(payment: Payment | UUID, rest: str = "") -> str:
    return f"/api/v1/payments/{payment.id if isinstance(payment, Payment) else payment}{rest}"


def eur(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def test_a_customer_sees_their_payment_with_its_refunds(api: Api) -> None:
    anna = api.as_customer()
    payment = take(an_order(5000, customer_id=anna.customer_id))
    given = refund(payment, 1200)

    answer = anna.get(path(payment))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body.pop("createdAt").startswith("2026-11-21T12:00:00")
    assert body["refunds"][0].pop("createdAt")
    assert body == {
        "id": str(payment.id),
        "orderId": str(payment.order_id),
        "status": "PARTIALLY_REFUNDED",
        "amount": eur(5000),
        "captured": eur(5000),
        "refunded": eur(1200),
        "method": "card",
        "refunds": [
            {
                "id": str(given.id),
                "amount": eur(1200),
                "status": "REFUNDED",
                "reason": "broken",
                "creditNote": "CN-2026-000001",
            }
        ],
    }


@pytest.mark.parametrize("rest", ["", "/invoice"])
def test_a_customers_payment_is_hidden_from_others(api: Api, rest: str) -> None:
    anna = api.as_customer()
    payment = take(an_order(customer_id=anna.customer_id))

    seen = [who.get(path(payment, rest)).status_code for who in (anna, api.as_staff(), api.as_customer(), api)]

    assert seen == [200, 200, 404, 404]
    assert api.get(path(payment, rest)).json()["code"] == api.get(path(new_id(), rest)).json()["code"]


@pytest.mark.parametrize("rest", ["", "/invoice"])
def test_a_guests_payment_is_known_by_its_id_alone(api: Api, rest: str) -> None:
    payment = take(an_order(customer_id=None))

    assert api.get(path(payment, rest)).status_code == 200


def test_a_payment_that_is_being_given_back_is_shown_as_pending(api: Api, provider: HostileProvider) -> None:
    payment = take()
    provider.is_out_of_reach()
    give_back(payment.payment_key)

    body = api.get(path(payment)).json()

    assert (body["status"], body["refunds"][0]["status"], body["refunds"][0]["creditNote"]) == (
        "PENDING",
        "PENDING",
        None,
    )


def test_staff_refund_in_parts_until_nothing_is_left(api: Api) -> None:
    staff = api.as_staff()
    payment = take(an_order(5000))

    part = staff.post(path(payment, "/refunds"), {"amount": eur(1200), "reason": "broken"}, key="1")
    rest = staff.post(path(payment, "/refunds"), {"reason": "goodwill"}, key="2")
    more = staff.post(path(payment, "/refunds"), {"reason": "goodwill"}, key="3")

    assert (part.status_code, part.json()["amount"], part.json()["status"]) == (201, eur(1200), "REFUNDED")
    assert (rest.status_code, rest.json()["amount"], rest.json()["creditNote"]) == (201, eur(3800), "CN-2026-000002")
    assert (more.status_code, more.json()["code"]) == (409, "payments.refund_exceeds_captured")
    assert more.json()["refundable"] == eur(0)
    assert api.get(path(payment)).json()["status"] == "REFUNDED"


def test_more_than_was_captured_is_not_given_back(api: Api) -> None:
    payment = take(an_order(5000))

    answer = api.as_staff().post(path(payment, "/refunds"), {"amount": eur(5001), "reason": "x"}, key="1")

    assert (answer.status_code, answer.json()["code"]) == (409, "payments.refund_exceeds_captured")
    assert answer.json()["refundable"] == eur(5000)
    assert not Attempt.objects.filter(kind=AttemptKind.REFUND).exists()


def test_only_staff_refund(api: Api) -> None:
    anna = api.as_customer()
    payment = take(an_order(customer_id=anna.customer_id))
    body = {"reason": "I want it back"}

    assert api.post(path(payment, "/refunds"), body, key="1").status_code == 401
    assert anna.post(path(payment, "/refunds"), body, key="1").status_code == 403
    assert not Attempt.objects.filter(kind=AttemptKind.REFUND).exists()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "validation_failed"),
        ({"reason": ""}, "validation_failed"),
        ({"reason": "x", "amount": 100}, "validation_failed"),
        ({"reason": "x", "amount": eur(0)}, "validation_failed"),
        ({"reason": "x", "amount": eur(-5)}, "validation_failed"),
        ({"reason": "x", "amount": {"amount": 5, "currency": "USD"}}, "payments.wrong_currency"),
        ({"reason": "x", "sum": 5}, "validation_failed"),
        ({"reason": "x" * 201}, "validation_failed"),
    ],
)
def test_a_refund_that_makes_no_sense_is_refused(api: Api, body: dict[str, Any], code: str) -> None:
    payment = take()

    answer = api.as_staff().post(path(payment, "/refunds"), body, key="1")

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert not Attempt.objects.filter(kind=AttemptKind.REFUND).exists()


def test_a_refund_needs_an_idempotency_key_and_a_payment(api: Api) -> None:
    staff = api.as_staff()

    assert staff.post(path(take(), "/refunds"), {"reason": "x"}).status_code == 400
    assert staff.post(path(new_id(), "/refunds"), {"reason": "x"}, key="1").status_code == 404


def test_a_repeated_refund_is_given_once(api: Api) -> None:
    staff = api.as_staff()
    payment = take(an_order(5000))
    send = partial(staff.post, path(payment, "/refunds"), {"amount": eur(1000), "reason": "broken"}, key="1")

    answers = all_at_once([send] * 8)

    statuses = {answer.status_code for answer in answers if not isinstance(answer, Exception)}
    assert 201 in statuses
    assert statuses <= {201, 409}
    assert send().headers["Idempotent-Replayed"] == "true"
    payment.refresh_from_db()
    assert payment.refunded == 1000


def test_a_refund_whose_process_died_is_gone_on_with_by_the_repeat(api: Api, provider: HostileProvider) -> None:
    staff = api.as_staff()
    payment = take(an_order(5000))
    send = partial(staff.post, path(payment, "/refunds"), {"amount": eur(1000), "reason": "broken"}, key="1")
    provider.after("refund", die)
    with pytest.raises(Killed):
        send()
    provider.heal()
    _let_the_lease_run_out()

    answer = send()

    assert (answer.status_code, answer.json()["status"]) == (201, "REFUNDED")
    payment.refresh_from_db()
    assert payment.refunded == 1000


def test_a_refund_of_unknown_outcome_is_answered_as_pending(api: Api, provider: HostileProvider) -> None:
    payment = take()
    provider.before("refund", lose_the_answer)

    answer = api.as_staff().post(path(payment, "/refunds"), {"reason": "broken"}, key="1")

    assert (answer.status_code, answer.json()["status"]) == (201, "PENDING")


def test_a_refund_that_the_provider_refuses_is_said_so(api: Api, provider: HostileProvider) -> None:
    payment = take()
    provider.sandbox.refund(key="by somebody else", provider_ref=payment.provider_ref, amount=payment.money(1))

    answer = api.as_staff().post(path(payment, "/refunds"), {"reason": "broken"}, key="1")

    assert (answer.status_code, answer.json()["code"]) == (409, "payments.refund_declined")
    assert answer.json()["reason"] == "not_possible"


def test_the_invoice_is_a_page_by_default_and_data_when_asked_for(api: Api) -> None:
    payment = take(an_order(11900, shipping=1190))

    page, data = api.get(path(payment, "/invoice")), api.get(path(payment, "/invoice"), headers=JSON)
    browser = api.get(path(payment, "/invoice"), headers={"Accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert "style-src 'unsafe-inline'" in browser.headers["Content-Security-Policy"]

    assert page.headers["Content-Type"] == browser.headers["Content-Type"] == "text/html; charset=utf-8"
    assert data.headers["Content-Type"] == "application/json"
    assert "Accept" in page.headers["Vary"]
    body = data.json()
    assert body["number"] == Invoice.objects.get().document_number == "INV-2026-000001"
    assert (body["total"], body["tax"], body["taxRatePercent"]) == (eur(11900), eur(1900), "19")
    assert sum(line["total"]["amount"] for line in body["lines"]) + body["shipping"]["amount"] == 11900
    assert body["billTo"]["city"] == "Berlin"
    assert api.get(path(payment, "/invoice"), headers={"Accept": "image/png"}).status_code == 406


def test_the_page_shows_everything_and_escapes_what_customers_wrote(api: Api) -> None:
    payment = take(an_order(11900, shipping=1190))
    refund(payment, 595)

    page = api.get(path(payment, "/invoice")).content.decode()

    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)
    for part in (
        "INV-2026-000001",
        "Anna Ahorn",
        "10115 Berlin",
        "Germany",
        "Mug",
        "€119.00",
        "€19.00",
        "€100.00",
        "€11.90",
    ):
        assert part in text
    for part in ("CN-2026-000001", "Broken", "€5.95", "21 November 2026"):
        assert part in text
    assert "Tea &lt;loose&gt;" in page
    assert "size: A4" in page
    assert "src=" not in page  # nothing is loaded from anywhere


def test_without_tax_the_page_shows_none(api: Api, settings: Any) -> None:
    settings.SHOP_TAX_RATE_PERCENT = "0"

    assert "tax" not in api.get(path(take(), "/invoice")).content.decode()


def test_before_money_is_taken_there_is_no_invoice(api: Api) -> None:
    with pytest.raises(PaymentDeclined):
        take(method="card_declined")

    answer = api.get(path(Payment.objects.get(), "/invoice"))

    assert (answer.status_code, answer.json()["code"]) == (404, "payments.no_invoice")
    assert answer.headers["Content-Type"] == "application/problem+json"


def _let_the_lease_run_out() -> None:
    with connections["payments"].cursor() as cursor:
        cursor.execute("UPDATE idempotency_key SET lease_until = now() - interval '1 second'")
