"""Whatever is reserved, sold, released, expired and counted, in whatever order, the stock is what a simple model says."""

from __future__ import annotations

import contextlib
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from modules.catalog import queries, use_cases
from modules.catalog.contract import OutOfStock, ReservationReleased
from modules.catalog.models import Reservation
from modules.catalog.use_cases import Reason
from modules.catalog.use_cases.stock import PiecesReserved
from tests.catalog.factories import Sold, product
from tests.catalog.fakes import FakeCatalog

_runs = count()
KEYS = st.sampled_from([f"order-{number}" for number in range(4)])
PIECES = st.dictionaries(st.integers(0, 2), st.integers(1, 4), min_size=1, max_size=3)


class StockMachine(RuleBasedStateMachine):
    """Drives the real stock and the fake with the same commands, and compares answers and levels after each."""

    @initialize()
    def fill(self) -> None:
        self.run = next(_runs)  # a released key stays released, in the next example, too
        self.sold: list[Sold] = [product(on_hand=pieces) for pieces in (5, 3, 1)]
        self.fake = FakeCatalog()
        self.offers = [
            self.fake.sells("Thing", queries.offers([sold.sku], currency="EUR")[sold.sku].unit_price, pieces=pieces)
            for sold, pieces in zip(self.sold, (5, 3, 1), strict=True)
        ]

    @rule(key=KEYS, pieces=PIECES)
    def reserve(self, key: str, pieces: dict[int, int]) -> None:
        key = f"{self.run}-{key}"
        real = {self.sold[place].variant_id: count for place, count in pieces.items()}
        fake = {self.offers[place].variant_id: count for place, count in pieces.items()}
        assert self._outcome(
            lambda: use_cases.reserve_stock(key=key, quantities=real, hold_seconds=600)
        ) == self._outcome(lambda: self.fake.reserve_stock(reservation_key=key, quantities=fake, hold_seconds=600))

    @rule(key=KEYS)
    def commit(self, key: str) -> None:
        key = f"{self.run}-{key}"
        assert self._outcome(lambda: use_cases.commit_stock(key=key)) == self._outcome(
            lambda: self.fake.commit_stock(reservation_key=key)
        )

    @rule(key=KEYS)
    def release(self, key: str) -> None:
        key = f"{self.run}-{key}"
        use_cases.release_stock(key=key)
        self.fake.release_stock(reservation_key=key)

    @rule(key=KEYS)
    def expire(self, key: str) -> None:
        key = f"{self.run}-{key}"
        Reservation.objects.filter(key=key).update(expires_at="2020-01-01T00:00:00Z")
        use_cases.expire_holds()
        if self.fake.state_of(key) == "held":
            self.fake.expire(key)

    @rule(place=st.integers(0, 2), difference=st.integers(-3, 3))
    def adjust(self, place: int, difference: int) -> None:
        before = queries.stock_level(self.sold[place].sku)
        with contextlib.suppress(PiecesReserved):
            use_cases.adjust_stock(sku=before.sku, difference=difference, reason=Reason.CORRECTED)
            self.fake.counts(self.offers[place].sku, difference)
        assert (queries.stock_level(before.sku) == before) == (
            difference == 0 or before.on_hand + difference < before.reserved
        )

    @invariant()
    def the_levels_agree(self) -> None:
        if not hasattr(self, "sold"):
            return
        real = [queries.stock_level(sold.sku).available for sold in self.sold]
        fake = self.fake.offers(references=[offer.sku for offer in self.offers], currency="EUR")
        assert real == [fake[offer.sku].available for offer in self.offers]
        assert queries.discrepancies() == []

    @staticmethod
    def _outcome(act: object) -> str:
        try:
            act()  # type: ignore[operator]
        except (OutOfStock, ReservationReleased) as refusal:
            return refusal.code
        return "done"


@pytest.mark.usefixtures("database")
def test_the_stock_is_always_what_the_model_says() -> None:
    run_state_machine_as_test(
        StockMachine,
        settings=settings(
            max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
