"""Parcels: one for each confirmed order, none for another; what was dispatched has left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tests.faults.workload.oracles import Evidence, invariant


@invariant("a confirmed order has one parcel, a cancelled one none")
def orders_have_their_parcel(evidence: Evidence) -> Iterator[str]:
    parcels: Counter[str] = Counter()
    waiting = set()
    for order, status, is_told in evidence.rows(
        "shipping", "SELECT order_id, status, confirmed_at IS NOT NULL FROM shipping_shipment"
    ):
        parcels[str(order)] += status != "CANCELLED"
        if status == "READY" and not is_told:
            waiting.add(str(order))
    for id_, number, status in evidence.rows("orders", "SELECT id, number, status FROM orders_order"):
        if status == "CONFIRMED" and parcels[str(id_)] != 1:
            yield f"{number} is confirmed and has {parcels[str(id_)]} parcels"
        if status == "CONFIRMED" and str(id_) in waiting:
            yield f"{number} is confirmed, and its parcel was not told"
        if status == "CANCELLED" and parcels[str(id_)]:
            yield f"{number} is cancelled, and its parcel is not"


@invariant("a parcel that was acknowledged as dispatched has left")
def dispatched_parcels_left(evidence: Evidence) -> Iterator[str]:
    left = {
        str(row[0])
        for row in evidence.rows("shipping", "SELECT id FROM shipping_shipment WHERE dispatched_at IS NOT NULL")
    }
    for operation in evidence.operations("dispatch"):
        shipment = operation.intent.path.split("/")[-2]
        if operation.done and shipment not in left:
            yield f"shipment {shipment} was dispatched, and has not left"
