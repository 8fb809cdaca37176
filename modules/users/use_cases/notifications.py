"""Noting that somebody is to get an e-mail."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from modules.users.models import Notification, NotificationKind


def note(
    *,
    kind: NotificationKind,
    fact: str,
    email: str,
    facts: dict[str, Any],
    noted_at: datetime,
    order_id: UUID | None = None,
) -> None:
    """Note one e-mail, in the caller's transaction; the same kind for the same fact a second time changes nothing.

    Args:
        fact: what calls for the e-mail, such as an order's id.
        facts: what the templates need, as plain JSON values; never a token or a password.
    """
    Notification.objects.bulk_create(
        [
            Notification(
                dedupe_key=f"{kind}:{fact}",
                kind=kind,
                email=email,
                order_id=order_id,
                facts=facts,
                created_at=noted_at,
                due_at=noted_at,
            )
        ],
        ignore_conflicts=True,
    )


def told_about(order_id: UUID) -> Notification | None:
    """Return the confirmation of an order, sent or not, or None when the order was never confirmed."""
    return Notification.objects.filter(order_id=order_id, kind=NotificationKind.ORDER_CONFIRMED).first()
