"""What a carrier must be able to do. A new carrier is one class; the tests hold a suite that each of them must pass."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from infra.errors import DomainError
from infra.postal_address import PostalAddress
from modules.shipping.contract import ShipmentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What the carrier is to move."""

    tracking_number: str  # ours; customers follow the parcel by it
    address: PostalAddress
    weight_grams: int
    rate_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label that was bought, known to the carrier by its reference."""

    carrier: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One thing that the carrier saw happen to a parcel."""

    id: str  # the carrier's, unique within the parcel
    at: datetime
    status: ShipmentStatus
    description: str
    location: str


class CarrierUnavailable(DomainError):
    """The carrier does not answer; the shop asks again by itself."""

    code = "shipping.carrier_unavailable"
    status = 503


class LabelRefused(DomainError):
    """The carrier does not sell a label for this parcel."""

    code = "shipping.label_refused"


class Carrier(Protocol):
    """A carrier.

    Every call may take seconds, fail with `CarrierUnavailable`, and be repeated; none is made with a transaction open.
    """

    name: ClassVar[str]

    def book(self, *, booking_key: str, parcel: Parcel) -> Label:
        """Buy a label, once per key: a repeat returns the same label and costs nothing.

        Raises:
            LabelRefused: the parcel cannot be sent, or the key was withdrawn.
        """
        ...

    def withdraw(self, *, booking_key: str) -> None:
        """Give a label back and close its key, used or not; a repeat changes nothing."""
        ...

    def hand_over(self, *, booking_key: str, at: datetime) -> None:
        """Tell the carrier that it has the parcel (its manifest); a repeat changes nothing."""
        ...

    def scans(self, *, booking_key: str, now: datetime) -> tuple[Scan, ...]:
        """Return everything that the carrier saw of the parcel so far, in any order."""
        ...
