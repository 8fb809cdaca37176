"""`manage.py ledger`: the trial balance; its check against the providers' books; its journal for hledger."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from infra.money import Money
from modules.payments.queries.ledger import AccountBalance, hledger_journal, trial_balance
from modules.payments.queries.reconciliation import open_items


class Command(BaseCommand):
    help = (
        "Print the trial balance. `verify` checks that the books balance and match payments, documents and the providers' own"
        " books, lists what is open, and ends with 1 when something is."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", nargs="?", choices=("balance", "verify"), default="balance")
        parser.add_argument("--json", action="store_true", help="print JSON")
        parser.add_argument("--export", choices=("hledger",), help="print the whole ledger as a journal instead")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["export"]:
            for line in hledger_journal():
                self.stdout.write(line)
        elif options["verb"] == "verify":
            self._verify(as_json=options["json"])
        else:
            self._balance(as_json=options["json"])

    def _balance(self, *, as_json: bool) -> None:
        balances = trial_balance()
        if as_json:
            accounts = [asdict(balance) | {"balance": balance.balance} for balance in balances]
            self.stdout.write(json.dumps({"accounts": accounts, "totals": _totals(balances)}, indent=2))
            return
        self.stdout.write(f"{'account':32}{'debit':>16}{'credit':>16}{'balance':>16}")
        for balance in balances:
            amounts = (balance.debit, balance.credit, balance.balance)
            columns = "".join(f"{Money(amount, balance.currency).as_decimal():>16,f}" for amount in amounts)
            self.stdout.write(f"{balance.account:32}{columns} {balance.currency}")
        for currency, total in _totals(balances).items():
            self.stdout.write(f"{'total':32}{Money(total, currency).as_decimal():>48,f} {currency}")

    def _verify(self, *, as_json: bool) -> None:
        items = open_items(now=timezone.now())
        if as_json:
            self.stdout.write(json.dumps({"openItems": [asdict(item) for item in items]}, indent=2))
        else:
            for item in items:
                self.stdout.write(f"{item.kind}: {item.reference}: {item.detail}")
        if items:
            raise CommandError(f"{len(items)} open item{'s' if len(items) > 1 else ''}.", returncode=1)
        if not as_json:
            self.stdout.write("The ledger balances, and matches the payments, the documents and the providers' books.")


def _totals(balances: list[AccountBalance]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for balance in balances:
        totals[balance.currency] = totals.get(balance.currency, 0) + balance.balance
    return totals
