"""A carrier for the tests of shipping itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

from django.db import connections

from modules.shipping.gateways.carrier import CarrierUnavailable, Label, LabelRefused, Parcel, Scan


class FakeCarrier:
    """A carrier that a test can make fail, lose its answer, or report what it likes. It keeps a book of what it sold.

    `during_booking`, where set, is called in the middle of `book`: the label is sold, the answer is not given yet.
    """

    name: ClassVar[str] = "Fake Parcel"

    def __init__(self) -> None:
        self.labels: dict[str, Label] = {}
        self.withdrawn: set[str] = set()
        self.handed_over: dict[str, datetime] = {}
        self.reports: dict[str, list[Scan]] = {}
        self.fails = False
        self.loses_answers = False
        self.during_booking: Callable[[], None] | None = None
        self.calls = 0
        self._lock = threading.Lock()

    def book(self, *, booking_key: str, parcel: Parcel) -> Label:
        self._called()
        if booking_key in self.withdrawn:
            raise LabelRefused
        with self._lock:
            label = self.labels.setdefault(booking_key, Label(carrier=self.name, reference=f"F{len(self.labels):06}"))
        if self.during_booking:
            self.during_booking()
        if self.loses_answers:
            raise CarrierUnavailable
        return label

    def withdraw(self, *, booking_key: str) -> None:
        self._called()
        self.withdrawn.add(booking_key)

    def hand_over(self, *, booking_key: str, at: datetime) -> None:
        self._called()
        self.handed_over.setdefault(booking_key, at)

    def scans(self, *, booking_key: str, now: datetime) -> tuple[Scan, ...]:
        self._called()
        return tuple(scan for scan in self.reports.get(booking_key, []) if scan.at <= now)

    def reports_next(self, booking_key: str, *scans: Scan) -> None:
        self.reports.setdefault(booking_key, []).extend(scans)

    def _called(self) -> None:
        assert not any(connection.in_atomic_block for connection in connections.all(initialized_only=True))
        self.calls += 1
        if self.fails:
            raise CarrierUnavailable
