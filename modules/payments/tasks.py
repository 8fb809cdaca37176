"""What payments does again and again."""

from __future__ import annotations

from django.utils import timezone

from infra.schedule.declaration import periodic
from modules.payments.use_cases import notifications, unfinished


# A webhook is an extra chance to learn of an outcome, not the usual way: nobody waits for it.
@periodic(every_seconds=5)
def settle_notifications() -> None:
    """Act on webhooks."""
    notifications.settle_notifications(now=timezone.now())


@periodic(every_seconds=5)
def capture_due_payments() -> None:
    """Take the money for parcels that have left."""
    unfinished.capture_due_payments(now=timezone.now())


# Attempts become due after 60 s at the earliest, then less and less often.
@periodic(every_seconds=10)
def go_on_with_open_attempts() -> None:
    """Ask what became of attempts whose answer was lost."""
    unfinished.go_on_with_open_attempts(now=timezone.now())


@periodic(every_seconds=10)
def go_on_with_returns() -> None:
    """Give back what closed payments still hold."""
    unfinished.go_on_with_returns(now=timezone.now())


@periodic(every_seconds=3600)
def forget_settled_notifications() -> None:
    """Delete old webhooks, some every hour."""
    notifications.forget_settled_notifications(now=timezone.now())
