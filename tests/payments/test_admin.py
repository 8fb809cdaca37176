"""The admin shows payments, and gives back by the use case."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from modules.payments.contract import PaymentStatus
from modules.payments.models import Attempt, AttemptKind
from tests.payments.purchases import refund, take

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("staff", "staff@example.com", "x"))
    return client


@pytest.mark.parametrize("model", ["payment", "ledgerentry", "notification"])
def test_every_list_and_page_can_be_seen_and_nothing_changed(staff: Client, model: str) -> None:
    payment = take()
    refund(payment, 100)

    listed = staff.get(reverse(f"admin:payments_{model}_changelist"))

    assert listed.status_code == 200
    assert staff.get(reverse(f"admin:payments_{model}_add")).status_code == 403
    page = reverse("admin:payments_payment_change", args=[payment.id])
    assert staff.get(page).status_code == 200
    assert staff.post(page, {"amount": "1"}).status_code == 403


def test_what_is_left_is_given_back_from_the_list(staff: Client) -> None:
    payments = [take(), take()]
    refund(payments[0], None)

    answer = staff.post(
        reverse("admin:payments_payment_changelist"),
        {"action": "refund_what_is_left", "_selected_action": [str(payment.id) for payment in payments]},
        follow=True,
    )

    messages = [str(message) for message in answer.context["messages"]]
    assert len(messages) == 2
    for payment in payments:
        payment.refresh_from_db()
        assert payment.status == PaymentStatus.REFUNDED
    given = Attempt.objects.get(payment=payments[1], kind=AttemptKind.REFUND)
    assert given.reason == "Refunded in the admin by staff"
