"""Customers write all the time, in several processes, while the module goes there and back."""

from __future__ import annotations

import os
import sys

from infra.extraction.move import operations
from infra.extraction.move.status import status
from tests.extraction.move.customers import Customers, equal_soon
from tests.extraction.move.place import MODULE, Place
from tests.waiting import eventually

ADA, WHY = "ada", "to try it"
SWITCHES = int(os.environ.get("BANYAN_SWITCHES", "6"))


def copied() -> bool:
    found = status(MODULE)
    return found.copied and bool(found.comparison)


def test_no_write_is_lost_or_doubled_while_the_module_goes_there_and_back(place: Place) -> None:
    place.start("carrier")
    customers = Customers.coming(place, processes=2, threads=2, rest_seconds=0.005)
    place.begin()
    eventually(copied, "the carrier copied and compared", seconds=60)
    done = []
    for number in range(SWITCHES):
        customers.wait_for_writes(40)
        said: list[str] = []
        exchange = operations.switch if number % 2 == 0 else operations.reverse
        done.append(exchange(MODULE, who=ADA, why=WHY, report=said.append))
    customers.wait_for_writes(20)
    found = status(MODULE)
    customers.leave()
    equal_soon(place)

    customers.check()
    holds, felt = sorted(each.hold_seconds for each in done), sorted(each.felt_seconds for each in done)
    steps = {step: sorted(each.steps[step] for each in done)[len(done) // 2] for step in done[0].steps}
    sys.stdout.write(
        f"\n{len(customers.acknowledged)} writes over {SWITCHES} switches ({sum(each.tries for each in done)} tries):"
        f" database hold p50 {holds[len(holds) // 2] * 1000:.0f} ms, p99 {holds[len(holds) * 99 // 100] * 1000:.0f} ms; felt"
        f" p50 {felt[len(felt) // 2] * 1000:.0f} ms, p99 {felt[len(felt) * 99 // 100] * 1000:.0f} ms; longest wait of a customer"
        f" {max(customers.waits) * 1000:.0f} ms; {dict(customers.told)}; lag {found.lag_ms}\n"
        f"p50 of each step in ms: { {step: round(1000 * seconds, 1) for step, seconds in steps.items()} }\n"
    )
    assert found.incidents == 0
    assert all(each.acknowledged for each in done)
