"""Money: the books balance, agree with the provider's, and with what was ordered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.faults.workload.oracles import Evidence, invariant

_KEPT = "SELECT order_id, status, amount, captured, refunded FROM payments_payment"


@invariant("the ledger balances", in_flight=True)
def ledger_balances(evidence: Evidence) -> Iterator[str]:
    for entry, currency, off in evidence.rows(
        "payments",
        "SELECT entry_id, currency, sum(amount) FROM payments_posting GROUP BY entry_id, currency HAVING sum(amount) <> 0",
    ):
        yield f"entry {entry} is off by {off} {currency}"


@invariant("the ledger holds what the payments say", in_flight=True)
def ledger_agrees(evidence: Evidence) -> Iterator[str]:
    for payment, kept, posted in evidence.rows(
        "payments",
        "SELECT p.id, p.captured - p.refunded, coalesce(sum(o.amount), 0) FROM payments_payment p"
        " LEFT JOIN payments_posting o ON o.payment_id = p.id AND o.account_id LIKE 'assets:provider:%%'"
        " GROUP BY p.id HAVING p.captured - p.refunded <> coalesce(sum(o.amount), 0)",
    ):
        yield f"payment {payment} keeps {kept}, the ledger {posted}"


@invariant("the provider was asked for what we booked, once")
def provider_agrees(evidence: Evidence) -> Iterator[str]:
    ours = {
        str(id_): (kind, amount)
        for id_, kind, amount in evidence.rows(
            "payments",
            "SELECT id, CASE kind WHEN 'REFUND' THEN 'refund' ELSE 'charge' END, amount FROM payments_attempt"
            " WHERE status = 'SUCCEEDED' AND kind IN ('CHARGE', 'CAPTURE', 'REFUND') AND amount > 0",
        )
    }
    theirs = {
        key: ("refund" if kind == "refund" else "charge", amount)
        for key, kind, amount in evidence.rows(
            "payments",
            "SELECT key, kind, amount FROM sandbox_request"
            " WHERE declined = '' AND kind IN ('charge', 'capture', 'refund') AND amount > 0",
        )
    }
    for key in theirs.keys() - ours.keys():
        yield f"the provider made a {theirs[key][0]} of {theirs[key][1]} under {key}, which we do not know"
    for key in ours.keys() - theirs.keys():
        yield f"we booked a {ours[key][0]} of {ours[key][1]} under {key}, which the provider does not know"
    for key in ours.keys() & theirs.keys():
        if ours[key] != theirs[key]:
            yield f"we booked {ours[key]} under {key}, the provider {theirs[key]}"


@invariant("a confirmed order is paid once, a cancelled one given back")
def orders_are_paid(evidence: Evidence) -> Iterator[str]:
    captured: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    for order, _, _, taken, refunded in evidence.rows("payments", _KEPT):
        captured[str(order)] += taken
        kept[str(order)] += taken - refunded
    for id_, number, status, total in evidence.rows(
        "orders", "SELECT id, number, status, total_amount FROM orders_order"
    ):
        order = str(id_)
        if status == "CONFIRMED" and captured[order] != total:
            yield f"{number} is confirmed over {total}, and {captured[order]} was taken"
        if status == "CANCELLED" and kept[order]:
            yield f"{number} is cancelled, and {kept[order]} is kept"


@invariant("an acknowledged refund was made once")
def refunds_exist(evidence: Evidence) -> Iterator[str]:
    known: dict[str, tuple[str, int]] = {}
    made: Counter[str] = Counter()
    for id_, reason, status, amount in evidence.rows(
        "payments", "SELECT id, reason, status, amount FROM payments_attempt WHERE kind = 'REFUND'"
    ):
        known[str(id_)] = (status, amount)
        made[reason] += status in ("SUCCEEDED", "OPEN")
    for operation in evidence.operations("refund"):
        times = made[f"Scratched {operation.intent.key}"]
        if times > 1:
            yield f"refund {operation.intent.key} was made {times} times"
        for answer in operation.answers:
            if (told := answer.facts.get("refund")) is None:
                continue
            if told not in known:
                yield f"refund {told} was acknowledged, and is gone"
            elif known[told] != ("SUCCEEDED", answer.facts["amount"]):
                yield f"refund {told} of {answer.facts['amount']} was acknowledged, and is {known[told]}"


@invariant("documents are numbered without gaps and agree with the payments")
def documents_agree(evidence: Evidence) -> Iterator[str]:
    for series, last, count, most in evidence.rows(
        "payments",
        "SELECT series, s.last, count(i.id), max(i.number) FROM payments_numberseries s"
        " LEFT JOIN payments_invoice i USING (series) GROUP BY series, s.last"
        " HAVING s.last <> count(i.id) OR s.last <> max(i.number)",
    ):
        yield f"series {series} is at {last}, with {count} documents up to {most}"
    for payment, taken, refunded in evidence.rows(
        "payments",
        "SELECT p.id, p.captured, p.refunded FROM payments_payment p LEFT JOIN payments_invoice i ON i.payment_id = p.id"
        " GROUP BY p.id HAVING p.captured <> coalesce(sum(i.total) FILTER (WHERE i.kind = 'INVOICE'), 0)"
        " OR p.refunded <> coalesce(sum(i.total) FILTER (WHERE i.kind = 'CREDIT_NOTE'), 0)",
    ):
        yield f"payment {payment} took {taken} and gave {refunded} back, its documents say otherwise"
