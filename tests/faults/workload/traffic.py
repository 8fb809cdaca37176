"""The workload: so many customers and one of the staff at once, from a seed, until it is told to end."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from tests.faults.workload.asking import Client, GaveUp, Ground, Stopped
from tests.faults.workload.customers import Customer
from tests.faults.workload.journal import Journal
from tests.faults.workload.outcomes import OUTCOMES
from tests.faults.workload.staff import StaffMember
from tests.faults.workload.statistics import Statistics, Summary

CUSTOMERS = 4  # at once; more only wait for the same two cores
PACE_SECONDS = 0.02
# A customer thinks this long between visits, staff between two things to do, on average.
CUSTOMER_PAUSE_SECONDS = 0.1
STAFF_PAUSE_SECONDS = 0.4
END_SECONDS = 120.0  # what was begun is brought to its end


class Workload:
    """Customers and staff of the shop at `address`; a context within which they are at it.

    Args:
        seed: of all dice. The same seed makes the same customers with the same wishes; who comes first differs.
        staff: e-mail address and password of a customer account that may act for the shop.
        pace_seconds: what everybody thinks before each request, on average.
    """

    def __init__(
        self,
        address: str,
        journal: Journal,
        *,
        seed: int,
        staff: tuple[str, str],
        customers: int = CUSTOMERS,
        pace_seconds: float = PACE_SECONDS,
    ) -> None:
        self.seed, self.journal = seed, journal
        self.statistics = Statistics()
        self.ground = Ground(address, journal, self.statistics, OUTCOMES, pace_seconds)
        self._threads = [
            threading.Thread(target=self._run, args=(f"customer-{number}", self._customer), daemon=True)
            for number in range(1, customers + 1)
        ]
        self._threads.append(threading.Thread(target=self._run, args=("staff", self._staff(staff)), daemon=True))
        self._broke: list[BaseException] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def end(self) -> None:
        """Begin nothing more, and return when all that was begun has come to its end. A repeat changes nothing.

        Raises:
            AssertionError: the workload itself is broken: a client hangs, or met what its script did not foresee.
        """
        self.ground.stopping.set()
        for thread in self._threads:
            if thread.ident:
                thread.join(END_SECONDS)
        self.statistics.end()
        assert not any(thread.is_alive() for thread in self._threads), "a client of the workload hangs"
        if self._broke:
            raise AssertionError("A script of the workload is broken") from self._broke[0]

    def fault(self, what: str, *, lasting: float = 3.0) -> AbstractContextManager[None]:
        """Announce a fault that customers may notice: see `Ground.fault`."""
        return self.ground.fault(what, lasting=lasting)

    def summary(self, *, begin_anew: bool = False) -> Summary:
        return self.statistics.summary(begin_anew=begin_anew)

    def _customer(self, client: Client) -> Callable[[], None]:
        return lambda: Customer(client).visit()

    def _staff(self, login: tuple[str, str]) -> Callable[[Client], Callable[[], None]]:
        return lambda client: StaffMember(client, *login).work

    def _run(self, who: str, role: Callable[[Client], Callable[[], None]]) -> None:
        client = Client(self.ground, who, random.Random(f"{self.seed} {who}"))
        act = role(client)
        pause = STAFF_PAUSE_SECONDS if who == "staff" else CUSTOMER_PAUSE_SECONDS
        try:
            while not self.ground.stopping.wait(client.dice.uniform(0, 2 * pause)):
                try:
                    act()
                except GaveUp:
                    continue
        except Stopped:
            pass
        except BaseException as error:  # noqa: BLE001  # told by `end`: a thread has nobody else to tell
            self._broke.append(error)
        finally:
            client.close()
