"""The ledger: what is booked, what it adds up to, and how it compares with the provider's book."""

from __future__ import annotations

import json
import shutil
import subprocess
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import Settings

from infra.identifiers import new_id
from infra.money import Money
from modules.payments.contract import PaymentClosed, PaymentDeclined
from modules.payments.gateways.sandbox import SandboxProvider
from modules.payments.models import Invoice, LedgerEntry, Payment
from modules.payments.queries.ledger import trial_balance
from modules.payments.queries.reconciliation import open_items
from modules.payments.use_cases.bookkeeping import contained_tax, tax_of_refund
from modules.payments.use_cases.refusals import RefundExceedsCaptured
from tests.payments.purchases import LATER, an_order, an_order_in_yen, eur, give_back, refund, take

pytestmark = pytest.mark.usefixtures("database")


def balances() -> dict[str, int]:
    return {balance.account: balance.balance for balance in trial_balance()}


def test_a_sale_and_a_refund_are_booked_with_their_tax() -> None:
    payment = take(an_order(11900, shipping=1190))
    sold = balances()

    refund(payment, 5950)

    assert sold == {
        "assets:provider:sandbox": 11900,
        "revenue:sales": -9000,
        "revenue:shipping": -1000,
        "liabilities:tax": -1900,
    }
    assert balances() == {
        "assets:provider:sandbox": 5950,
        "revenue:sales": -9000,
        "revenue:shipping": -1000,
        "revenue:returns": 5000,
        "liabilities:tax": -950,
    }
    assert sum(balances().values()) == 0


def test_without_tax_none_is_booked(settings: Settings) -> None:
    settings.SHOP_TAX_RATE_PERCENT = "0"

    take(an_order(1000, shipping=0))

    assert balances() == {"assets:provider:sandbox": 1000, "revenue:sales": -1000}


def test_each_currency_balances_by_itself() -> None:
    take()
    take(an_order_in_yen(5000))

    totals: dict[str, int] = {}
    for balance in trial_balance():
        totals[balance.currency] = totals.get(balance.currency, 0) + balance.balance
    assert totals == {"EUR": 0, "JPY": 0}


@given(
    total=st.integers(1, 10**12),
    rate=st.decimals(0, 100, places=3),
    cuts=st.lists(st.integers(1, 10**12), max_size=6),
)
def test_the_tax_of_all_refunds_is_the_tax_of_the_sale(total: int, rate: Decimal, cuts: list[int]) -> None:
    ends = sorted({cut for cut in cuts if cut < total} | {total})
    taxes = []
    before = 0
    for end in ends:
        taxes.append(tax_of_refund(before=eur(before), amount=eur(end - before), rate_percent=rate))
        before = end

    assert Money.total(taxes) == contained_tax(eur(total), rate)
    assert all(tax.amount >= 0 for tax in taxes)


_STEP = st.tuples(
    st.sampled_from(["take", "refund", "return"]),
    st.integers(0, 3),
    st.sampled_from(["card", "card_timeout", "card_error", "card_declined"]),
    st.integers(1, 4000),
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEP, max_size=12))
def test_any_sequence_keeps_the_books_balanced_and_like_the_providers(steps: list[tuple[str, int, str, int]]) -> None:
    keys = [f"{new_id()}" for _ in range(4)]
    for act, which, method, amount in steps:
        key = keys[which]
        payment = Payment.objects.filter(payment_key=key).first()
        try:
            if act == "take" and payment is None:
                take(an_order(amount + 500), method=method, key=key)
            elif act == "refund" and payment is not None:
                refund(payment, amount)
            elif act == "return":
                give_back(key)
        except (PaymentClosed, PaymentDeclined, RefundExceedsCaptured):
            continue

    assert sum(balance.balance for balance in trial_balance()) == 0
    assert open_items(now=LATER) == []
    theirs = sum(
        line.amount.amount if line.movement == "captured" else -line.amount.amount
        for line in SandboxProvider().statement()
    )
    assert balances().get("assets:provider:sandbox", 0) == theirs
    assert theirs == sum(payment.captured - payment.refunded for payment in Payment.objects.all())
    for series in ("INV-2026", "CN-2026"):
        numbers = list(Invoice.objects.filter(series=series).order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, len(numbers) + 1))


def test_money_that_only_the_provider_knows_of_is_an_open_item() -> None:
    SandboxProvider().charge(key="unheard-of", amount=eur(700), method="card", description="")

    items = open_items(now=LATER)

    assert [(item.kind, item.reference) for item in items] == [("only_in_the_providers_book", "unheard-of")]


def test_money_that_the_provider_does_not_know_of_is_an_open_item() -> None:
    take()
    _plant("UPDATE sandbox_request SET key = 'gone'")

    assert {item.kind for item in open_items(now=LATER)} == {"not_in_the_providers_book", "only_in_the_providers_book"}


def test_an_amount_that_differs_from_the_providers_is_an_open_item() -> None:
    take()
    _plant("UPDATE sandbox_request SET amount = amount - 1")

    assert [item.kind for item in open_items(now=LATER)] == ["differs_from_the_providers_book"]


def test_a_payment_that_differs_from_its_bookings_is_an_open_item() -> None:
    payment = take()
    attempt = payment.attempts.create(kind="REFUND", amount=10, created_at=LATER, due_at=LATER)
    Payment.objects.filter(id=payment.id).update(status="PARTIALLY_REFUNDED", refunded=10)

    kinds = {item.kind for item in open_items(now=LATER)}

    assert kinds == {"payment_differs_from_ledger", "payment_differs_from_documents"}
    assert attempt.status == "OPEN"


def test_the_command_prints_the_trial_balance() -> None:
    take(an_order(11900, shipping=0))

    text, data = _run("ledger"), json.loads(_run("ledger", "--json"))

    assert "assets:provider:sandbox                   119.00            0.00          119.00 EUR" in text
    assert text.rstrip().endswith("0.00 EUR")
    assert data["totals"] == {"EUR": 0}
    assert {"account": "liabilities:tax", "currency": "EUR", "debit": 0, "credit": 1900, "balance": -1900} in data[
        "accounts"
    ]


def test_the_command_verifies_and_fails_on_open_items() -> None:
    take()
    assert "matches" in _run("ledger", "verify")
    SandboxProvider().charge(key="unheard-of", amount=eur(700), method="card", description="")

    with pytest.raises(CommandError, match="1 open item"):
        _run("ledger", "verify")


def test_an_independent_accountant_accepts_the_journal_and_agrees_on_the_balances(tmp_path: Path) -> None:
    payment = take(an_order(11900, shipping=1190))
    refund(payment, 333)
    take(an_order_in_yen(5, order_number="R;1\n2"))
    journal = tmp_path / "ledger.journal"
    journal.write_text(_run("ledger", "--export", "hledger"))
    assert LedgerEntry.objects.count() == journal.read_text().count("\n2026-11-21 ")
    if not (hledger := shutil.which("hledger")):
        pytest.skip("hledger is not installed (Debian: apt-get install hledger)")

    checked = subprocess.run([hledger, "-f", str(journal), "check", "--strict"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr

    answer = subprocess.run(
        [hledger, "-f", str(journal), "balance", "-O", "csv", "--flat", "-N"],
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = {
        line.split('","')[0].strip('"'): line.split('","')[1].strip('"') for line in answer.stdout.splitlines()[1:]
    }
    for balance in trial_balance():
        ours = Money(balance.balance, balance.currency).as_decimal()
        assert f"{ours} {balance.currency}" in theirs[balance.account].replace("5. JPY", "5 JPY")

    journal.write_text(journal.read_text().replace("119.00 EUR", "119.01 EUR", 1))
    spoiled = subprocess.run([hledger, "-f", str(journal), "check", "--strict"], capture_output=True, text=True)
    assert spoiled.returncode != 0  # it can refuse


def _run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def _plant(statement: str) -> None:
    with connections["payments"].cursor() as cursor:
        cursor.execute(statement)
