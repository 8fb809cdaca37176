"""Comparing what we booked with what the providers' books say, and listing what is still open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connections

from infra.money import Money
from modules.payments.gateways.provider import Movement, Provider, StatementLine
from modules.payments.gateways.registry import providers
from modules.payments.models import Attempt, AttemptKind, AttemptStatus, Notification, Payment

# Younger than that, an attempt may still be on its way.
OPEN_TOO_LONG = timedelta(minutes=15)

_BOOK_DEFECTS = {
    "entry_does_not_balance": """
        SELECT entry_id::text, currency || ' is off by ' || sum(amount) FROM payments_posting
        GROUP BY entry_id, currency HAVING sum(amount) <> 0
    """,
    "payment_differs_from_ledger": """
        SELECT p.id::text, 'payment holds ' || (p.captured - p.refunded) || ', ledger ' || coalesce(sum(o.amount), 0)
        FROM payments_payment p
        LEFT JOIN payments_posting o ON o.payment_id = p.id AND o.account_id LIKE 'assets:provider:%%'
        GROUP BY p.id HAVING p.captured - p.refunded <> coalesce(sum(o.amount), 0)
    """,
    "payment_differs_from_documents": """
        SELECT p.id::text, 'captured ' || p.captured || ' and refunded ' || p.refunded || ', documents say '
            || coalesce(sum(i.total) FILTER (WHERE i.kind = 'INVOICE'), 0) || ' and '
            || coalesce(sum(i.total) FILTER (WHERE i.kind = 'CREDIT_NOTE'), 0)
        FROM payments_payment p LEFT JOIN payments_invoice i ON i.payment_id = p.id
        GROUP BY p.id
        HAVING p.captured <> coalesce(sum(i.total) FILTER (WHERE i.kind = 'INVOICE'), 0)
            OR p.refunded <> coalesce(sum(i.total) FILTER (WHERE i.kind = 'CREDIT_NOTE'), 0)
    """,
    "tax_differs_from_documents": """
        SELECT p.id::text, 'documents hold tax of ' || d.tax || ', the ledger ' || coalesce(-l.tax, 0)
        FROM payments_payment p
        JOIN (
            SELECT payment_id, sum(CASE kind WHEN 'INVOICE' THEN tax ELSE -tax END) AS tax
            FROM payments_invoice GROUP BY payment_id
        ) d ON d.payment_id = p.id
        LEFT JOIN (
            SELECT payment_id, sum(amount) AS tax FROM payments_posting
            WHERE account_id = 'liabilities:tax' GROUP BY payment_id
        ) l ON l.payment_id = p.id
        WHERE d.tax <> coalesce(-l.tax, 0)
    """,
    "number_missing": """
        SELECT series, 'last is ' || s.last || ', but ' || count(i.id) || ' documents carry a number'
        FROM payments_numberseries s LEFT JOIN payments_invoice i USING (series)
        GROUP BY series, s.last HAVING s.last <> count(i.id) OR s.last <> max(i.number)
    """,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """Something that does not match, or should have ended by now. `kind` is a stable word."""

    kind: str
    reference: str
    detail: str


def open_items(*, now: datetime) -> list[OpenItem]:
    """Return everything that does not match: within our books, with each provider's book, and what is open for too long."""
    return [
        *_defects_in_our_books(),
        *(item for provider in providers().values() for item in _differences_from(provider)),
        *_open_too_long(now),
    ]


def _defects_in_our_books() -> Iterator[OpenItem]:
    with connections["payments"].cursor() as cursor:
        for kind, statement in _BOOK_DEFECTS.items():
            cursor.execute(statement, ())
            for reference, detail in cursor.fetchall():
                yield OpenItem(kind=kind, reference=reference, detail=detail)


def _differences_from(provider: Provider) -> Iterator[OpenItem]:
    """Compare by attempt key. The provider's book is read first, so what is only ours is no matter of timing."""
    theirs = {line.key: line for line in provider.statement()}
    ours = {
        str(attempt.id): attempt
        for attempt in Attempt.objects.filter(
            payment__provider=provider.name,
            kind__in=(AttemptKind.CHARGE, AttemptKind.CAPTURE, AttemptKind.REFUND),
        )
        .select_related("payment")
        .iterator(chunk_size=2000)
    }
    for key, attempt in ours.items():
        if attempt.status == AttemptStatus.SUCCEEDED and attempt.amount and key not in theirs:
            yield OpenItem(kind="not_in_the_providers_book", reference=key, detail=_described(attempt))
    for key, line in theirs.items():
        known = ours.get(key)
        if known is None or known.status != AttemptStatus.SUCCEEDED:
            status = "unknown" if known is None else known.status
            yield OpenItem(
                kind="only_in_the_providers_book",
                reference=key,
                detail=f"{line.movement} {line.amount.as_text()} ({line.provider_ref}); our attempt is {status}",
            )
        elif not _same(known, line):
            yield OpenItem(
                kind="differs_from_the_providers_book",
                reference=key,
                detail=f"{_described(known)}; the provider: {line.movement} {line.amount.as_text()}",
            )


def _same(attempt: Attempt, line: StatementLine) -> bool:
    movement = Movement.REFUNDED if attempt.kind == AttemptKind.REFUND else Movement.CAPTURED
    return (movement, attempt.payment.money(attempt.amount)) == (line.movement, line.amount)


def _described(attempt: Attempt) -> str:
    amount: Money = attempt.payment.money(attempt.amount)
    return f"{attempt.kind} {amount.as_text()} for order {attempt.payment.order['order_number']}"


def _open_too_long(now: datetime) -> Iterator[OpenItem]:
    before = now - OPEN_TOO_LONG
    open_attempts = Attempt.objects.filter(status=AttemptStatus.OPEN, created_at__lt=before).select_related("payment")
    for attempt in open_attempts:
        yield OpenItem(
            kind="attempt_open", reference=str(attempt.id), detail=f"{_described(attempt)}, {attempt.tries} tries"
        )
    for payment in Payment.objects.filter(return_due_at__isnull=False, closed_at__lt=before):
        yield OpenItem(kind="return_unfinished", reference=str(payment.id), detail=str(payment))
    for payment in Payment.objects.filter(capture_due_at__isnull=False, attempts__created_at__lt=before).distinct():
        yield OpenItem(kind="capture_unfinished", reference=str(payment.id), detail=str(payment))
    for notification in Notification.objects.filter(settled_at__isnull=True, received_at__lt=before):
        yield OpenItem(
            kind="webhook_not_understood",
            reference=f"{notification.provider}:{notification.event_id}",
            detail=f"{notification.kind}, {notification.tries} tries",
        )
