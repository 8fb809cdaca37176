"""What capture costs on the module's write path: a durable order transaction with it and without.

    python -m tests.benchmarks.extraction_capture [ORDERS]

The floor is the same transaction (three statements, five rows) on tables of the same shape that are not captured. Both are made
in turns, block by block, so that whatever else the machine does meets both. The aim is 15 % more time and 80 microseconds more of
the server's CPU at most, and nothing once capture is taken away.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

import psycopg

from infra.extraction.data import capture
from infra.extraction.data.connections import Connection, connect
from tests.benchmarks.extraction_servers import NAMES, TABLES, cpu_seconds, median, place_order, two_servers
from tests.extraction.data.shop import Pair, application_url

AIM_SHARE, AIM_MICROSECONDS = 0.15, 80
# Where the system puts a server process, beside its client or not, makes a third of an order's time, and it stays there; so
# many rounds with new connections. After each the log is emptied, as an applier does all the time.
ROUND = 200
BLOCK = 20  # one by one, each would find the CPU's caches full of the other's
TABLES_IN_TURN = ("xshop.plain_purchase", "xshop.purchase")


@dataclass(frozen=True)
class Cost:
    """Of one order, in microseconds."""

    floor: float
    floor_cpu: float
    share: float  # more time, at the median of pairs
    cpu: float  # more of the server's


def cost(pair: Pair, owner: Connection, orders: int) -> Cost:
    """Return what an order on the module's tables takes, beside one on tables that are not the module's."""
    took: tuple[list[float], list[float]] = ([], [])
    busy = [0.0, 0.0]
    for turn in range(orders // ROUND):
        _round(application_url(pair.source), turn, took, busy)
        owner.execute("DELETE FROM xshop_xtr.log")
        owner.execute("VACUUM xshop_xtr.log")
    made = len(took[0])
    return Cost(
        floor=median(took[0]) * 1e6,
        floor_cpu=busy[0] / made * 1e6,
        share=median(took[1]) / median(took[0]) - 1,
        cpu=(busy[1] - busy[0]) / made * 1e6,
    )


def _round(url: str, turn: int, took: tuple[list[float], list[float]], busy: list[float]) -> None:
    """Place a round's orders over two new connections, and add what each took and what the server did for it."""
    with psycopg.connect(url, autocommit=True) as first, psycopg.connect(url, autocommit=True) as second:
        both = (first, second) if turn % 2 else (second, first)
        for shop, table in zip(both * 20, TABLES_IN_TURN * 20, strict=True):  # prepared statements, caches
            place_order(shop, table)
        before = [cpu_seconds(shop.info.backend_pid) or 0.0 for shop in both]
        for number in range(ROUND // BLOCK):
            for place in (0, 1) if number % 2 else (1, 0):
                for _ in range(BLOCK):
                    began = time.perf_counter()
                    place_order(both[place], TABLES_IN_TURN[place])
                    took[place].append(time.perf_counter() - began)
        for place, shop in enumerate(both):
            busy[place] += (cpu_seconds(shop.info.backend_pid) or 0.0) - before[place]


def main(orders: int = 4000) -> None:
    say = sys.stdout.write
    with two_servers(1000) as pair, connect(pair.source, "bench") as owner:
        owner.execute(TABLES.replace(".purchase", ".plain_purchase").format(s="xshop"))
        capture.install(owner, pair.source, NAMES)
        during = cost(pair, owner, orders)
        capture.remove(owner, pair.source)
        afterwards = cost(pair, owner, orders // 4)
    say(f"order               {during.floor:>8,.0f} us, {during.floor_cpu:,.0f} us of CPU on the server\n")
    say(f"captured            {during.share:>+8.1%} of time (aim: at most {AIM_SHARE:+.0%})\n")
    say(f"                    {during.cpu:>+8.0f} us of CPU (aim: at most {AIM_MICROSECONDS:+d} us)\n")
    say(f"taken away again    {afterwards.share:>+8.1%} of time, {afterwards.cpu:+.0f} us of CPU\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000)
