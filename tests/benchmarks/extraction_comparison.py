"""What it costs to know that both sides are equal: rows compared in a second of CPU, of both servers and the process that asks.

    python -m tests.benchmarks.extraction_comparison [ORDERS]

The floor is the same rows counted in the same ranges on both sides, without looking at any value. The aim is a million rows.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from psycopg import sql

from infra.extraction.data import capture, stream
from infra.extraction.data.comparison import compare
from infra.extraction.data.connections import Connection, connect
from infra.extraction.data.step import Applier
from tests.benchmarks.extraction_servers import LINES, NAMES, median, server_cpu_seconds, two_servers

AIM = 1_000_000
ROUNDS = 3


def main(orders: int = 150_000) -> None:
    say = sys.stdout.write
    rows = orders * (1 + LINES)
    with two_servers(orders) as pair, connect(pair.source, "bench") as source, connect(pair.target, "bench") as target:
        capture.install(source, pair.source, NAMES)
        stream.begin(source, target, (pair.source, pair.target), NAMES)
        with Applier(pair.source, pair.target, NAMES) as applier:
            applier.copy_all()
            for connection, side in ((source, pair.source), (target, pair.target)):
                for name in NAMES:
                    connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(side.schema, name)))
            compare(applier)

            def counted() -> None:
                for connection, side in ((source, pair.source), (target, pair.target)):
                    for name in NAMES:
                        connection.execute(
                            sql.SQL("SELECT count(*), sum(1) FROM {}").format(sql.Identifier(side.schema, name))
                        )

            def compared(*, as_text: bool = False, audit: bool = False) -> Callable[[], None]:
                def run() -> None:
                    found = compare(applier, everything=True, as_text=as_text, audit=audit)
                    assert (found.rows, found.differences) == (rows, ())

                return run

            kinds: dict[str, Callable[[], None]] = {
                "counted": counted,
                "compared": compared(),
                "as text": compared(as_text=True),
                "sha256": compared(audit=True),
            }
            spent: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
            for _ in range(ROUNDS):
                for kind, run in kinds.items():
                    began, busy = time.perf_counter(), cpu(source, target)
                    run()
                    spent[kind].append((cpu(source, target) - busy, time.perf_counter() - began))
    floor = median(busy for busy, _ in spent["counted"])
    for kind, each in spent.items():
        busy, took = median(one[0] for one in each), median(one[1] for one in each)
        aim = f" (aim: {AIM:,})" if kind == "compared" else ""
        say(
            f"{kind:<20}{rows / max(busy, 0.01):>12,.0f} rows per CPU second{aim}, {rows / took:,.0f} per second,"
            f" {busy / max(floor, 0.01):.1f} times counting\n"
        )


def cpu(*connections: Connection) -> float:
    return time.process_time() + sum(server_cpu_seconds(each) or 0.0 for each in connections)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 150_000)
