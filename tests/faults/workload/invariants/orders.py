"""What customers were told of their orders is so, once."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.workload.oracles import Evidence, invariant

# What may have become of an order that was acknowledged in a status.
_LATER = {
    "PENDING": {"PENDING", "CONFIRMED", "CANCELLED"},
    "CONFIRMED": {"CONFIRMED", "CANCELLED"},
    "CANCELLED": {"CANCELLED"},
}


@invariant("an acknowledged order exists, as it was acknowledged or later")
def acknowledged_orders_exist(evidence: Evidence) -> Iterator[str]:
    known = {
        str(id_): (status, total)
        for id_, status, total in evidence.rows("orders", "SELECT id, status, total_amount FROM orders_order")
    }
    for operation in (*evidence.operations("place an order"), *evidence.operations("cancel an order")):
        for answer in operation.answers:
            if not (told := answer.facts.get("order")):
                continue
            if told not in known:
                yield f"order {told} of {operation.intent.id} ({answer.status}) is gone"
                continue
            status, total = known[told]
            if status not in _LATER[answer.facts["status"]]:
                yield f"order {told} was acknowledged {answer.facts['status']} and is {status}"
            if total != answer.facts.get("total", total):
                yield f"order {told} was acknowledged over {answer.facts['total']} and is over {total}"


@invariant("an idempotency key made one order, or none where nobody was told of any")
def one_order_per_key(evidence: Evidence) -> Iterator[str]:
    made: dict[str, list[str]] = {}
    for key, id_ in evidence.rows("orders", "SELECT idempotency_key, id FROM orders_order"):
        made.setdefault(key, []).append(str(id_))
    for operation in evidence.operations("place an order"):
        found = made.get(operation.intent.key, [])
        told = {answer.facts["order"] for answer in operation.answers if "order" in answer.facts}
        if len(found) > 1:
            yield f"key {operation.intent.key} made {len(found)} orders: {', '.join(found)}"
        if told and set(found) != told:
            yield f"key {operation.intent.key} was answered with {sorted(told)}, and made {found}"


@invariant("a cancellation that was acknowledged stands")
def cancellations_stand(evidence: Evidence) -> Iterator[str]:
    cancelled = {
        str(row[0]) for row in evidence.rows("orders", "SELECT id FROM orders_order WHERE status = 'CANCELLED'")
    }
    for operation in evidence.operations("cancel an order"):
        if (done := operation.done) and done.status == 200 and done.facts["order"] not in cancelled:
            yield f"order {done.facts['order']} was cancelled, and is not"


@invariant("every checkout ends")
def sagas_end(evidence: Evidence) -> Iterator[str]:
    for id_, state, step, error in evidence.rows(
        "orders", "SELECT order_id, state, step, last_error FROM orders_checkout WHERE state <> 'SETTLED'"
    ):
        yield f"order {id_} is {state} at {step} ({error[:200]})"
    for id_, status in evidence.rows(
        "orders", "SELECT id, status FROM orders_order WHERE status NOT IN ('CONFIRMED', 'CANCELLED')"
    ):
        yield f"order {id_} is {status}"


@invariant("an order is cut from one piece", in_flight=True)
def orders_are_whole(evidence: Evidence) -> Iterator[str]:
    for number, goods, lines in evidence.rows(
        "orders",
        "SELECT o.number, o.goods_amount, coalesce(sum(l.total_amount), 0) FROM orders_order o"
        " LEFT JOIN orders_orderline l ON l.order_id = o.id GROUP BY o.id"
        " HAVING o.goods_amount <> coalesce(sum(l.total_amount), 0)",
    ):
        yield f"{number} is over {goods}, its lines over {lines}"
    for (number,) in evidence.rows(
        "orders",
        "SELECT number FROM orders_order o LEFT JOIN orders_checkout c ON c.order_id = o.id WHERE c.order_id IS NULL",
    ):
        yield f"{number} has no checkout"
