"""Hearing from providers: taken down at once, understood later by looking at the provider's state."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from modules.payments.gateways.provider import BadNotification
from modules.payments.gateways.registry import providers
from modules.payments.models import Attempt, AttemptStatus, Notification
from modules.payments.use_cases.attempts import NotKnown, look_up
from modules.payments.use_cases.outcomes import record
from modules.payments.use_cases.refusals import UnknownProvider, WebhookRefused
from modules.payments.use_cases.returning import go_on_returning

AT_ONCE = 50
KEPT = timedelta(days=90)


def take_down_notification(*, provider: str, headers: Mapping[str, str], body: bytes, now: datetime) -> None:
    """Keep a webhook that the provider signed, once by its id; it is acted on later.

    Raises:
        UnknownProvider: there is none of that name.
        WebhookRefused: signature or time are not right; nothing is kept.
    """
    adapter = providers().get(provider)
    if adapter is None:
        raise UnknownProvider
    try:
        notice = adapter.read_notice(headers=headers, body=body, now=now)
    except BadNotification:
        raise WebhookRefused from None
    notification = Notification(
        provider=provider,
        event_id=notice.event_id[:200],
        kind=notice.kind[:60],
        attempt_key=notice.key[:200],
        provider_ref=notice.provider_ref[:200],
        received_at=now,
        due_at=now,
    )
    Notification.objects.bulk_create([notification], ignore_conflicts=True)


def settle_notifications(*, now: datetime) -> int:
    """Act on the webhooks that are due; return how many were settled.

    What a webhook says is only the reason to ask the provider for the state now, so that duplicates and any order do no harm.
    One that fits no attempt yet may be early: it stays, and is tried again after 10 s, doubled up to an hour.
    """
    settled = 0
    for notification in _due(now):
        if _settle(notification, now):
            Notification.objects.filter(id=notification.id).update(settled_at=now, due_at=None)
            settled += 1
    return settled


def forget_settled_notifications(*, now: datetime) -> int:
    """Delete a part of the webhooks settled more than 90 days ago; return how many.

    Providers repeat a webhook for some days, so none of these comes again.
    """
    settled = Notification.objects.filter(settled_at__lt=now - KEPT).order_by("settled_at").values_list("id", flat=True)
    deleted, _ = Notification.objects.filter(id__in=list(settled[:1000])).delete()
    return deleted


def _due(now: datetime) -> list[Notification]:
    with transaction.atomic(using="payments"):
        due = list(
            Notification.objects.select_for_update(skip_locked=True)
            .filter(due_at__lte=now)
            .order_by("due_at")[:AT_ONCE]
        )
        for notification in due:
            wait = timedelta(seconds=min(10 * 2 ** min(notification.tries, 10), 3600))
            Notification.objects.filter(id=notification.id).update(tries=notification.tries + 1, due_at=now + wait)
    return due


def _settle(notification: Notification, now: datetime) -> bool:
    attempt = _attempt_of(notification)
    if attempt is None:
        return False
    if attempt.status not in (AttemptStatus.OPEN, AttemptStatus.ABANDONED):
        return True  # known already
    try:
        answer = look_up(attempt.payment, attempt)
    except NotKnown:
        return False
    if answer is None:
        return attempt.status == AttemptStatus.ABANDONED
    payment = record(attempt.id, answer, now=now)
    if payment.return_due_at is not None:
        go_on_returning(payment.id, now=now)
    return True


def _attempt_of(notification: Notification) -> Attempt | None:
    attempts = Attempt.objects.select_related("payment").filter(payment__provider=notification.provider)
    try:
        return attempts.filter(id=UUID(notification.attempt_key)).first()
    except ValueError:  # not every webhook names our key
        if not notification.provider_ref:
            return None
        of_charge = attempts.filter(payment__provider_ref=notification.provider_ref).order_by("created_at")
        return of_charge.filter(status=AttemptStatus.OPEN).first() or of_charge.first()
