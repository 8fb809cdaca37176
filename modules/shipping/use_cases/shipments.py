"""A shipment from its order to the door: prepared, called off, confirmed, dispatched."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from infra.databases.insertion import insert_together
from infra.errors import Refused
from infra.events.outbox import publish
from infra.postal_address import PostalAddress
from modules.shipping.contract import (
    AlreadyDispatched,
    InvalidAddress,
    NotServed,
    ParcelLine,
    ShipmentClosed,
    ShipmentNotFound,
    ShipmentStatus,
    UnknownRate,
)
from modules.shipping.events import ShipmentCancelled, ShipmentDispatched
from modules.shipping.gateways.carrier import Carrier
from modules.shipping.models import Shipment, ShipmentKey, ShipmentLine
from modules.shipping.models.tracking_numbers import new_tracking_number
from modules.shipping.queries import rates
from modules.shipping.use_cases.carriage import buy_label_now


class NotConfirmed(Refused):
    """The order is not confirmed yet; nothing leaves before it is paid."""

    code = "shipping.not_confirmed"


def create_shipment(
    *,
    shipment_key: str,
    order_id: UUID,
    order_number: str,
    customer_id: UUID | None,
    email: str,
    address: PostalAddress,
    rate_code: str,
    lines: tuple[ParcelLine, ...],
) -> Shipment:
    """Prepare the shipment of an order, once per key; a repeat returns it as it stands. No carrier is asked.

    Raises:
        NotServed, InvalidAddress, UnknownRate: nothing is created.
        ShipmentClosed: the key was cancelled before; nothing is created.
    """
    try:
        address = rates.checked(address)
        _check_rate(address, rate_code, sum(line.weight_grams * line.quantity for line in lines))
    except (NotServed, InvalidAddress, UnknownRate):
        # Rates may have changed since this key made its shipment; that one stands.
        if earlier := _earlier(shipment_key):
            return earlier
        raise
    shipment = Shipment(
        key_id=shipment_key,
        order_id=order_id,
        order_number=order_number,
        customer_id=customer_id,
        email=email,
        address=asdict(address),
        rate_code=rate_code,
        tracking_number=new_tracking_number(),
    )
    try:
        insert_together([[ShipmentKey(key=shipment_key)], [shipment], _lines(shipment, lines)], using="shipping")
    except IntegrityError:
        if earlier := _earlier(shipment_key):
            return earlier
        raise
    return shipment


def cancel_shipment(*, shipment_key: str, cancelled_at: datetime) -> None:
    """Call a shipment off and close its key; a key that was never used is closed too. A repeat changes nothing.

    Raises:
        AlreadyDispatched: the parcel has left; nothing is changed.
    """
    with transaction.atomic(using="shipping"):
        ShipmentKey.close(shipment_key)
        shipment = Shipment.objects.select_for_update().filter(key_id=shipment_key).first()
        if shipment is None or shipment.status == ShipmentStatus.CANCELLED:
            return
        if shipment.status != ShipmentStatus.READY:
            raise AlreadyDispatched(f"The parcel left at {shipment.dispatched_at:%Y-%m-%d %H:%M} UTC.")
        shipment.status = ShipmentStatus.CANCELLED
        shipment.cancelled_at = cancelled_at
        # A label that was bought, or is perhaps being bought at this moment, is to be given back.
        may_have_a_label = shipment.carrier_reference or shipment.attempts
        shipment.due_at = cancelled_at if may_have_a_label else None
        shipment.save(update_fields=["status", "cancelled_at", "due_at"])
        publish(ShipmentCancelled(shipment_id=shipment.id, order_id=shipment.order_id))


def confirm_shipment(*, order_id: UUID, confirmed_at: datetime) -> None:
    """Let the parcel of a confirmed order leave: its label is bought soon after. A repeat changes nothing."""
    Shipment.objects.filter(order_id=order_id, status=ShipmentStatus.READY, confirmed_at__isnull=True).update(
        confirmed_at=confirmed_at, due_at=confirmed_at
    )


def dispatch_shipment(*, shipment_id: UUID, dispatched_at: datetime, carrier: Carrier) -> None:
    """Record that a parcel left, and announce it; one that has left already stays as it is.

    Where the label is not bought yet, it is bought now.

    Raises:
        ShipmentNotFound: there is no such shipment.
        NotConfirmed: its order is not confirmed; nothing is changed.
        ShipmentClosed: it was cancelled; nothing is changed.
        CarrierUnavailable, LabelRefused: there is no label; nothing is changed.
    """
    shipment = Shipment.objects.filter(id=shipment_id).first()
    if shipment is None:
        raise ShipmentNotFound
    if shipment.status == ShipmentStatus.READY:
        if shipment.confirmed_at is None:
            raise NotConfirmed
        if not shipment.carrier_reference:
            buy_label_now(shipment, now=dispatched_at, carrier=carrier)
    with transaction.atomic(using="shipping"):
        shipment = Shipment.objects.select_for_update().get(id=shipment_id)
        if shipment.status == ShipmentStatus.CANCELLED:
            raise ShipmentClosed
        if shipment.status != ShipmentStatus.READY:
            return
        shipment.status = ShipmentStatus.DISPATCHED
        shipment.dispatched_at = shipment.due_at = dispatched_at
        shipment.save(update_fields=["status", "dispatched_at", "due_at"])
        shipment.lines.update(shipped=F("ordered"))
        publish(
            ShipmentDispatched(
                shipment_id=shipment.id,
                order_id=shipment.order_id,
                order_number=shipment.order_number,
                customer_id=shipment.customer_id,
                email=shipment.email,
                carrier=shipment.carrier,
                tracking_number=shipment.tracking_number,
            )
        )


def _lines(shipment: Shipment, lines: tuple[ParcelLine, ...]) -> list[ShipmentLine]:
    return [
        ShipmentLine(
            shipment=shipment, sku=line.sku, name=line.name, ordered=line.quantity, weight_grams=line.weight_grams
        )
        for line in lines
    ]


def _check_rate(address: PostalAddress, rate_code: str, weight_grams: int) -> None:
    # The price was agreed with the order; what matters now is that the parcel can go that way.
    zone = rates.zone_of(country=address.country, postcode=address.postcode)
    known = {rate.method for rate in zone.rates if rate.is_active and rate.takes(weight_grams)}
    if rate_code not in known:
        raise rates.unknown_rate(rate_code, known)


def _earlier(shipment_key: str) -> Shipment | None:
    """Return the shipment that the key made before.

    Raises:
        ShipmentClosed: the key was cancelled.
    """
    key = ShipmentKey.objects.filter(key=shipment_key).select_related("shipment").first()
    if key is None:
        return None
    if key.is_closed:
        raise ShipmentClosed
    return key.shipment
