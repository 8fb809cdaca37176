"""What users does by the clock."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from infra.schedule.declaration import periodic
from modules.users.use_cases.attempts import forget_attempts
from modules.users.use_cases.sending import forget_notifications, send_due_notifications
from modules.users.use_cases.sign_in import forget_sign_ins


# Nobody minds two seconds before an e-mail leaves, and looking for one costs a glance at an empty index.
@periodic(every_seconds=2, lease_seconds=300)
def send_notifications() -> None:
    """Send the e-mails that are due."""
    send_due_notifications()


@periodic(every_seconds=600)
def forget_what_is_over() -> None:
    """Delete counts of attempts after a day, sign-ins a month after their end, e-mails and their tokens after 90 days."""
    now = timezone.now()
    forget_attempts(counted_before=now - timedelta(days=1))
    forget_sign_ins(ended_before=now - timedelta(days=30))
    forget_notifications(created_before=now - timedelta(days=90))
