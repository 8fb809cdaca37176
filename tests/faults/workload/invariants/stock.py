"""Goods: nothing is sold twice, nothing is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from tests.faults.workload.oracles import Evidence, baseline, invariant


@invariant("nothing is oversold", in_flight=True)
def nothing_is_oversold(evidence: Evidence) -> Iterator[str]:
    for variant, on_hand, reserved in evidence.rows(
        "catalog",
        "SELECT variant_id, on_hand, reserved FROM catalog_stock"
        " WHERE is_tracked AND (reserved < 0 OR on_hand < reserved)",
    ):
        yield f"variant {variant}: {on_hand} on hand, {reserved} reserved"


@invariant("stock is the sum of its movements", in_flight=True)
def movements_balance(evidence: Evidence) -> Iterator[str]:
    for variant, on_hand, moved in evidence.rows(
        "catalog",
        "SELECT s.variant_id, s.on_hand, coalesce(sum(m.quantity), 0) FROM catalog_stock s"
        " LEFT JOIN catalog_movement m ON m.variant_id = s.variant_id WHERE s.is_tracked"
        " GROUP BY s.variant_id HAVING s.on_hand <> coalesce(sum(m.quantity), 0)",
    ):
        yield f"variant {variant}: {on_hand} on hand, movements say {moved}"


@invariant("what is reserved is held by somebody", in_flight=True)
def reservations_balance(evidence: Evidence) -> Iterator[str]:
    for variant, reserved, held in evidence.rows(
        "catalog",
        "SELECT s.variant_id, s.reserved, coalesce(h.held, 0) FROM catalog_stock s LEFT JOIN ("
        " SELECT l.variant_id, sum(l.held) AS held FROM catalog_reservationline l"
        " JOIN catalog_reservation r ON r.key = l.reservation_id WHERE r.state = 'held' GROUP BY l.variant_id"
        ") h ON h.variant_id = s.variant_id WHERE s.reserved <> coalesce(h.held, 0)",
    ):
        yield f"variant {variant}: {reserved} reserved, {held} held"


@invariant("each confirmed order took its pieces once, each cancelled one gave them back")
def orders_took_their_pieces(evidence: Evidence) -> Iterator[str]:
    moved: Counter[tuple[str, str]] = Counter()
    for reference, variant, pieces in evidence.rows(
        "catalog",
        "SELECT m.reference, m.variant_id, sum(m.quantity) FROM catalog_movement m"
        " WHERE m.reason IN ('sold', 'returned') GROUP BY m.reference, m.variant_id",
    ):
        moved[reference, str(variant)] = pieces
    untracked = {
        str(row[0]) for row in evidence.rows("catalog", "SELECT variant_id FROM catalog_stock WHERE NOT is_tracked")
    }
    for order, number, status, variant, quantity in evidence.rows(
        "orders",
        "SELECT o.id, o.number, o.status, l.variant_id, l.quantity FROM orders_order o"
        " JOIN orders_orderline l ON l.order_id = o.id WHERE o.status IN ('CONFIRMED', 'CANCELLED')",
    ):
        expected = -quantity if status == "CONFIRMED" and str(variant) not in untracked else 0
        found = moved.pop((str(order), str(variant)), 0)
        if found != expected:
            yield f"{number} is {status}: {found} of variant {variant} moved, {expected} expected"
    pending = {str(row[0]) for row in evidence.rows("orders", "SELECT id FROM orders_order WHERE status = 'PENDING'")}
    for (reference, variant), pieces in moved.items():
        if pieces and reference not in pending:
            yield f"{pieces} of variant {variant} moved for {reference}, which is no order"


@invariant("a delivery of goods is counted once")
def deliveries_count_once(evidence: Evidence) -> Iterator[str]:
    counted: dict[str, int] = dict(
        evidence.rows(
            "catalog",
            "SELECT reference, count(*) FROM catalog_movement WHERE reference LIKE 'delivery %%' GROUP BY reference",
        )
    )
    for operation in evidence.operations("receive goods"):
        times = counted.get(f"delivery {operation.intent.key}", 0)
        if times > 1 or (operation.done and times != 1):
            yield f"delivery {operation.intent.key} was counted {times} times"


def _popularity(evidence: Evidence) -> dict[str, int]:
    return {
        str(product): pieces
        for product, pieces in evidence.rows("catalog", "SELECT product_id, pieces_sold FROM catalog_popularity")
    }


def _confirmed(evidence: Evidence) -> Counter[str]:
    """Return the pieces by product of all orders whose confirmation was announced."""
    pieces: Counter[str] = Counter()
    for product, quantity in evidence.rows(
        "orders",
        "SELECT line ->> 'product_id', sum((line ->> 'quantity')::int) FROM outbox_event,"
        " jsonb_array_elements(payload -> 'lines') AS line WHERE name = 'orders.order_confirmed.v1' GROUP BY 1",
    ):
        pieces[product] = quantity
    return pieces


@baseline("popularity")
def note_popularity(evidence: Evidence) -> dict[str, Any]:
    return {"counted": _popularity(evidence), "confirmed": _confirmed(evidence)}


@invariant("each confirmation was counted exactly once by who hears it")
def confirmations_count_once(evidence: Evidence) -> Iterator[str]:
    before, counted, confirmed = evidence.baseline["popularity"], _popularity(evidence), _confirmed(evidence)
    for product, pieces in confirmed.items():
        expected = pieces - before["confirmed"][product]
        found = counted.get(product, 0) - before["counted"].get(product, 0)
        if found != expected:
            yield f"product {product}: {expected} pieces were confirmed, {found} counted"
