"""Webhooks: signed, kept once, acted on by what the provider's state is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from infra.events.testing import published
from modules.payments.contract import PaymentStatus
from modules.payments.events import PaymentCaptured
from modules.payments.gateways.sandbox import SandboxProvider
from modules.payments.gateways.standard_webhooks import signed_headers
from modules.payments.models import Attempt, Notification, Payment
from modules.payments.queries.reconciliation import open_items
from modules.payments.use_cases.notifications import forget_settled_notifications, settle_notifications
from tests.payments.hostile_provider import HostileProvider, Killed, die
from tests.payments.purchases import LATER, NOW, refund, take

pytestmark = pytest.mark.usefixtures("database")
PATH = "/api/v1/payments/webhooks/sandbox"


def send(headers: dict[str, str], body: bytes, path: str = PATH) -> int:
    return Client().post(path, body, content_type="application/json", headers=headers).status_code


def webhook(
    attempt: Attempt, kind: str = "payment.captured", *, at: datetime | None = None, event_id: str | None = None
) -> tuple[dict[str, str], bytes]:
    return SandboxProvider().webhook_for(key=str(attempt.id), kind=kind, at=at or timezone.now(), event_id=event_id)


@pytest.fixture
def lost_charge(provider: HostileProvider) -> Attempt:
    """A charge that the provider made, and of which we know nothing yet."""
    provider.after("charge", die)
    with pytest.raises(Killed):
        take()
    provider.heal()
    return Attempt.objects.get()


def test_a_webhook_tells_of_a_charge_that_we_did_not_hear_of(lost_charge: Attempt) -> None:
    assert send(*webhook(lost_charge)) == 204
    assert Payment.objects.get().status == PaymentStatus.PENDING  # taken down, not yet acted on

    settle_notifications(now=timezone.now())

    assert Payment.objects.get().status == PaymentStatus.CAPTURED
    assert Notification.objects.get().settled_at is not None
    assert open_items(now=LATER) == []


def test_duplicates_are_kept_once_and_change_nothing(lost_charge: Attempt) -> None:
    headers, body = webhook(lost_charge, event_id="evt_1")
    for _ in range(3):
        assert send(headers, body) == 204
    send(*webhook(lost_charge, event_id="evt_2"))

    settle_notifications(now=timezone.now())

    assert Notification.objects.count() == 2
    assert len(published(PaymentCaptured)) == 1


def test_the_order_in_which_webhooks_come_makes_no_difference(provider: HostileProvider, lost_charge: Attempt) -> None:
    send(*webhook(lost_charge, "payment.refunded"))  # tells of what is to come, before what was
    settle_notifications(now=timezone.now())
    payment = Payment.objects.get()
    given = refund(payment, 1000)
    send(*webhook(given, "payment.refunded"))
    send(*webhook(lost_charge, "payment.captured"))

    settle_notifications(now=timezone.now())

    payment.refresh_from_db()
    assert (payment.status, payment.refunded) == (PaymentStatus.PARTIALLY_REFUNDED, 1000)
    assert not Notification.objects.filter(settled_at=None).exists()


def test_a_webhook_about_something_unknown_is_kept_and_tried_again() -> None:
    early = Attempt(id="0198c0de-0000-7000-8000-000000000001")
    assert send(*webhook(early)) == 204
    now = timezone.now()

    assert settle_notifications(now=now) == 0
    assert settle_notifications(now=now) == 0  # not yet due again
    kept = Notification.objects.get()
    assert kept.due_at is not None
    assert kept.due_at > now
    settle_notifications(now=kept.due_at)

    assert Notification.objects.get().tries == 2
    assert [item.kind for item in open_items(now=now + timedelta(hours=1))] == ["webhook_not_understood"]


def test_a_webhook_waits_for_a_provider_that_does_not_answer(provider: HostileProvider, lost_charge: Attempt) -> None:
    provider.is_out_of_reach()
    send(*webhook(lost_charge))
    now = timezone.now()
    assert settle_notifications(now=now) == 0
    provider.heal()

    assert settle_notifications(now=now + timedelta(minutes=1)) == 1

    assert Payment.objects.get().status == PaymentStatus.CAPTURED


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        (lambda headers, body: (headers, body + b" "), 401),
        (lambda headers, body: (headers | {"webhook-id": "evt_other"}, body), 401),
        (lambda headers, body: (headers | {"webhook-signature": "v1,bm90IGl0"}, body), 401),
        (lambda headers, body: (headers | {"webhook-signature": "v2," + headers["webhook-signature"][3:]}, body), 401),
        (lambda headers, body: (headers | {"webhook-timestamp": "٣"}, body), 401),
        (lambda headers, body: (headers | {"webhook-timestamp": "1"}, body), 401),
        (lambda headers, body: ({}, body), 401),
    ],
)
def test_what_the_provider_did_not_sign_is_refused(spoil: object, status: int) -> None:
    attempt = Attempt.objects.get(payment=take())
    headers, body = spoil(*webhook(attempt))  # type: ignore[operator]

    assert send(headers, body) == status
    assert not Notification.objects.exists()


@pytest.mark.parametrize(("seconds", "status"), [(-290, 204), (290, 204), (-310, 401), (310, 401)])
def test_webhooks_are_taken_within_five_minutes(seconds: int, status: int) -> None:
    attempt = Attempt.objects.get(payment=take())

    assert send(*webhook(attempt, at=timezone.now() + timedelta(seconds=seconds))) == status


def test_a_signed_body_that_makes_no_sense_is_refused(settings: Settings) -> None:
    secret = settings.PAYMENT_WEBHOOK_SECRETS["sandbox"][0]
    for body in (b"", b"[]", b'{"type": "x"}', b"\xff"):
        assert send(signed_headers(secret=secret, event_id="1", at=timezone.now(), body=body), body) == 401


def test_while_a_secret_is_rotated_both_are_good(settings: Settings) -> None:
    attempt = Attempt.objects.get(payment=take())
    headers, body = webhook(attempt)
    old = settings.PAYMENT_WEBHOOK_SECRETS["sandbox"]
    settings.PAYMENT_WEBHOOK_SECRETS = {"sandbox": ["whsec_bmV3LW5ldy1uZXctbmV3LW5ldy1uZXc=", *old]}

    assert send(headers, body) == 204
    assert send(*webhook(attempt)) == 204


def test_without_a_secret_nothing_is_accepted(settings: Settings) -> None:
    attempt = Attempt.objects.get(payment=take())
    headers, body = webhook(attempt)
    settings.PAYMENT_WEBHOOK_SECRETS = {}

    assert send(headers, body) == 401


def test_an_unknown_provider_is_not_found() -> None:
    assert send({}, b"{}", "/api/v1/payments/webhooks/nobody") == 404


def test_old_webhooks_are_forgotten_but_never_those_not_understood() -> None:
    for event_id, settled_at in (("old", NOW), ("open", None)):
        Notification.objects.create(
            provider="sandbox",
            event_id=event_id,
            kind="payment.captured",
            received_at=NOW,
            settled_at=settled_at,
            due_at=None if settled_at else NOW,
        )

    assert forget_settled_notifications(now=NOW + timedelta(days=89)) == 0
    assert forget_settled_notifications(now=NOW + timedelta(days=91)) == 1
    assert Notification.objects.get().event_id == "open"


def test_the_signature_is_the_one_of_the_specification() -> None:
    # The example of the Standard Webhooks specification.
    headers = signed_headers(
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, tz=NOW.tzinfo),
        body=b'{"test": 2432232314}',
    )

    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_about_what_is_known_changes_nothing() -> None:
    send(*webhook(Attempt.objects.get(payment=take())))

    assert settle_notifications(now=timezone.now()) == 1
    assert len(published(PaymentCaptured)) == 1


def test_a_webhook_that_names_only_the_providers_charge_is_understood(provider: HostileProvider) -> None:
    payment = take()
    provider.after("refund", die)
    with pytest.raises(Killed):
        refund(payment, 1000)
    provider.heal()
    now = timezone.now()
    Notification.objects.create(
        provider="sandbox",
        event_id="1",
        kind="payment.refunded",
        provider_ref=payment.provider_ref,
        received_at=now,
        due_at=now,
    )

    assert settle_notifications(now=now) == 1

    payment.refresh_from_db()
    assert payment.refunded == 1000
