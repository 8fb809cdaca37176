"""Customers write all the time while the truth goes there and back; nothing is lost, doubled, or accepted on two sides."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg

from infra.extraction.sides import Side
from infra.extraction.switch.connecting import Deadlines
from infra.extraction.switch.errors import Elsewhere
from infra.extraction.switch.patience import switch_patiently
from infra.extraction.switch.polite import enter
from tests.extraction.switch.two_sides import as_application, as_owner, one, plain_work

SWITCHES = 20
DEADLINES = Deadlines(gate=0.5, hold=1.5, drain=0.5, statement=1.5)


class Customer:
    """Writes entries with their balance, one transaction each, and asks again at the other side when refused."""

    def __init__(self, sides: tuple[Side, Side], seed: int, *, polite: bool, level: str) -> None:
        self._connections = [as_application(side) for side in sides]
        self._dice = random.Random(seed)
        self._polite = polite
        self._level = level
        self._place = 0
        self.acknowledged: list[UUID] = []
        self.refused = 0
        self.longest = 0.0

    def run(self, ending: threading.Event) -> None:
        while not ending.is_set():
            entry, account, amount = uuid4(), self._dice.randint(1, 8), self._dice.randint(1, 99)
            began = time.monotonic()
            while not self._write(entry, account, amount):
                self._place = 1 - self._place
                ending.wait(0.002)
                assert time.monotonic() - began < 30, "no side accepts writes"
            self.longest = max(self.longest, time.monotonic() - began)
            self.acknowledged.append(entry)
        for connection in self._connections:
            connection.close()

    def _write(self, entry: UUID, account: int, amount: int) -> bool:
        connection = self._connections[self._place]
        try:
            with connection.transaction():
                connection.execute(f"SET TRANSACTION ISOLATION LEVEL {self._level}")
                if self._polite:
                    with connection.cursor() as cursor:
                        enter(cursor, "ledger_xtr")
                connection.execute(
                    "INSERT INTO entry (id, account, amount) VALUES (%s, %s, %s)",
                    [entry, account, amount],
                    prepare=True,
                )
                connection.execute(
                    "UPDATE account SET balance = balance + %s, version = version + 1 WHERE id = %s",
                    [amount, account],
                    prepare=True,
                )
        except (Elsewhere, psycopg.errors.InsufficientPrivilege):
            self.refused += 1
            return False
        except psycopg.errors.SerializationFailure:
            self._place = 1 - self._place  # the same side again
            return False
        return True


def watch(sides: tuple[Side, Side], ending: threading.Event) -> Counter[str]:
    """Look who may write: one side, the other, and the first again, so that a switch in between is no alarm."""
    seen: Counter[str] = Counter()
    query = "SELECT has_table_privilege(%s, 'ledger.entry', 'INSERT'), (SELECT epoch FROM ledger_xtr.gate)"
    with as_owner(sides[0]) as first, as_owner(sides[1]) as second:
        while not ending.wait(0.002):
            looks = [
                connection.execute(query, [sides[0].application_role]).fetchone()
                for connection in (first, second, first)
            ]
            assert all(looks)
            before, other, after = (look or (False, 0) for look in looks)
            seen["looks"] += 1
            seen["both"] += bool(before[0] and other[0] and after[0] and before[1] == after[1])
    return seen


def test_no_write_is_lost_or_doubled_while_the_truth_goes_there_and_back(sides: tuple[Side, Side]) -> None:
    ending = threading.Event()
    kinds = [(True, "READ COMMITTED"), (True, "READ COMMITTED"), (False, "REPEATABLE READ"), (False, "SERIALIZABLE")]
    customers = [Customer(sides, seed, polite=polite, level=level) for seed, (polite, level) in enumerate(kinds)]
    holds: list[float] = []
    spent: list[Mapping[str, float]] = []
    with ThreadPoolExecutor(len(customers) + 1) as pool:
        running = [pool.submit(customer.run, ending) for customer in customers]
        watching = pool.submit(watch, sides, ending)
        try:
            source, target = sides
            for _ in range(SWITCHES):
                ending.wait(0.1)
                done = switch_patiently(source, target, plain_work(source, target), by="a test", deadlines=DEADLINES)
                holds.append(done.hold_seconds)
                spent.append(done.seconds)
                source, target = target, source
        finally:
            ending.set()
        for each in running:
            each.result()
        seen = watching.result()
    acknowledged = {entry for customer in customers for entry in customer.acknowledged}
    with as_owner(source) as there:
        stored = [row[0] for row in there.execute("SELECT id FROM entry").fetchall()]
        wrong = one(
            there,
            "SELECT count(*) FROM account a WHERE balance <> (SELECT coalesce(sum(amount), 0) FROM entry WHERE account = a.id)"
            " OR version <> (SELECT count(*) FROM entry WHERE account = a.id)",
        )
    holds.sort()
    steps = ", ".join(f"{step} {1000 * sorted(each[step] for each in spent)[SWITCHES // 2]:.0f}" for step in spent[0])
    sys.stdout.write(
        f"\n{len(stored)} writes over {SWITCHES} switches: hold p50 {holds[len(holds) // 2] * 1000:.0f} ms,"
        f" p99 {holds[-1] * 1000:.0f} ms, longest wait of a customer"
        f" {max(customer.longest for customer in customers) * 1000:.0f} ms, {seen['looks']} looks,"
        f" {sum(customer.refused for customer in customers)} refused and sent on\n"
        f"p50 of each step in ms: {steps}\n"
    )
    assert len(stored) == len(set(stored)), "doubled"
    assert set(stored) == acknowledged, "lost, or never acknowledged"
    assert wrong == 0, "torn transactions"
    assert seen["both"] == 0
    assert all(customer.acknowledged for customer in customers)
