"""The ledger: its trial balance, and its journal for hledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from babel.numbers import get_currency_precision
from django.db.models import Q, Sum

from infra.money import Money
from modules.payments.models import Account, Posting


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountBalance:
    """What was posted to an account in one currency."""

    account: str
    currency: str
    debit: int
    credit: int

    @property
    def balance(self) -> int:
        return self.debit - self.credit


def trial_balance() -> list[AccountBalance]:
    """Return every account that was posted to, by currency; the balances of one currency add up to nothing."""
    sums = (
        Posting.objects.values("account_id", "currency")
        .annotate(debit=Sum("amount", filter=Q(amount__gt=0)), credit=Sum("amount", filter=Q(amount__lt=0)))
        .order_by("currency", "account_id")
    )
    return [
        AccountBalance(
            account=row["account_id"],
            currency=row["currency"],
            debit=int(row["debit"] or 0),
            credit=-int(row["credit"] or 0),
        )
        for row in sums
    ]


def hledger_journal() -> Iterator[str]:
    """Return the lines of a journal that `hledger check --strict` accepts: accounts and currencies declared, entries by date."""
    yield "; The ledger of the shop, exported; do not edit."
    yield "decimal-mark ."
    for currency in Posting.objects.order_by("currency").values_list("currency", flat=True).distinct():
        yield f"commodity {_quantity(1000 * 10 ** get_currency_precision(currency), currency)} {currency}"
    for account in Account.objects.order_by("code"):
        yield f"account {account.code}"
    postings = (
        Posting.objects.select_related("entry")
        .order_by("entry__booked_at", "entry_id", "-amount", "account_id")
        .iterator(chunk_size=2000)
    )
    for entry, legs in groupby(postings, key=lambda posting: posting.entry):
        yield ""
        yield f"{entry.booked_at:%Y-%m-%d} ({entry.id}) {_plain(entry.description)}"
        for leg in legs:
            yield f"    {leg.account_id}  {_quantity(leg.amount, leg.currency)} {leg.currency}"


def _quantity(amount: int, currency: str) -> str:
    # hledger wants a decimal mark even where the currency has no decimals: 1000. JPY
    whole: Decimal = Money(amount, currency).as_decimal()
    text = f"{whole:f}"
    return text if "." in text else f"{text}."


def _plain(text: str) -> str:
    # A semicolon begins a comment, a line break ends the entry.
    return " ".join(text.replace(";", ",").split())
