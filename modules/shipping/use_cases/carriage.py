"""Everything that is asked of the carrier: labels, hand-over, tracking.

Work is found by `due_at`. A process claims shipments by moving `due_at` on in a short transaction, asks the carrier with no
transaction open, and records the answer; when it dies in between, the shipment falls due again. All that the carrier is
asked is keyed by the shipment's id, so asking twice is harmless.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import connections, transaction
from django.db.models import F, prefetch_related_objects

from infra.events.outbox import publish
from modules.shipping.contract import ShipmentStatus
from modules.shipping.events import ShipmentDelivered
from modules.shipping.gateways.carrier import Carrier, CarrierUnavailable, Label, LabelRefused, Parcel, Scan
from modules.shipping.models import Shipment, TrackingEvent

BATCH = 20  # shipments claimed at once: with a carrier that takes a second for each call, done within the lease
LEASE_SECONDS = 60
LONGEST_PAUSE_SECONDS = 3600
POLL_SECONDS = 15  # between two looks at a parcel under way

ON_THE_WAY = (ShipmentStatus.DISPATCHED, ShipmentStatus.IN_TRANSIT)
ORDER = {status: rank for rank, status in enumerate((*ON_THE_WAY, ShipmentStatus.DELIVERED))}

log = structlog.get_logger(__name__)

# After each attempt a shipment is left alone for the lease, doubled with every further one up to the longest pause.
_CLAIM = """
UPDATE shipping_shipment AS s
SET attempts = s.attempts + 1,
    due_at = %(now)s + make_interval(secs => least(%(lease)s * 2 ^ least(s.attempts, 10), %(longest)s))
FROM (
    SELECT id FROM shipping_shipment WHERE due_at <= %(now)s ORDER BY due_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED
) AS due
WHERE s.id = due.id
RETURNING s.*
"""

_KEEP_LABELS = """
UPDATE shipping_shipment AS s
SET carrier = bought.carrier, carrier_reference = bought.reference, due_at = NULL, attempts = 0, problem = ''
FROM unnest(%s::uuid[], %s::text[], %s::text[]) AS bought (id, carrier, reference)
WHERE s.id = bought.id AND s.status = 'READY'
RETURNING s.id
"""


def ask_the_carrier(*, now: datetime, carrier: Carrier) -> int:
    """Do what is due with the carrier, for at most one batch of shipments; return how many were looked at.

    A shipment whose asking fails is asked for again, after a pause that grows; the others go on.
    """
    claimed = _claim(now)
    labels: list[tuple[Shipment, Label]] = []
    for shipment in claimed:
        try:
            if shipment.status == ShipmentStatus.READY and not shipment.carrier_reference:
                labels.append((shipment, _book(shipment, carrier=carrier)))
            else:
                _go_on_with(shipment, now=now, carrier=carrier)
        except (CarrierUnavailable, LabelRefused) as problem:
            log.warning("carrier_failed", shipment_id=str(shipment.id), attempts=shipment.attempts, code=problem.code)
            Shipment.objects.filter(id=shipment.id).update(problem=problem.detail[:300])
        except Exception as error:
            # One parcel that the carrier's answer breaks must not keep the others waiting.
            log.error("carrier_failed", shipment_id=str(shipment.id), attempts=shipment.attempts, exc_info=error)
            Shipment.objects.filter(id=shipment.id).update(problem=f"{type(error).__name__}: {error}"[:300])
    _keep_labels(labels, carrier=carrier)
    return len(claimed)


def buy_label_now(shipment: Shipment, *, now: datetime, carrier: Carrier) -> None:
    """Buy the label without waiting for the shipment to fall due; one that is cancelled meanwhile gets none.

    Raises:
        CarrierUnavailable, LabelRefused: there is no label; it falls due again.
    """
    # Recorded before the carrier is asked: a cancellation, or our end, in between must find that there may be a label.
    asked = Shipment.objects.filter(id=shipment.id, status=ShipmentStatus.READY).update(
        attempts=F("attempts") + 1, due_at=now + timedelta(seconds=LEASE_SECONDS)
    )
    if asked:
        _keep_labels([(shipment, _book(shipment, carrier=carrier))], carrier=carrier)


def record_scans(shipment: Shipment, scans: Collection[Scan]) -> ShipmentStatus:
    """Keep what the carrier saw, each happening once, and return the status that follows.

    The status is the furthest one seen: scans may come late, twice and in any order. Delivery is announced once.
    """
    with transaction.atomic(using="shipping"):
        current = Shipment.objects.select_for_update().get(id=shipment.id)
        if current.status not in ORDER:
            return ShipmentStatus(current.status)
        TrackingEvent.objects.bulk_create(
            [
                TrackingEvent(
                    shipment=current,
                    carrier_event=scan.id,
                    at=scan.at,
                    status=scan.status,
                    description=scan.description,
                    location=scan.location,
                )
                for scan in scans
            ],
            ignore_conflicts=True,
        )
        furthest = max(scans, key=lambda scan: ORDER.get(scan.status, -1), default=None)
        if furthest is None or ORDER.get(furthest.status, -1) <= ORDER[ShipmentStatus(current.status)]:
            return ShipmentStatus(current.status)
        current.status = furthest.status
        if furthest.status == ShipmentStatus.DELIVERED:
            current.delivered_at = furthest.at
            current.due_at = None
            publish(
                ShipmentDelivered(
                    shipment_id=current.id,
                    order_id=current.order_id,
                    order_number=current.order_number,
                    customer_id=current.customer_id,
                    email=current.email,
                    tracking_number=current.tracking_number,
                )
            )
        current.save(update_fields=["status", "delivered_at", "due_at"])
        return furthest.status


def _go_on_with(shipment: Shipment, *, now: datetime, carrier: Carrier) -> None:
    key = str(shipment.id)
    if shipment.status == ShipmentStatus.CANCELLED:
        carrier.withdraw(booking_key=key)
        Shipment.objects.filter(id=shipment.id).update(due_at=None, attempts=0, problem="")
    elif shipment.status in ON_THE_WAY:
        if shipment.handed_over_at is None:
            handed_over_at = shipment.dispatched_at or now
            carrier.hand_over(booking_key=key, at=handed_over_at)
            Shipment.objects.filter(id=shipment.id).update(handed_over_at=handed_over_at)
        status = record_scans(shipment, carrier.scans(booking_key=key, now=now))
        next_look = None if status == ShipmentStatus.DELIVERED else now + timedelta(seconds=POLL_SECONDS)
        Shipment.objects.filter(id=shipment.id).update(due_at=next_look, attempts=0, problem="")
    else:
        Shipment.objects.filter(id=shipment.id, status=shipment.status).update(due_at=None)


def _book(shipment: Shipment, *, carrier: Carrier) -> Label:
    return carrier.book(
        booking_key=str(shipment.id),
        parcel=Parcel(
            tracking_number=shipment.tracking_number,
            address=shipment.destination(),
            weight_grams=sum(line.weight_grams * line.ordered for line in shipment.lines.all()),
            rate_code=shipment.rate_code,
        ),
    )


def _keep_labels(labels: Sequence[tuple[Shipment, Label]], *, carrier: Carrier) -> None:
    """Record labels in one statement; give those of shipments that were cancelled meanwhile back."""
    if not labels:
        return
    columns = zip(*((shipment.id, label.carrier, label.reference) for shipment, label in labels), strict=True)
    with connections["shipping"].cursor() as cursor:
        cursor.execute(_KEEP_LABELS, [list(column) for column in columns])
        kept = {id_ for (id_,) in cursor.fetchall()}
    # Asked after the statement above: it may have waited for the cancellation that kept a label away.
    if late := [shipment.id for shipment, _ in labels if shipment.id not in kept]:
        for cancelled in Shipment.objects.filter(id__in=late, status=ShipmentStatus.CANCELLED):
            carrier.withdraw(booking_key=str(cancelled.id))


def _claim(now: datetime) -> list[Shipment]:
    """Return shipments that are due, moved on so that no other process takes them while they are worked on."""
    claimed = list(
        Shipment.objects.raw(
            _CLAIM, {"now": now, "batch": BATCH, "lease": LEASE_SECONDS, "longest": LONGEST_PAUSE_SECONDS}
        )
    )
    unlabelled = [shipment for shipment in claimed if not shipment.carrier_reference]
    prefetch_related_objects(unlabelled, "lines")
    return claimed
