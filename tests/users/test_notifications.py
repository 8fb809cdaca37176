"""E-mails to customers: what calls for them, what they say, and that each goes out at least once."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.core.mail.backends.locmem import EmailBackend
from django.db import connections
from django.utils import timezone

from infra.events.declaration import Event
from infra.events.testing import deliver_all
from infra.identifiers import new_id
from infra.money import Money
from infra.schedule.testing import run_all_due
from modules.orders.events import OrderCancelled, OrderConfirmed, OrderedLine
from modules.payments.events import PaymentRefunded
from modules.shipping.events import ShipmentDelivered, ShipmentDispatched
from modules.users import handlers
from modules.users.models import Notification, NotificationKind
from modules.users.use_cases import sending
from modules.users.use_cases.notifications import note
from modules.users.use_cases.sending import forget_notifications, send_due_notifications
from tests.users.factories import a_customer

pytestmark = pytest.mark.usefixtures("database")

ORDER = UUID("018f0000-0000-7000-8000-000000000001")


def confirmed(**changes: Any) -> OrderConfirmed:
    lamp = OrderedLine(
        variant_id=new_id(),
        product_id=new_id(),
        sku="LAMP",
        name="Lamp <b>& Shade</b>",
        quantity=2,
        total=Money(3980, "EUR"),
    )
    fields: dict[str, Any] = {
        "order_id": ORDER,
        "number": "B-1001",
        "customer_id": None,
        "email": "anna@example.com",
        "recipient": "Anna Schmidt",
        "lines": (lamp,),
        "shipping": Money(490, "EUR"),
        "total": Money(4470, "EUR"),
    }
    return OrderConfirmed(**fields | changes)


def cancelled(*, was_confirmed: bool, reason: str = "customer_request") -> OrderCancelled:
    return OrderCancelled(
        order_id=ORDER,
        number="B-1001",
        customer_id=None,
        email="anna@example.com",
        recipient="Anna Schmidt",
        reason=reason,
        was_confirmed=was_confirmed,
        total=Money(4470, "EUR"),
    )


def refunded(amount: int, so_far: int, *, fully: bool = False) -> PaymentRefunded:
    return PaymentRefunded(
        payment_id=UUID(int=7),
        order_id=ORDER,
        amount=Money(amount, "EUR"),
        refunded=Money(so_far, "EUR"),
        fully=fully,
        reason="requested",
    )


def hear(*events: Event) -> None:
    """Handle events as the relay has them handled; that they get here is the events' own tests' matter."""
    reactions = {
        OrderConfirmed: handlers.confirm_the_order,
        OrderCancelled: handlers.tell_that_the_order_ended,
        ShipmentDispatched: handlers.tell_that_the_parcel_left,
        ShipmentDelivered: handlers.tell_that_the_parcel_arrived,
        PaymentRefunded: handlers.tell_of_the_refund,
    }
    for event in events:
        reactions[type(event)](event)  # type: ignore[operator]


def sent() -> list[EmailMultiAlternatives]:
    send_due_notifications()
    messages = list(mail.outbox)
    mail.outbox.clear()
    return messages  # type: ignore[return-value]


def html_of(message: EmailMultiAlternatives) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


class Unreliable(EmailBackend):
    """A mail server that refuses as long as `refusing` is above zero, or takes the e-mail and then loses the line."""

    refusing = 0
    losing_the_answer = 0

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        if Unreliable.refusing:
            Unreliable.refusing -= 1
            raise smtplib.SMTPServerDisconnected("anna@example.com was not accepted")
        count = super().send_messages(messages)
        if Unreliable.losing_the_answer:
            Unreliable.losing_the_answer -= 1
            raise TimeoutError
        return count


@pytest.fixture
def mail_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Unreliable]]:
    monkeypatch.setattr(settings, "EMAIL_BACKEND", f"{__name__}.Unreliable")
    yield Unreliable
    Unreliable.refusing = Unreliable.losing_the_answer = 0


def make_due() -> None:
    Notification.objects.filter(sent_at=None).update(due_at=timezone.now())


def test_a_confirmed_order_is_told_with_lines_and_totals() -> None:
    hear(confirmed())

    (message,) = sent()

    assert message.to == ["anna@example.com"]
    assert message.from_email == settings.DEFAULT_FROM_EMAIL
    assert message.subject == "Thank you for your order B-1001"
    text = str(message.body)
    assert "Hello Anna Schmidt," in text
    assert "2 x Lamp <b>& Shade</b>: €39.80" in text
    assert "Delivery: €4.90" in text
    assert "Total: €44.70" in text
    assert "Lamp &lt;b&gt;&amp; Shade&lt;/b&gt;" in html_of(message)
    assert "€44.70" in html_of(message)


def test_a_cancelled_order_and_a_failed_checkout_are_told_differently() -> None:
    hear(cancelled(was_confirmed=True))
    (cancellation,) = sent()
    hear(cancelled(was_confirmed=False, reason="payments.declined"))
    (failure,) = sent()

    assert cancellation.subject == "Your order B-1001 is cancelled"
    assert "on its way back to you" in str(cancellation.body)
    assert failure.subject == "Your order B-1001 could not be completed"
    assert "the payment was declined" in str(failure.body)


def test_a_reason_that_is_not_known_yet_is_told_in_general_words() -> None:
    hear(cancelled(was_confirmed=False, reason="orders.something_new"))

    (message,) = sent()

    assert "something went wrong on our side" in str(message.body)
    assert "something_new" not in str(message.body)


def test_a_parcel_that_leaves_and_arrives_is_told() -> None:
    parcel: dict[str, Any] = {
        "shipment_id": new_id(),
        "order_id": ORDER,
        "order_number": "B-1001",
        "customer_id": None,
        "email": "anna@example.com",
        "tracking_number": "BT123456",
    }
    hear(ShipmentDispatched(**parcel, carrier="Banyan Express"), ShipmentDelivered(**parcel))

    left, arrived = sent()

    assert left.subject == "Your order B-1001 is on its way"
    assert "Banyan Express" in str(left.body)
    assert "/api/v1/shipping/track/BT123456" in str(left.body)
    assert arrived.subject == "Your order B-1001 has arrived"


def test_each_refund_of_a_confirmed_order_is_told_once() -> None:
    hear(confirmed())
    hear(refunded(1000, 1000), refunded(3470, 4470, fully=True), refunded(3470, 4470, fully=True))

    _, first, second = sent()

    assert "€10.00" in str(first.body)
    assert "all that you paid" not in str(first.body)
    assert "€34.70" in str(second.body)
    assert "all that you paid" in str(second.body)
    assert first.to == ["anna@example.com"]


def test_a_refund_of_an_order_that_was_never_confirmed_is_not_told() -> None:
    hear(refunded(1000, 1000, fully=True))

    assert sent() == []


def test_the_same_fact_told_twice_is_one_e_mail() -> None:
    hear(confirmed(), confirmed())

    assert len(sent()) == 1


def test_the_clock_sends_what_events_call_for() -> None:
    customer = a_customer()
    deliver_all()

    assert "users.send_notifications" in run_all_due(of="users")

    assert [message.to for message in mail.outbox] == [[customer.email]]
    mail.outbox.clear()


def test_every_kind_has_a_subject_and_both_templates() -> None:
    customer = a_customer()
    everything = {
        "number": "B-1",
        "recipient": "Anna",
        "reason": "payments.declined",
        "lines": [],
        "shipping": {"amount": 0, "currency": "EUR"},
        "total": {"amount": 0, "currency": "EUR"},
        "amount": {"amount": 0, "currency": "EUR"},
        "carrier": "C",
        "tracking_number": "T",
    }
    for kind in NotificationKind:
        note(kind=kind, fact="x", email=customer.email, facts=everything, noted_at=timezone.now())

    messages = sent()

    assert len(messages) == len(NotificationKind)
    for message in messages:
        assert str(message.body).strip().endswith(settings.SHOP_URL)
        assert "<h1" in html_of(message)
        assert "{{" not in str(message.body) + html_of(message)


def test_an_e_mail_that_is_refused_is_tried_again_later(mail_server: type[Unreliable]) -> None:
    mail_server.refusing = 1
    hear(confirmed())

    assert sent() == []
    waiting = Notification.objects.get()
    assert waiting.attempts == 1
    assert waiting.due_at > timezone.now() + timedelta(seconds=10)
    assert waiting.last_error == "SMTPServerDisconnected"

    assert sent() == []  # not due yet
    make_due()
    assert len(sent()) == 1
    make_due()
    assert sent() == []


def test_waits_grow_up_to_an_hour_and_end_after_twenty_attempts(mail_server: type[Unreliable]) -> None:
    mail_server.refusing = 100
    hear(confirmed())
    waits = []
    for _ in range(19):
        before = timezone.now()
        send_due_notifications()
        waits.append(round((Notification.objects.get().due_at - before).total_seconds()))
        make_due()

    send_due_notifications()

    assert waits[:4] == [15, 30, 60, 120]
    assert waits[-1] == 3600
    given_up = Notification.objects.get()
    assert given_up.given_up_at is not None
    assert given_up.attempts == 20
    make_due()
    assert send_due_notifications() == 0


def test_a_second_copy_carries_the_message_id_of_the_first(mail_server: type[Unreliable]) -> None:
    mail_server.losing_the_answer = 1
    hear(confirmed())
    send_due_notifications()
    make_due()
    send_due_notifications()

    first, second = mail.outbox
    mail.outbox.clear()

    assert first.extra_headers["Message-ID"] == second.extra_headers["Message-ID"]
    assert str(Notification.objects.get().id) in first.extra_headers["Message-ID"]


def test_an_e_mail_whose_sender_died_is_taken_over_after_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    hear(confirmed())
    with monkeypatch.context() as dying:

        def die(*_: object) -> None:
            raise KeyboardInterrupt

        dying.setattr(EmailBackend, "send_messages", die)
        with pytest.raises(KeyboardInterrupt):
            send_due_notifications()

    assert sent() == []
    assert Notification.objects.get().due_at > timezone.now() + timedelta(minutes=4)
    make_due()
    assert len(sent()) == 1


def test_one_broken_e_mail_does_not_hold_up_the_others() -> None:
    hear(confirmed())
    note(
        kind=NotificationKind.ORDER_CONFIRMED,
        fact="broken",
        email="anna@example.com",
        facts={},  # no number for the subject
        noted_at=timezone.now() - timedelta(hours=1),
    )

    assert len(sent()) == 1
    assert Notification.objects.get(sent_at=None).attempts == 1


def test_several_senders_at_once_send_each_e_mail_once() -> None:
    for number in range(30):
        hear(confirmed(order_id=uuid4(), number=f"B-{number}"))

    def send(_: int) -> int:
        try:
            return send_due_notifications(batch=3)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as threads:
        counts = list(threads.map(send, range(4)))

    subjects = sorted(message.subject for message in mail.outbox)
    mail.outbox.clear()
    assert sum(counts) == 30
    assert len(subjects) == len(set(subjects)) == 30


def test_what_was_sent_long_ago_is_forgotten_and_what_waits_is_kept(mail_server: type[Unreliable]) -> None:
    hear(confirmed())
    sent()
    mail_server.refusing = 1
    hear(cancelled(was_confirmed=True))
    sent()

    assert forget_notifications(created_before=timezone.now() + timedelta(days=1)) == 1

    assert Notification.objects.get().kind == NotificationKind.ORDER_CANCELLED


def test_the_lease_outlasts_a_batch_that_runs_into_every_time_out() -> None:
    assert settings.EMAIL_TIMEOUT is not None
    assert sending.LEASE.total_seconds() > sending.BATCH * settings.EMAIL_TIMEOUT
