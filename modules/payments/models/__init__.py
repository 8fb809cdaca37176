"""What payments remembers.

The rules that must hold whatever the code does are constraints here and triggers in `migrations/0002_guards.py`.
"""

from modules.payments.models.invoices import Invoice, InvoiceKind, NumberSeries
from modules.payments.models.ledger import Account, AccountKind, LedgerEntry, Posting
from modules.payments.models.notifications import Notification
from modules.payments.models.payments import Attempt, AttemptKind, AttemptStatus, ClosedKey, Payment

__all__ = [
    "Account",
    "AccountKind",
    "Attempt",
    "AttemptKind",
    "AttemptStatus",
    "ClosedKey",
    "Invoice",
    "InvoiceKind",
    "LedgerEntry",
    "Notification",
    "NumberSeries",
    "Payment",
    "Posting",
]
