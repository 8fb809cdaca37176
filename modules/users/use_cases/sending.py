"""Sending the e-mails that were noted: at least once, and a second copy has the same Message-ID as the first.

A batch is noted as sent at its end: a process that is killed before sends at most that batch again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from infra.money import Money
from modules.users.gateways import mail_server
from modules.users.models import Customer, MailToken, MailTokenPurpose, Notification, NotificationKind
from modules.users.models.tokens import digest_of

log = structlog.get_logger(__name__)

# One claim is handed over within its lease even when every e-mail runs into the mail server's time-out of 10 s (EMAIL_TIMEOUT).
BATCH = 10
LEASE = timedelta(minutes=5)
# 20 attempts, each wait twice the last up to an hour: a mail server may be down for half a day.
MOST_ATTEMPTS = 20
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(hours=1)

TOKEN_LIFETIMES = {
    MailTokenPurpose.VERIFY_EMAIL: timedelta(days=3),  # people read mail after the weekend
    MailTokenPurpose.RESET_PASSWORD: timedelta(hours=1),  # whoever finds the mail later must not use it
}

SUBJECTS = {
    NotificationKind.VERIFY_EMAIL: "Confirm your e-mail address",
    NotificationKind.RESET_PASSWORD: "Set a new password",
    NotificationKind.PASSWORD_CHANGED: "Your password was changed",
    NotificationKind.ORDER_CONFIRMED: "Thank you for your order {number}",
    NotificationKind.ORDER_CANCELLED: "Your order {number} is cancelled",
    NotificationKind.ORDER_FAILED: "Your order {number} could not be completed",
    NotificationKind.PAYMENT_REFUNDED: "Your refund for order {number}",
    NotificationKind.SHIPMENT_DISPATCHED: "Your order {number} is on its way",
    NotificationKind.SHIPMENT_DELIVERED: "Your order {number} has arrived",
}


_REASONS = {
    "payments.declined": "the payment was declined.",
    "catalog.out_of_stock": "a product sold out just before it was your turn.",
    "shipping.not_served": "we do not send to this address.",
    "customer_request": "you called it off.",
}


@dataclass(frozen=True, slots=True)
class _Rendered:
    subject: str
    text: str
    html: str


def send_due_notifications(*, batch: int = BATCH) -> int:
    """Send e-mails that are due, a batch at a time, until there are none; return how many were handed over.

    Several processes may do this at once. An e-mail that the mail server refuses is tried again later.
    """
    sent = 0
    while claimed := _claim(batch, timezone.now()):
        handed_over: list[Notification] = []
        try:
            with mail_server() as hand_over:
                handed_over.extend(notification for notification in claimed if _sent(notification, hand_over))
        finally:
            sent += _settle(handed_over, sent_at=timezone.now(), last_error="")
    return sent


def forget_notifications(*, created_before: datetime, most: int = 500) -> int:
    """Delete settled e-mails and dead tokens of before then; return how many."""
    settled = Notification.objects.filter(created_at__lt=created_before).exclude(sent_at=None, given_up_at=None)
    tokens = MailToken.objects.filter(expires_at__lt=created_before)
    forgotten = 0
    for rows in (settled, tokens):
        deleted, _ = rows.model._default_manager.filter(id__in=list(rows.values_list("id", flat=True)[:most])).delete()
        forgotten += deleted
    return forgotten


def mint(*, customer_id: UUID, purpose: MailTokenPurpose, minted_at: datetime) -> str:
    """Make a token to be sent to a customer, and remember its digest."""
    token = secrets.token_urlsafe(32)
    MailToken.objects.create(
        customer_id=customer_id,
        purpose=purpose,
        digest=digest_of(token),
        created_at=minted_at,
        expires_at=minted_at + TOKEN_LIFETIMES[purpose],
    )
    return token


def _claim(batch: int, at: datetime) -> list[Notification]:
    claim = uuid4()
    with transaction.atomic(using="users"):
        due = Notification.objects.filter(sent_at=None, given_up_at=None, due_at__lte=at).order_by("due_at")
        ids = list(due.select_for_update(skip_locked=True).values_list("id", flat=True)[:batch])
        Notification.objects.filter(id__in=ids).update(claim=claim, due_at=at + LEASE, attempts=F("attempts") + 1)
    return list(Notification.objects.filter(claim=claim).order_by("created_at")) if ids else []


def _sent(notification: Notification, hand_over: Callable[[EmailMultiAlternatives], None]) -> bool:
    """Hand one e-mail over; return whether it went out. Whatever is wrong with one, the others go out."""
    try:
        if (rendered := _render(notification, timezone.now())) is None:
            _settle([notification], given_up_at=timezone.now(), last_error="not needed")
            return False
        hand_over(_message(notification, rendered))
    except Exception as error:  # noqa: BLE001
        _postpone(notification, error)
        return False
    return True


def _render(notification: Notification, at: datetime) -> _Rendered | None:
    """Return the e-mail, or None when it has become pointless."""
    kind = NotificationKind(notification.kind)
    facts = {name: _in_words(value) for name, value in notification.facts.items()}
    if kind == NotificationKind.ORDER_FAILED:
        facts["reason_text"] = _REASONS.get(notification.facts["reason"], "something went wrong on our side.")
    if kind in (NotificationKind.VERIFY_EMAIL, NotificationKind.RESET_PASSWORD):
        customer = Customer.objects.filter(email=notification.email, is_active=True).first()
        if customer is None or (kind == NotificationKind.VERIFY_EMAIL and customer.email_verified_at):
            return None
        purpose = MailTokenPurpose(kind.value)
        facts["name"] = customer.name
        facts["token"] = token = mint(customer_id=customer.id, purpose=purpose, minted_at=at)
        page = "verify-email" if kind == NotificationKind.VERIFY_EMAIL else "reset-password"
        # After the #, so that no server's access log ever holds it.
        facts["link"] = f"{settings.SHOP_URL}/api/v1/users/{page}#{token}"
    template = f"users/mail/{kind.value.lower()}"
    subject = SUBJECTS[kind].format(**facts)
    context = facts | {"subject": subject, "shop": settings.SHOP_NAME, "shop_url": settings.SHOP_URL}
    return _Rendered(
        subject, render_to_string(f"{template}.txt", context), render_to_string(f"{template}.html", context)
    )


def _in_words(value: Any) -> Any:
    """Return amounts of money as people write them, wherever they are in the value."""
    if isinstance(value, dict):
        if value.keys() == {"amount", "currency"}:
            return Money(**value).as_text()
        return {name: _in_words(member) for name, member in value.items()}
    return [_in_words(member) for member in value] if isinstance(value, list) else value


def _message(notification: Notification, rendered: _Rendered) -> EmailMultiAlternatives:
    host = urlsplit(settings.SHOP_URL).hostname or "localhost"
    message = EmailMultiAlternatives(
        subject=rendered.subject,
        body=rendered.text,
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[notification.email],
        headers={
            "Message-ID": f"<{notification.id}@{host}>",
            "Auto-Submitted": "auto-generated",  # RFC 3834: out-of-office replies stay away
        },
    )
    message.attach_alternative(rendered.html, "text/html")
    return message


def _settle(notifications: Sequence[Notification], **outcome: object) -> int:
    """Note one outcome of e-mails of one claim; return of how many, as another process may have claimed them since."""
    if not notifications:
        return 0
    ids = [notification.id for notification in notifications]
    return Notification.objects.filter(id__in=ids, claim=notifications[0].claim).update(claim=None, **outcome)


def _postpone(notification: Notification, error: Exception) -> None:
    name = type(error).__name__
    log.warning("email_not_sent", notification=str(notification.id), kind=notification.kind, error=name)
    if notification.attempts >= MOST_ATTEMPTS:
        _settle([notification], given_up_at=timezone.now(), last_error=name)
        return
    wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** (notification.attempts - 1))
    _settle([notification], due_at=timezone.now() + wait, last_error=name)
