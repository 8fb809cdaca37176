"""The first copy of a module's data between two servers, beside a bare COPY between the same two databases.

    python -m tests.benchmarks.extraction_copy [ORDERS]

The floor is one COPY of each table through the same relay into the same indexes. The copy adds chunks, the cursor, and a commit
for each; over one stream it aims at 75 % of the floor or better, over several at more than the floor.
"""

from __future__ import annotations

import sys
import time

from psycopg import sql

from infra.extraction.data import capture, stream
from infra.extraction.data.connections import connect
from infra.extraction.data.copying import default_streams
from infra.extraction.data.relay import relay
from infra.extraction.data.step import Applier
from infra.extraction.data.tables import carried_tables
from tests.benchmarks.extraction_servers import LINES, NAMES, median, two_servers
from tests.extraction.data.shop import Pair

AIM = 0.75
ROUNDS = 3


def bare_copy(pair: Pair) -> float:
    """Return the seconds that one COPY per table takes."""
    empty(pair)
    with connect(pair.source, "bench") as source, connect(pair.target, "bench") as target:
        tables = carried_tables(source, pair.source.schema, NAMES)
        began = time.perf_counter()
        for table in tables:
            relay(
                source,
                sql.SQL("SELECT {} FROM {}").format(table.column_list, table.on(pair.source.schema)),
                target,
                sql.SQL("{} ({})").format(table.on(pair.target.schema), table.column_list),
                binary=True,
            )
        return time.perf_counter() - began


def first_copy(pair: Pair, streams: int) -> float:
    """Return the seconds that a first copy takes."""
    empty(pair)
    with connect(pair.source, "bench") as source, connect(pair.target, "bench") as target:
        capture.install(source, pair.source, NAMES)
        stream.begin(source, target, (pair.source, pair.target), NAMES)
    with Applier(pair.source, pair.target, NAMES, streams=streams) as applier:
        began = time.perf_counter()
        applier.copy_all()
        return time.perf_counter() - began


def empty(pair: Pair) -> None:
    with connect(pair.target, "bench") as target:
        stream.end(target, pair.target)
        target.execute("TRUNCATE xshop_elsewhere.purchase, xshop_elsewhere.purchase_line")


def main(orders: int = 100_000) -> None:
    say = sys.stdout.write
    many = max(2, default_streams())
    with two_servers(orders) as pair:
        floors, single, parallel = [], [], []
        for _ in range(ROUNDS):  # in turns, so that what else the machine does meets all of them
            floors.append(bare_copy(pair))
            single.append(first_copy(pair, 1))
            parallel.append(first_copy(pair, many))
    rows = orders * (1 + LINES)
    floor = median(floors)
    # Each beside the floor of its own round.
    ratio = median(here / there for here, there in zip(floors, single, strict=True))
    beside = median(here / there for here, there in zip(floors, parallel, strict=True))
    say(f"bare COPY           {rows / floor:>10,.0f} rows/s\n")
    say(f"first copy          {rows / median(single):>10,.0f} rows/s  {ratio:.0%} of it, one stream (aim: {AIM:.0%})\n")
    say(f"first copy          {rows / median(parallel):>10,.0f} rows/s  {beside:.0%} of it, {many} streams\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
