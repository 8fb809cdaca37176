"""The double-entry ledger: accounts, and entries whose postings add up to nothing in each currency."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from infra.identifiers import new_id
from modules.payments.models.payments import Attempt, Payment


class AccountKind(models.TextChoices):
    ASSET = "ASSET"
    LIABILITY = "LIABILITY"
    REVENUE = "REVENUE"


class Account(models.Model):
    """An account, named as hledger names them: `assets:provider:sandbox`.

    `bounded` accounts can never fall below zero for any single payment: nobody owes us, nor we the tax office, less than nothing
    of a sale. Debits are positive; `LIABILITY` and `REVENUE` are bounded from above.
    """

    code = models.CharField(max_length=100, primary_key=True)
    kind = models.CharField(max_length=10, choices=AccountKind.choices)
    bounded = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.code


class LedgerEntry(models.Model):
    """One booking, caused by one successful attempt; never changed, corrected only by a further one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="entries")
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="entry")
    description = models.CharField(max_length=200)
    booked_at = models.DateTimeField(db_index=True)


class Posting(models.Model):
    """One leg of an entry. All legs of an entry are inserted by one statement, which the database checks for balance."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="postings")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="postings")
    amount = models.BigIntegerField()  # minor units; a debit is positive, a credit negative
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount=0), name="posting_moves_money")]


# Made by the migration; the account of a further provider is made with its first entry.
SEEDED_ACCOUNTS = frozenset(
    {"assets:provider:sandbox", "liabilities:tax", "revenue:sales", "revenue:shipping", "revenue:returns"}
)
