"""Setting pieces aside, selling them and giving them back: each one short transaction that cannot oversell.

Locks are taken in one order everywhere: first the reservation, then its rows of stock by variant id. So nobody waits in a
circle. The guard that counts is in the UPDATE itself, under the row's lock; the constraint `stock_not_oversold` stands behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import transaction
from django.db.backends.utils import CursorWrapper

from infra.databases.prepared import prepared_cursor
from infra.events.outbox import publish
from modules.catalog.contract import OutOfStock, ReservationReleased
from modules.catalog.events import StockDepleted
from modules.catalog.models import Reservation

State = Reservation.State

# An abandoned checkout is found within seconds; a sweep ends soon, so that its locks do.
MOST_EXPIRED_AT_ONCE = 200

_OPEN = """
INSERT INTO catalog_reservation (key, state, expires_at)
VALUES (%(key)s, %(state)s, statement_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO NOTHING RETURNING expires_at
"""

_LOCK = "SELECT state, expires_at FROM catalog_reservation WHERE key = %s FOR UPDATE"

_HOLD_AGAIN = """
UPDATE catalog_reservation
SET state = 'held', expires_at = greatest(expires_at, statement_timestamp() + make_interval(secs => %(seconds)s))
WHERE key = %(key)s RETURNING expires_at
"""

_COMMIT_HELD = "UPDATE catalog_reservation SET state = 'committed' WHERE key = %s AND state = 'held' RETURNING key"

_CLOSE = "UPDATE catalog_reservation SET state = %s WHERE key = %s"

_TAKE = """
WITH wanted AS (
    SELECT k.variant_id, w.quantity, CASE WHEN k.is_tracked THEN w.quantity ELSE 0 END AS held
    FROM catalog_stock k JOIN unnest(%(variants)s::uuid[], %(quantities)s::int[]) AS w (variant_id, quantity) USING (variant_id)
    ORDER BY k.variant_id FOR NO KEY UPDATE OF k
), taken AS (
    UPDATE catalog_stock k SET reserved = k.reserved + w.held FROM wanted w
    WHERE k.variant_id = w.variant_id AND k.on_hand - k.reserved >= w.held
    RETURNING k.variant_id, w.quantity, w.held, k.on_hand - k.reserved AS available
), lines AS (
    INSERT INTO catalog_reservationline (reservation_id, variant_id, quantity, held)
    SELECT %(key)s, variant_id, quantity, held FROM taken
)
SELECT variant_id, available = 0 AND held > 0 FROM taken
"""

_FORGET_LINES = "DELETE FROM catalog_reservationline WHERE reservation_id = %s RETURNING variant_id, quantity"

# Pieces leave their hold (`reserved`) and perhaps the shop (`on_hand`); what leaves or comes back is written down.
_SETTLE = """
WITH lines AS (
    SELECT k.variant_id, l.held
    FROM catalog_reservationline l JOIN catalog_stock k USING (variant_id)
    WHERE l.reservation_id = %(key)s AND l.held > 0
    ORDER BY k.variant_id FOR NO KEY UPDATE OF k
), settled AS (
    UPDATE catalog_stock k
    SET reserved = k.reserved + l.held * %(reserved)s, on_hand = k.on_hand + l.held * %(on_hand)s
    FROM lines l WHERE k.variant_id = l.variant_id
    RETURNING k.variant_id, l.held
)
INSERT INTO catalog_movement (id, variant_id, quantity, reason, reference)
SELECT catalog_uuid7(), variant_id, held * %(on_hand)s, %(reason)s, %(key)s FROM settled WHERE %(on_hand)s <> 0
"""

_EXPIRE = """
WITH over AS (
    SELECT key FROM catalog_reservation WHERE state = 'held' AND expires_at <= statement_timestamp()
    ORDER BY expires_at LIMIT %s FOR UPDATE SKIP LOCKED
), expired AS (
    UPDATE catalog_reservation r SET state = 'expired' FROM over WHERE r.key = over.key RETURNING r.key
)
SELECT array_agg(key) FROM expired
"""

_RETURN_EXPIRED = """
WITH freed AS (
    SELECT variant_id, sum(held)::int AS pieces FROM catalog_reservationline
    WHERE reservation_id = ANY(%s) GROUP BY variant_id
), locked AS (
    SELECT k.variant_id, f.pieces FROM catalog_stock k JOIN freed f USING (variant_id)
    ORDER BY k.variant_id FOR NO KEY UPDATE OF k
)
UPDATE catalog_stock k SET reserved = k.reserved - l.pieces FROM locked l WHERE k.variant_id = l.variant_id
"""

_SHORTAGES = """
SELECT w.variant_id, coalesce(v.sku, ''), w.quantity, coalesce(k.on_hand - k.reserved, 0)
FROM unnest(%s::uuid[], %s::int[]) AS w (variant_id, quantity)
LEFT JOIN catalog_variant v ON v.id = w.variant_id LEFT JOIN catalog_stock k ON k.variant_id = w.variant_id
ORDER BY w.variant_id
"""


class Hold(NamedTuple):
    """A reservation after it was made or found."""

    key: str
    expires_at: datetime


def reserve_stock(*, key: str, quantities: Mapping[UUID, int], hold_seconds: int) -> Hold:
    """Set pieces aside, all or none; see `CatalogContract.reserve_stock`.

    Raises:
        OutOfStock, ReservationReleased: nothing is set aside.
        ValueError: no pieces, a quantity below 1, or a hold of no time.
    """
    if not quantities or min(quantities.values()) < 1 or hold_seconds < 1:
        raise ValueError("A reservation needs at least one piece of each variant, and a second.")
    with transaction.atomic(using="catalog"), prepared_cursor("catalog") as cursor:
        cursor.execute(_OPEN, {"key": key, "state": State.HELD.value, "seconds": hold_seconds})
        opened = cursor.fetchone()
        if opened is not None:
            _take(cursor, key, quantities)
            return Hold(key, opened[0])
        state, expires_at = _locked(cursor, key)
        if state == State.RELEASED:
            raise ReservationReleased
        if state == State.COMMITTED:
            return Hold(key, expires_at)
        if state == State.EXPIRED:
            cursor.execute(_FORGET_LINES, [key])
            _take(cursor, key, quantities)
        cursor.execute(_HOLD_AGAIN, {"key": key, "seconds": hold_seconds})
        return Hold(key, _row(cursor)[0])


def commit_stock(*, key: str) -> None:
    """Turn a hold into a sale; see `CatalogContract.commit_stock`.

    Raises:
        OutOfStock: the hold had expired and its pieces are gone meanwhile, or there never was one.
        ReservationReleased: the key was released before.
    """
    with transaction.atomic(using="catalog"), prepared_cursor("catalog") as cursor:
        cursor.execute(_COMMIT_HELD, [key])
        if cursor.fetchone() is None:
            state, _ = _locked(cursor, key)
            if state == State.COMMITTED:
                return
            if state == State.RELEASED:
                raise ReservationReleased
            if state != State.EXPIRED:
                raise OutOfStock("Nothing is held under this key.", shortages=[])
            cursor.execute(_FORGET_LINES, [key])
            _take(cursor, key, dict(cursor.fetchall()))
            cursor.execute(_CLOSE, ["committed", key])
        cursor.execute(_SETTLE, {"key": key, "reserved": -1, "on_hand": -1, "reason": "sold"})


def release_stock(*, key: str) -> None:
    """Give the pieces back, held or sold, and close the key for ever; see `CatalogContract.release_stock`."""
    with transaction.atomic(using="catalog"), prepared_cursor("catalog") as cursor:
        cursor.execute(_OPEN, {"key": key, "state": State.RELEASED.value, "seconds": 0})
        if cursor.fetchone() is not None:
            return  # unknown until now: closed before it could be used
        state, _ = _locked(cursor, key)
        if state == State.RELEASED:
            return
        cursor.execute(_CLOSE, ["released", key])
        if state == State.HELD:
            cursor.execute(_SETTLE, {"key": key, "reserved": -1, "on_hand": 0, "reason": ""})
        elif state == State.COMMITTED:
            cursor.execute(_SETTLE, {"key": key, "reserved": 0, "on_hand": 1, "reason": "returned"})


def expire_holds() -> int:
    """Give back the pieces of holds whose time is over, and return how many holds those were; sold pieces stay sold."""
    expired = 0
    while True:
        with transaction.atomic(using="catalog"), prepared_cursor("catalog") as cursor:
            cursor.execute(_EXPIRE, [MOST_EXPIRED_AT_ONCE])
            (keys,) = _row(cursor)
            if keys:
                cursor.execute(_RETURN_EXPIRED, [keys])
        expired += len(keys or ())
        if len(keys or ()) < MOST_EXPIRED_AT_ONCE:
            return expired


def _take(cursor: CursorWrapper, key: str, quantities: Mapping[UUID, int]) -> None:
    variants = list(quantities)
    cursor.execute(_TAKE, {"key": key, "variants": variants, "quantities": [quantities[id_] for id_ in variants]})
    taken = cursor.fetchall()
    if len(taken) < len(variants):
        raise _out_of_stock(cursor, {id_: quantities[id_] for id_ in quantities.keys() - {id_ for id_, _ in taken}})
    depleted = [variant_id for variant_id, is_last in taken if is_last]
    if depleted:
        cursor.execute("SELECT id, sku FROM catalog_variant WHERE id = ANY(%s) ORDER BY id", [depleted])
        for variant_id, sku in cursor.fetchall():
            publish(StockDepleted(variant_id=variant_id, sku=sku))


def _locked(cursor: CursorWrapper, key: str) -> tuple[str | None, datetime]:
    cursor.execute(_LOCK, [key])
    return cast("tuple[str | None, datetime]", cursor.fetchone() or (None, None))


def _row(cursor: CursorWrapper) -> tuple[Any, ...]:
    row = cursor.fetchone()
    assert row is not None, "an aggregate or an UPDATE of a locked row returns one"
    return cast("tuple[Any, ...]", row)


def _out_of_stock(cursor: CursorWrapper, missing: Mapping[UUID, int]) -> OutOfStock:
    """Return the refusal, with figures that hold while the rows are still locked."""
    cursor.execute(_SHORTAGES, [list(missing), list(missing.values())])
    shortages = [
        {"variantId": str(variant_id), "sku": sku, "requested": requested, "available": available}
        for variant_id, sku, requested, available in cursor.fetchall()
    ]
    skus = ", ".join(shortage["sku"] or shortage["variantId"] for shortage in shortages)
    return OutOfStock(f"Not enough pieces are available: {skus}.", shortages=shortages)
