"""How long writers are held while the truth changes sides, and how long when the coordinator freezes in the middle of it.

    python -m tests.benchmarks.extraction_switch [SWITCHES]

The real data step and the real switch between two servers, there and back, while processes of customers place orders: most ask at
the gate first, some do not and are refused and sent on. The hold is what the databases make of it, from the gate to the opening;
the longest gap is what customers see: the longest time in which nobody's order was committed. The floor is as many durable
commits, one after the other on the two servers, as a switch can't do without. The aims: p50 25 ms and p99 100 ms; 500 ms with a
frozen coordinator, whose session the server ends after 300 ms.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event

import psycopg
from psycopg import sql

from infra.extraction.data.connections import connect
from infra.extraction.sides import Side
from infra.extraction.switch import gate
from infra.extraction.switch.connecting import Deadlines
from infra.extraction.switch.errors import SwitchError, TookTooLong, WentBack
from infra.extraction.switch.recovery import recover
from infra.extraction.switch.transitions import State
from tests.benchmarks.extraction_servers import NAMES, at, median, place_order, two_servers
from tests.extraction.data.shop import application_url
from tests.extraction.joined import Joined, joined

AIM_P50, AIM_P99, AIM_FROZEN = 25, 100, 500
CUSTOMERS = 3  # processes; the last of them never asks at the gate
PAUSE_SECONDS = 0.02  # of a customer between two orders
FREEZES = 5
WATCH_SECONDS = 0.05
COMMITS = 5  # fence, data, ready, give, open
_spawn = multiprocessing.get_context("spawn")


def buy(sides: tuple[Side, Side], polite: bool, stop: Event, told: Pipe) -> None:
    """Place orders wherever they are accepted; tell when each was committed, and how many attempts were refused."""
    committed, refused, place = [], 0, 0
    shops = [psycopg.connect(application_url(side), autocommit=True) for side in sides]
    while not stop.is_set():
        side = sides[place]
        asks = (
            f"SELECT pg_advisory_xact_lock_shared(hashtextextended('{side.control_schema} gate', 0))" if polite else ""
        )
        try:
            place_order(shops[place], f"{side.schema}.purchase", before_each=asks)
            committed.append(time.monotonic())
            stop.wait(PAUSE_SECONDS)
        except psycopg.errors.InsufficientPrivilege:
            refused += 1
            place = 1 - place
            time.sleep(0.002)
    for shop in shops:
        shop.close()
    told.send((committed, refused))


@contextmanager
def customers(sides: tuple[Side, Side], heard: list[tuple[list[float], int]]) -> Iterator[None]:
    stop, buying = _spawn.Event(), []
    for number in range(CUSTOMERS):
        hearing, telling = _spawn.Pipe()
        process = _spawn.Process(target=buy, args=(sides, number < CUSTOMERS - 1, stop, telling))
        process.start()
        buying.append((process, hearing))
    try:
        yield
    finally:
        stop.set()
        for process, hearing in buying:
            heard.append(hearing.recv())
            process.join()


def freeze(texts: tuple[str, str]) -> None:
    """Switch, and stand still in the middle of it as a machine does that is paused."""
    sides = [Side(**json.loads(text)) for text in texts]

    def stand_still(step: str, moment: str) -> None:
        if (step, moment) == ("data", "before"):
            os.kill(os.getpid(), signal.SIGSTOP)

    with suppress(SwitchError, psycopg.Error):
        Joined(sides[0], sides[1], NAMES).switch(deadlines=Deadlines(), on_step=stand_still)


def watch(sides: tuple[Side, Side], stop: threading.Event) -> None:
    """Bring the sides to rest as soon as nobody holds the gate of a side that is fenced, as a carrier does."""
    with connect(sides[0], "watch") as first, connect(sides[1], "watch") as second:
        fenced: object = None
        while not stop.wait(WATCH_SECONDS):
            rows = gate.read(first, sides[0]), gate.read(second, sides[1])
            moving = rows[0].epoch != rows[1].epoch or State.GIVEN in (rows[0].state, rows[1].state)
            names = [f"{side.control_schema} gate" for side in sides]
            held = any(
                not connection.execute(
                    "SELECT pg_try_advisory_xact_lock_shared(hashtextextended(%s, 0))", [name]
                ).fetchall()[0][0]
                for connection, name in zip((first, second), names, strict=True)
            )
            if moving and not held and fenced == rows:
                with suppress(SwitchError):
                    recover(*sides, by="watch")
            fenced = rows


def switches(made: Joined, count: int) -> tuple[list[float], dict[str, float], int]:
    """Return how long each held in milliseconds, the median of each step, and how many tries went back."""
    holds, steps, back = list[float](), list[Mapping[str, float]](), 0
    while len(holds) < count:
        try:
            done = made.switch(deadlines=Deadlines())
        except (TookTooLong, WentBack):
            back += 1
            continue
        holds.append(done.hold_seconds * 1e3)
        steps.append(done.seconds)
    return holds, {name: median(each[name] for each in steps) * 1e3 for name in steps[0]}, back


def floor_milliseconds(made: Joined) -> float:
    """Return how long as many small durable commits take, in turns on both servers."""
    took = []
    with connect(made.primary, "bench") as here, connect(made.standby, "bench") as there:
        for connection in (here, there):
            connection.execute(
                sql.SQL("CREATE TABLE IF NOT EXISTS {}.floor (n integer)").format(
                    sql.Identifier(made.primary.control_schema if connection is here else made.standby.control_schema)
                )
            )
        for _ in range(30):
            began = time.perf_counter()
            for number in range(COMMITS):
                connection, side = ((here, made.primary), (there, made.standby))[number % 2]
                connection.execute(
                    sql.SQL("INSERT INTO {}.floor VALUES (1)").format(sql.Identifier(side.control_schema))
                )
            took.append((time.perf_counter() - began) * 1e3)
    return median(took)


def gaps(heard: list[tuple[list[float], int]]) -> list[float]:
    committed = sorted(itertools.chain.from_iterable(times for times, _ in heard))
    return sorted((later - earlier) * 1e3 for earlier, later in itertools.pairwise(committed))


def main(count: int = 50) -> None:
    say = sys.stdout.write
    with two_servers(2000) as pair, joined(pair, NAMES) as made:
        floor = floor_milliseconds(made)
        heard: list[tuple[list[float], int]] = []
        began = time.monotonic()
        with customers((made.primary, made.standby), heard):
            holds, steps, back = switches(made, count)
        seconds = time.monotonic() - began
        orders = sum(len(times) for times, _ in heard)
        say(f"{COMMITS} durable commits   {floor:>8.1f} ms\n")
        say(
            f"hold                p50 {at(holds, 0.5):.1f} ms (aim: {AIM_P50}), p99 {at(holds, 0.99):.1f} ms (aim: {AIM_P99}),"
            f" {at(holds, 0.5) / floor:.1f} times the commits; {count} switches, {back} more went back\n"
        )
        say(f"                    of which {', '.join(f'{name} {value:.1f}' for name, value in steps.items())}\n")
        say(
            f"customers           {orders / seconds:.0f} orders/s, {sum(refused for _, refused in heard)} refused and sent on,"
            f" longest gap {gaps(heard)[-1]:.0f} ms\n"
        )
        frozen = [longest_gap_of_a_freeze(made) for _ in range(FREEZES)]
        say(f"frozen coordinator  longest gap {max(frozen):.0f} ms of {FREEZES} (aim: {AIM_FROZEN})\n")


def longest_gap_of_a_freeze(made: Joined) -> float:
    heard: list[tuple[list[float], int]] = []
    sides, ending = (made.primary, made.standby), threading.Event()
    watching = threading.Thread(target=watch, args=(sides, ending))
    watching.start()
    texts = tuple(
        json.dumps(
            {"name": s.name, "owner_url": s.owner_url, "application_role": s.application_role, "schema": s.schema}
        )
        for s in sides
    )
    coordinator = _spawn.Process(target=freeze, args=(texts,))
    with customers(sides, heard):
        coordinator.start()
        _wait_until_stopped(coordinator)
        time.sleep(1.5)
    coordinator.kill()
    coordinator.join()
    ending.set()
    watching.join()
    recover(*sides, by="bench")
    return gaps(heard)[-1]


def _wait_until_stopped(process: multiprocessing.process.BaseProcess) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
            if stat.read().rpartition(")")[2].split()[0] == "T":
                return
        time.sleep(0.005)
    raise TimeoutError("the coordinator did not come to its step")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
