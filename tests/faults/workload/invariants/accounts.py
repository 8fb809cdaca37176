"""Accounts and addresses that were acknowledged are there, once; mail is noted once for each fact."""

from __future__ import annotations

from collections.abc import Iterator

from tests.faults.workload.oracles import Evidence, invariant


@invariant("an acknowledged account exists once")
def accounts_exist(evidence: Evidence) -> Iterator[str]:
    known: dict[str, list[str]] = {}
    for email, id_ in evidence.rows("users", "SELECT email, id FROM users_customer"):
        known.setdefault(email, []).append(str(id_))
    for operation in evidence.operations("register"):
        found = known.get(operation.intent.facts["email"], [])
        if (done := operation.done) and found != [done.facts["customer"]]:
            yield f"{operation.intent.facts['email']} was registered as {done.facts['customer']}, and is {found}"


@invariant("an acknowledged address exists")
def addresses_exist(evidence: Evidence) -> Iterator[str]:
    known = {str(row[0]) for row in evidence.rows("users", "SELECT id FROM users_address")}
    for operation in evidence.operations("add an address"):
        if (done := operation.done) and done.facts["address"] not in known:
            yield f"address {done.facts['address']} was acknowledged, and is gone"


@invariant("each confirmed order is told to its customer once")
def confirmations_are_told(evidence: Evidence) -> Iterator[str]:
    told = {
        str(order): count
        for order, count in evidence.rows(
            "users",
            "SELECT order_id, count(*) FROM users_notification WHERE kind = 'ORDER_CONFIRMED' GROUP BY order_id",
        )
    }
    for (order,) in evidence.rows(
        "orders", "SELECT payload ->> 'order_id' FROM outbox_event WHERE name = 'orders.order_confirmed.v1'"
    ):
        if (times := told.get(order, 0)) != 1:
            yield f"the confirmation of order {order} was told {times} times"
