"""Writers of all kinds, an applier that is killed again and again, and at the end, and at every moment asked, equal rows.

The seed stands in the test's name; BANYAN_FUZZ_SEED and BANYAN_FUZZ_SECONDS make another or a longer run.
"""

from __future__ import annotations

import os
import random
import threading
import time
from contextlib import suppress

import psycopg
import pytest

from infra.extraction.data.comparison import compare
from infra.extraction.data.pace import Pace
from tests.databases import admin_url
from tests.extraction.data.shop import Pair, fill

SEEDS = [int(os.environ["BANYAN_FUZZ_SEED"])] if "BANYAN_FUZZ_SEED" in os.environ else [1, 2]
SECONDS = float(os.environ.get("BANYAN_FUZZ_SECONDS", "4"))

STATEMENTS = (
    "INSERT INTO xshop.customer SELECT gen_random_uuid(), gen_random_uuid()::text, NULL FROM generate_series(1, {n})",
    """INSERT INTO xshop."order" (customer_id, total) SELECT id, {n} FROM xshop.customer ORDER BY id LIMIT {n}""",
    """INSERT INTO xshop.order_line SELECT id, {n}, 's', 1 FROM xshop."order" ORDER BY id DESC LIMIT 9
    ON CONFLICT (order_id, line) DO UPDATE SET quantity = order_line.quantity + 1""",
    """UPDATE xshop."order" SET total = total + 1, state = 's{n}' WHERE id % {n} = 0""",
    """DELETE FROM xshop."order" WHERE id % 37 = {n} % 37""",
    "UPDATE xshop.order_line SET line = line + 1000 WHERE order_id % 17 = {n} % 17 AND line < 5000",
    """DELETE FROM xshop.customer c WHERE c.id IN (SELECT c.id FROM xshop.customer c LEFT JOIN xshop."order" o
    ON o.customer_id = c.id WHERE o.id IS NULL LIMIT {n})""",
    """WITH pair AS MATERIALIZED (SELECT id, slot FROM xshop.customer WHERE slot IS NOT NULL ORDER BY random() LIMIT 2)
    UPDATE xshop.customer c SET slot = NULL FROM pair WHERE c.id = pair.id""",
    """UPDATE xshop.customer c SET slot = f.slot FROM (SELECT i.id, s.slot FROM
    (SELECT id, row_number() OVER (ORDER BY random()) n FROM xshop.customer WHERE slot IS NULL LIMIT 5) i JOIN
    (SELECT slot, row_number() OVER (ORDER BY random()) n FROM generate_series(1, 40) slot
      WHERE slot NOT IN (SELECT slot FROM xshop.customer WHERE slot IS NOT NULL)) s USING (n)) f WHERE c.id = f.id""",
    "INSERT INTO xshop.ledger (amount, data) SELECT i, repeat('x', 100 * i)::bytea FROM generate_series(1, {n}) i",
    "UPDATE xshop.setting SET name = name || 'x', ratio = {n} WHERE ascii(name) + length(name) = 196 + {n}",
    "DELETE FROM xshop.tag WHERE name LIKE '%{n}'",
    "INSERT INTO xshop.tag SELECT 't' || i FROM generate_series({n}, 90) i ON CONFLICT DO NOTHING",
    "UPDATE xshop.category SET parent_id = (SELECT max(id) FROM xshop.category) WHERE id % 10 = {n} % 10",
    "INSERT INTO xshop.category SELECT max(id) + 1, min(id), 'n' FROM xshop.category",
    "UPDATE xshop.visit SET at = at + interval '{n} hours', who = 'v{n}' WHERE ascii(right(who, 1)) % 10 = {n} % 10",
    "SELECT pg_sleep(0.0{n})",
)


def write(pair: Pair, dice: random.Random, stop: threading.Event, commits: list[int]) -> None:
    """Transactions of one to five statements; some are rolled back, some are refused by the tables."""
    with pair.application() as shop:
        while not stop.is_set():
            level = dice.choice(["READ COMMITTED", "READ COMMITTED", "REPEATABLE READ"])
            with suppress(psycopg.errors.IntegrityError, psycopg.errors.OperationalError):
                shop.execute(f"BEGIN ISOLATION LEVEL {level}")
                for statement in dice.choices(STATEMENTS, k=dice.randint(1, 5)):
                    shop.execute(statement.format(n=dice.randint(1, 30)))
                shop.execute(dice.choice(["COMMIT", "COMMIT", "COMMIT", "ROLLBACK"]))
                commits.append(1)
            shop.rollback()


def kill(pair: Pair, dice: random.Random, stop: threading.Event, killed: list[int], steps: list[int]) -> None:
    """Disconnect the applier on either side at moments of no meaning."""
    with psycopg.connect(admin_url("postgres"), autocommit=True) as administrator:
        names = [
            str(psycopg.conninfo.conninfo_to_dict(side.owner_url)["dbname"]) for side in (pair.source, pair.target)
        ]
        while not stop.wait(dice.uniform(0.01, 0.25) * dice.choice([1, 1, 1, 4])):
            # On a busy machine appliers would live too shortly to do anything: every other one comes to a step.
            if len(killed) % 2 and not stop.is_set():
                before, patience = len(steps), time.monotonic() + 5
                while len(steps) == before and time.monotonic() < patience and not stop.wait(0.005):
                    pass
            # In the list, not in the condition: there it might be evaluated first, on appliers of other databases, too.
            rows = administrator.execute(
                "SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND application_name ~ '^banyan (applier|copying)'",
                [dice.choice(names)],
            ).fetchall()
            killed += [pid for pid, is_gone in rows if is_gone]


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_written_and_whoever_is_killed_both_sides_end_equal(pair: Pair, seed: int) -> None:
    dice = random.Random(seed)
    with pair.application() as shop:
        fill(shop, 40)
        shop.execute("INSERT INTO xshop.tag SELECT 'many' || i FROM generate_series(1, 400) i")
    pair.begin()
    stop, commits, killed, compared = threading.Event(), list[int](), list[int](), 0
    threads = [
        threading.Thread(target=write, args=(pair, random.Random(dice.random()), stop, commits)) for _ in range(3)
    ]
    steps = list[int]()
    threads.append(threading.Thread(target=kill, args=(pair, random.Random(seed), stop, killed, steps)))
    for thread in threads:
        thread.start()
    begun = time.monotonic()

    def goes_on() -> bool:
        spent = time.monotonic() - begun
        return spent < SECONDS or (len(steps) < 30 and spent < 15 * SECONDS)  # a busy machine gets more time

    try:
        while goes_on():
            pace = Pace(rows=25, least=5, most=50, batch=dice.choice([30, 5000]))
            with suppress(psycopg.OperationalError), pair.applier(pace=pace) as applier:
                while goes_on():
                    applier.step() if dice.random() < 0.5 else applier.advance()
                    steps.append(1)
                    if dice.random() < 0.05 and applier.copied:
                        comparison = compare(applier, everything=dice.random() < 0.5)
                        assert comparison.differences == ()
                        compared += 1
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    with pair.applier() as applier:
        applier.copy_all()
        applier.step()
        assert compare(applier, everything=True).differences == ()
    assert pair.differences() == {}
    print(  # noqa: T201
        f"seed {seed}: {len(commits)} transactions, {len(steps)} steps, {len(killed)} kills, {compared} comparisons in flight"
    )
    assert len(steps) > 5
    assert len(commits) > 20
    assert killed
