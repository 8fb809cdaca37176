"""What the database refuses, whatever the code does: each guard is tried with the defect that it is there for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connections, transaction

from infra.databases.ownership import as_owner
from infra.identifiers import new_id
from modules.payments.models import (
    Attempt,
    AttemptKind,
    ClosedKey,
    Invoice,
    LedgerEntry,
    Notification,
    NumberSeries,
    Payment,
    Posting,
)
from tests.payments.purchases import NOW, an_order, give_back, refund, take
from tests.payments.racing import all_at_once

pytestmark = pytest.mark.usefixtures("database")


def refused(constraint: str, defect: Callable[[], object]) -> None:
    """Check that the database refuses the defect by that constraint, at the latest when it would be committed."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(using="payments"):
        defect()
    cause: Any = refusal.value.__cause__
    assert cause.diag.constraint_name == constraint


def change(payment: Payment, **values: Any) -> Callable[[], object]:
    return lambda: Payment.objects.filter(id=payment.id).update(**values)


def a_copy(payment: Payment, **values: Any) -> Payment:
    fields = {
        name: getattr(payment, name) for name in ("order", "provider", "method", "currency", "amount", "created_at")
    }
    return Payment(**fields | {"payment_key": str(new_id()), "order_id": new_id()} | values)


def an_open_attempt(payment: Payment, kind: str, amount: int = 100) -> Attempt:
    return Attempt(payment=payment, kind=kind, amount=amount, created_at=NOW, due_at=NOW)


@pytest.mark.parametrize(
    ("frm", "to"),
    [
        ("CAPTURED", {"status": "PENDING", "captured": 0}),
        ("CAPTURED", {"status": "AUTHORISED", "captured": 0}),
        ("CAPTURED", {"status": "VOIDED"}),
        ("CAPTURED", {"status": "DECLINED"}),
        ("REFUNDED", {"status": "CAPTURED", "refunded": 0}),
        ("REFUNDED", {"status": "PARTIALLY_REFUNDED"}),
    ],
)
def test_a_payment_takes_legal_steps_only(frm: str, to: dict[str, Any]) -> None:
    payment = take()
    if frm == "REFUNDED":
        refund(payment, None)

    refused("payment_transition_is_legal", change(payment, **to))


def test_a_payment_begins_as_pending() -> None:
    payment = take()

    refused("payment_transition_is_legal", a_copy(payment, status="CAPTURED", captured=payment.amount).save)


@pytest.mark.parametrize(
    "values",
    [
        {"amount": 1},
        {"currency": "USD"},
        {"order_id": UUID(int=1)},
        {"customer_id": UUID(int=1)},
        {"order": {}},
        {"payment_key": "another"},
        {"method": "other"},
        {"provider": "other"},
        {"provider_ref": "ch_other"},
        {"refunded": 0},
    ],
)
def test_what_a_payment_is_for_and_what_was_done_does_not_change(values: dict[str, Any]) -> None:
    payment = take()
    refund(payment, 1000)

    refused("payment_facts_are_frozen", change(payment, **values))


def test_a_closed_payment_stays_closed() -> None:
    payment = take()
    give_back(payment.payment_key)

    refused("payment_facts_are_frozen", change(payment, closed_at=None))


def test_amounts_of_a_payment_agree_with_its_status() -> None:
    payment = take()

    refused("refunded_is_at_most_captured", a_copy(payment, refunded=1).save)
    refused("payment_status_agrees_with_its_amounts", change(payment, refunded=payment.amount + 1))
    refused("payment_status_agrees_with_its_amounts", change(payment, refunded=1))
    refused("payment_status_agrees_with_its_amounts", change(payment, status="REFUNDED"))
    refused("only_closed_payments_are_returned", change(payment, return_due_at=NOW))
    refused("payment_amount_is_not_negative", a_copy(payment, amount=-1).save)
    refused("captured_is_nothing_or_all", a_copy(payment, captured=1).save)


def test_payments_attempts_and_tombstones_are_never_deleted() -> None:
    payment = take()
    ClosedKey.objects.create(payment_key="closed", reason="", closed_at=NOW)

    refused("attempts_are_kept", _delete("payments_attempt"))
    refused("payments_are_kept", _delete("payments_payment"))
    refused("closed_keys_are_kept", _delete("payments_closedkey"))
    assert Payment.objects.get().id == payment.id


def test_one_charge_of_the_provider_belongs_to_one_payment() -> None:
    first = take()
    second = a_copy(first)
    second.save()

    refused("one_payment_per_provider_charge", change(second, provider_ref=first.provider_ref))


def test_a_key_has_one_payment() -> None:
    payment = take()

    refused("payments_payment_payment_key_key", a_copy(payment, payment_key=payment.payment_key).save)


def test_an_order_is_paid_once_at_a_time_whatever_the_keys() -> None:
    payment = take()
    refused("one_live_payment_per_order", a_copy(payment, order_id=payment.order_id).save)

    others = [a_copy(payment, order_id=UUID(int=7)).save for _ in range(6)]
    assert sum(outcome is None for outcome in all_at_once(others)) == 1

    give_back(payment.payment_key)
    a_copy(payment, order_id=payment.order_id).save()


def test_a_key_is_a_payments_or_closed_never_both() -> None:
    payment = take()
    refused("closed_key_has_no_payment", ClosedKey(payment_key=payment.payment_key, reason="", closed_at=NOW).save)

    ClosedKey.objects.create(payment_key="closed", reason="", closed_at=NOW)
    refused("payment_key_is_not_closed", a_copy(payment, payment_key="closed").save)


def test_no_second_attempt_begins_before_the_first_is_resolved() -> None:
    payment = a_copy(take())
    payment.save()
    an_open_attempt(payment, AttemptKind.CHARGE).save()

    refused("one_open_attempt_per_payment", an_open_attempt(payment, AttemptKind.CHARGE).save)


def test_a_payment_is_captured_once() -> None:
    payment = take()
    attempt = an_open_attempt(payment, AttemptKind.CAPTURE)
    attempt.save()

    refused(
        "one_capture_per_payment",
        lambda: Attempt.objects.filter(id=attempt.id).update(status="SUCCEEDED", resolved_at=NOW, due_at=None),
    )


def test_attempts_take_legal_steps_only_and_keep_what_they_are_for() -> None:
    payment = take()
    attempt = Attempt.objects.filter(payment=payment)

    refused("attempt_transition_is_legal", lambda: attempt.update(status="OPEN", resolved_at=None, due_at=NOW))
    refused("attempt_transition_is_legal", lambda: attempt.update(status="DECLINED"))
    refused("attempt_facts_are_frozen", lambda: attempt.update(amount=1))
    refused("attempt_facts_are_frozen", lambda: attempt.update(kind="REFUND"))
    refused("open_attempts_are_due_and_resolved_ones_dated", lambda: attempt.update(due_at=NOW))
    refused("attempt_amount_is_not_negative", an_open_attempt(payment, AttemptKind.REFUND, -1).save)


def test_refunds_never_exceed_what_was_captured_even_past_the_code() -> None:
    payment = take(an_order(5000))
    an_open_attempt(payment, AttemptKind.REFUND, 3000).save()

    refused("refunds_are_at_most_captured", an_open_attempt(payment, AttemptKind.REFUND, 2001).save)

    an_open_attempt(payment, AttemptKind.REFUND, 2000).save()
    uncaptured = a_copy(payment)
    uncaptured.save()
    refused("refunds_are_at_most_captured", an_open_attempt(uncaptured, AttemptKind.REFUND, 1).save)


def test_two_transactions_cannot_refund_the_same_money_past_the_code() -> None:
    payment = take(an_order(5000))

    outcomes = all_at_once([an_open_attempt(payment, AttemptKind.REFUND, 3000).save for _ in range(6)])

    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, IntegrityError) for outcome in outcomes) == 5


def test_a_request_key_makes_one_refund() -> None:
    payment = take()
    refund(payment, 100, request_key="k")
    second = an_open_attempt(payment, AttemptKind.REFUND)
    second.request_key = "k"

    refused("one_refund_per_request_key", second.save)


@pytest.mark.parametrize("table", ["payments_ledgerentry", "payments_posting", "payments_account", "payments_invoice"])
def test_books_are_append_only_by_privilege_and_by_trigger(table: str) -> None:
    take()

    for verb in ("UPDATE {} SET {} = {}", "DELETE FROM {}"):
        column = "code" if table == "payments_account" else "id"
        statement = verb.format(table, column, column)
        with pytest.raises(ProgrammingError, match="permission denied"):
            _run(statement)
        with as_owner("payments"):
            refused(f"{table}_is_append_only", lambda: _run(statement))  # noqa: B023 - called at once


def test_an_entry_that_does_not_balance_is_refused() -> None:
    payment = take()

    def off_by_one() -> None:
        entry = _an_entry(payment)
        _post(entry, {"assets:provider:sandbox": 100, "revenue:sales": -99})

    refused("ledger_entries_balance", off_by_one)


def test_an_entry_that_balances_only_over_two_currencies_is_refused() -> None:
    payment = take()

    def two_currencies() -> None:
        entry = _an_entry(payment)
        legs = [("assets:provider:sandbox", 100, "EUR"), ("revenue:sales", -100, "USD")]
        Posting.objects.bulk_create(
            [
                Posting(entry=entry, payment=payment, account_id=account, amount=amount, currency=currency)
                for account, amount, currency in legs
            ]
        )

    refused("ledger_entries_balance", two_currencies)


def test_an_entry_without_postings_is_refused() -> None:
    payment = take()

    refused("ledger_entries_have_postings", lambda: _an_entry(payment))


def test_postings_fit_their_entry() -> None:
    payment, other = take(), take()

    refused(
        "postings_fit_their_entry",
        lambda: _post(_an_entry(payment), {"assets:provider:sandbox": 1, "revenue:sales": -1}, payment=other),
    )
    refused(
        "postings_fit_their_entry",
        lambda: _post(_an_entry(payment), {"assets:provider:sandbox": 1, "revenue:sales": -1}, currency="USD"),
    )
    refused("posting_moves_money", lambda: _post(_an_entry(payment), {"revenue:sales": 0}))


def test_nobody_owes_us_less_than_nothing_for_a_payment() -> None:
    payment = take(an_order(5000))

    refused(
        "account_stays_within_its_bound",
        lambda: _post(_an_entry(payment), {"assets:provider:sandbox": -5001, "revenue:returns": 5001}),
    )
    refused(
        "account_stays_within_its_bound",
        lambda: _post(_an_entry(payment), {"liabilities:tax": 5000, "revenue:returns": -5000}),
    )


def test_an_attempt_is_booked_once() -> None:
    attempt = Attempt.objects.get(payment=take())

    refused(
        "payments_ledgerentry_attempt_id_key",
        LedgerEntry(payment=attempt.payment, attempt=attempt, description="again", booked_at=NOW).save,
    )


def test_a_number_cannot_be_skipped_taken_back_or_wasted() -> None:
    take()
    series = NumberSeries.objects.filter(series="INV-2026")

    refused("series_have_no_gaps", lambda: series.update(last=3))
    refused("series_have_no_gaps", lambda: series.update(last=0))
    refused("series_have_no_gaps", lambda: series.update(last=2))  # no document carries it when it would be committed
    refused("series_have_no_gaps", _delete("payments_numberseries"))
    refused("series_have_no_gaps", NumberSeries(series="INV-2027", last=2).save)
    refused("series_have_no_gaps", NumberSeries(series="INV-2027", last=1).save)


def test_a_document_carries_the_number_just_taken() -> None:
    invoice = Invoice.objects.get(payment=take())
    values = {f.attname: getattr(invoice, f.attname) for f in Invoice._meta.concrete_fields}

    refused("series_have_no_gaps", Invoice(**values | {"id": new_id(), "number": 7}).save)
    another = an_open_attempt(invoice.payment, AttemptKind.VOID)
    another.save()
    refused("one_document_per_number", Invoice(**values | {"id": new_id(), "attempt_id": another.id}).save)


def test_documents_agree_with_themselves_and_their_payment() -> None:
    payment = take(an_order(5000))
    invoice = Invoice.objects.get(payment=payment)
    values = {f.attname: getattr(invoice, f.attname) for f in Invoice._meta.concrete_fields}

    another = an_open_attempt(payment, AttemptKind.VOID)
    another.save()

    def issue(**changes: Any) -> Callable[[], object]:
        def issued() -> None:
            NumberSeries.objects.filter(series="INV-2026").update(last=2)
            Invoice.objects.create(**values | {"id": new_id(), "number": 2, "attempt_id": another.id} | changes)

        return issued

    note = {"kind": "CREDIT_NOTE", "corrects_id": invoice.id}
    refused("one_invoice_per_payment", issue())
    refused("document_amounts_agree", issue(tax=6000))
    refused("document_amounts_agree", issue(shipping=-1))
    refused("credit_notes_correct_an_invoice", issue(kind="INVOICE", corrects_id=invoice.id))
    refused("credit_notes_are_at_most_the_invoice", issue(kind="CREDIT_NOTE"))
    refused("credit_notes_are_at_most_the_invoice", issue(**note, total=5001))
    refused("payments_invoice_attempt_id_key", issue(**note, attempt_id=invoice.attempt_id))


def test_a_webhook_is_kept_once_and_is_due_or_settled() -> None:
    values = {"provider": "sandbox", "event_id": "1", "kind": "payment.captured", "received_at": NOW}
    Notification.objects.create(**values, due_at=NOW)

    refused("one_notification_per_provider_event", Notification(**values, due_at=NOW).save)
    refused("notifications_are_due_or_settled", Notification(**values | {"event_id": "2"}).save)


def test_the_sandbox_keeps_its_own_book_right() -> None:
    take()

    for column, value in (("captured", "authorised + 1"), ("refunded", "captured + 1"), ("voided", "TRUE")):
        with pytest.raises(IntegrityError):
            _run(f"UPDATE sandbox_charge SET {column} = {value}")


def _an_entry(payment: Payment) -> LedgerEntry:
    attempt = an_open_attempt(payment, AttemptKind.VOID)
    attempt.save()
    return LedgerEntry.objects.create(payment=payment, attempt=attempt, description="planted", booked_at=NOW)


def _post(entry: LedgerEntry, legs: dict[str, int], *, payment: Payment | None = None, currency: str = "EUR") -> None:
    Posting.objects.bulk_create(
        [
            Posting(entry=entry, payment=payment or entry.payment, account_id=account, amount=amount, currency=currency)
            for account, amount in legs.items()
        ]
    )


def _run(statement: str) -> None:
    with connections["payments"].cursor() as cursor:
        cursor.execute(statement)


def _delete(table: str) -> Callable[[], object]:
    return lambda: _run(f"DELETE FROM {table}")
