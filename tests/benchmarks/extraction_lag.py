"""How long after its commit a write stands on the other side, at a steady load.

    python -m tests.benchmarks.extraction_lag [SECONDS]

A process of its own places orders at a fixed rate; another carries them. Each tenth order is looked for on the target, which
is asked without pause, so the lag includes that question. The floor is the same question about a row that stands there already.
The aim is 50 ms at the 99th percentile of 500 transactions a second.
"""

from __future__ import annotations

import multiprocessing
import sys
import threading
import time
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event

import psycopg

from infra.extraction.data import capture, stream
from infra.extraction.data.connections import connect
from infra.extraction.data.step import Applier
from infra.extraction.sides import Side
from tests.benchmarks.extraction_servers import NAMES, at, place_order, spread, two_servers
from tests.extraction.data.shop import application_url

AIM_MILLISECONDS = 50
RATE = 500
EVERY = 10  # order is looked for


def place_orders(url: str, seconds: float, told: Pipe) -> None:
    """Place orders at the rate; tell the number of each tenth, and when its commit was answered."""
    with psycopg.connect(url, autocommit=True) as shop:
        begin, number, late = time.perf_counter(), 0, 0
        while (now := time.perf_counter()) < begin + seconds:
            due = begin + number / RATE
            if now < due:
                time.sleep(due - now)
            late += now > due + 0.1
            order = place_order(shop)
            if number % EVERY == 0:
                told.send((order, time.perf_counter()))
            number += 1
        told.send((number, late))
        told.send(None)


def end_when(stop: Event, ending: threading.Event) -> None:
    stop.wait()
    ending.set()


def carry(source: Side, target: Side, stop: Event) -> None:
    with Applier(source, target, NAMES) as applier:
        ending = threading.Event()
        threading.Thread(target=end_when, args=(stop, ending), daemon=True).start()
        applier.follow(ending)


def main(seconds: float = 15.0) -> None:
    say = sys.stdout.write
    processes = multiprocessing.get_context("spawn")
    with two_servers(1000) as pair, connect(pair.target, "bench") as target:
        with connect(pair.source, "bench") as source:
            capture.install(source, pair.source, NAMES)
            stream.begin(source, target, (pair.source, pair.target), NAMES)
        with Applier(pair.source, pair.target, NAMES) as applier:
            applier.copy_all()
        hearing, telling = processes.Pipe()
        stop = processes.Event()
        carrying = processes.Process(target=carry, args=(pair.source, pair.target, stop))
        placing = processes.Process(target=place_orders, args=(application_url(pair.source), seconds, telling))
        carrying.start()
        placing.start()
        lags, floors, placed = [], [], (0, 0)
        query = "SELECT EXISTS (SELECT FROM xshop_elsewhere.purchase WHERE id = %s AND state = 'placed')"
        while (heard := hearing.recv()) is not None:
            if isinstance(heard[1], int):
                placed = heard[0], heard[1]
                continue
            order, committed_at = heard
            while not target.execute(query, [order]).fetchall()[0][0]:
                pass
            lags.append((time.perf_counter() - committed_at) * 1e3)
            began = time.perf_counter()
            target.execute(query, [order]).fetchall()
            floors.append((time.perf_counter() - began) * 1e3)
        stop.set()
        for process in (placing, carrying):
            process.join()
    say(f"asking              {spread(floors)}\n")
    say(f"lag                 {spread(lags)} at {placed[0] / seconds:.0f} tx/s (aim of p99: {AIM_MILLISECONDS} ms)\n")
    say(f"                    {at(lags, 0.99) / max(at(floors, 0.99), 0.001):.0f} times asking, at p99\n")


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 15.0)
