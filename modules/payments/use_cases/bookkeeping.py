"""What is booked, and the tax in it.

Taken:      assets:provider:<name>   gross
            revenue:sales            - what is left
            revenue:shipping         - shipping without its tax
            liabilities:tax          - tax of the total
Given back: assets:provider:<name>   - gross
            revenue:returns          what is left
            liabilities:tax          tax of it

Tax is contained in prices and is computed once per document, on its total: `total * rate / (100 + rate)`, half a minor unit
rounded up. The tax of a refund is the tax of all that is given back after it, less that of all before, so that the refunds of
a whole payment return its tax to the last cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from infra.money import Money
from modules.payments.models import Account, AccountKind, Attempt, LedgerEntry, Payment, Posting
from modules.payments.models.ledger import SEEDED_ACCOUNTS


def tax_rate() -> Decimal:
    """Return the rate, in percent, of the tax that prices contain.

    Raises:
        ImproperlyConfigured: the setting is not a number from 0 to 100 with at most three decimals.
    """
    text = settings.SHOP_TAX_RATE_PERCENT
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(-1)
    if not 0 <= rate <= 100 or rate != round(rate, 3):
        raise ImproperlyConfigured(
            f"SHOP_TAX_RATE_PERCENT is {text!r}; write a number from 0 to 100, such as 19 or 8.1."
        )
    return rate


def contained_tax(gross: Money, rate_percent: Decimal) -> Money:
    """Return the tax contained in a gross amount."""
    rate = int(rate_percent * 1000)
    return gross.share(of=rate, out_of=100_000 + rate)


def tax_of_refund(*, before: Money, amount: Money, rate_percent: Decimal) -> Money:
    """Return the tax in a refund that follows refunds of `before`."""
    return contained_tax(before + amount, rate_percent) - contained_tax(before, rate_percent)


Entry = tuple[Sequence[LedgerEntry], Sequence[Posting]]
"""A balanced entry with its postings, not stored yet."""


def capture_entry(
    payment: Payment, attempt: Attempt, *, shipping: Money, rate_percent: Decimal, now: datetime
) -> Entry:
    """Return what books that the whole amount was taken."""
    total = payment.money(payment.amount)
    tax = contained_tax(total, rate_percent)
    shipping_net = shipping - contained_tax(shipping, rate_percent)
    sales = total - tax - shipping_net
    return _entry(
        payment,
        attempt,
        f"Order {payment.order['order_number']} paid",
        {
            _provider_account(payment): total.amount,
            "revenue:sales": -sales.amount,
            "revenue:shipping": -shipping_net.amount,
            "liabilities:tax": -tax.amount,
        },
        now,
    )


def refund_entry(payment: Payment, attempt: Attempt, *, tax: Money, now: datetime) -> Entry:
    """Return what books that the attempt's amount was given back, `tax` of it from the tax office."""
    return _entry(
        payment,
        attempt,
        f"Order {payment.order['order_number']} refunded",
        {
            _provider_account(payment): -attempt.amount,
            "revenue:returns": attempt.amount - tax.amount,
            "liabilities:tax": tax.amount,
        },
        now,
    )


def _provider_account(payment: Payment) -> str:
    code = f"assets:provider:{payment.provider}"
    if code not in SEEDED_ACCOUNTS:
        account = Account(code=code, kind=AccountKind.ASSET, bounded=True)
        Account.objects.bulk_create([account], ignore_conflicts=True)
    return code


def _entry(payment: Payment, attempt: Attempt, description: str, legs: Mapping[str, int], now: datetime) -> Entry:
    entry = LedgerEntry(payment=payment, attempt=attempt, description=description, booked_at=now)
    postings = [
        Posting(entry=entry, account_id=account, payment=payment, amount=amount, currency=payment.currency)
        for account, amount in legs.items()
        if amount
    ]
    return [entry], postings
