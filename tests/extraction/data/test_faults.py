"""Real processes: an applier that is killed, frozen, or cut off from either server, and servers that go away under it.

Writers write all the time. At the end nothing is missing, nothing is left over, and everything goes on by itself.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from infra.extraction.data import stream
from infra.extraction.data.comparison import compare
from infra.extraction.sides import Side
from tests.databases import SERVER_URL_VARIABLE
from tests.extraction.data.applying import as_json
from tests.extraction.data.shop import Pair, fill, two_databases
from tests.extraction.data.test_fuzz import write
from tests.faults.network import Link
from tests.waiting import eventually

ROUNDS = int(os.environ.get("BANYAN_FAULT_ROUNDS", "1"))  # of the same fault in each test


@dataclass
class Process:
    """An applier's process and what it said."""

    running: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)

    def listen(self) -> None:
        assert self.running.stdout is not None
        for line in self.running.stdout:
            self.said.append(line.strip())


@contextmanager
def applying(source: Side, target: Side) -> Iterator[Process]:
    running = subprocess.Popen(
        [sys.executable, "-m", "tests.extraction.data.applying", as_json(source), as_json(target)],
        cwd=settings.BASE_DIR,
        stdout=subprocess.PIPE,
        text=True,
    )
    process = Process(running)
    listening = threading.Thread(target=process.listen)
    listening.start()
    try:
        yield process
    finally:
        running.kill()
        running.wait()
        listening.join()
        assert running.stdout is not None
        running.stdout.close()


@contextmanager
def writing(pair: Pair, seed: int) -> Iterator[None]:
    stop = threading.Event()
    writer = threading.Thread(target=write, args=(pair, random.Random(seed), stop, []))
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


def goes_on(pair: Pair, process: Process) -> None:
    """Wait until something is carried again."""
    with pair.owner(pair.target) as target:
        before = stream.read(target, pair.target).steps
        try:
            eventually(lambda: stream.read(target, pair.target).steps > before + 1, "the applier goes on", seconds=120)
        except AssertionError as error:
            raise AssertionError(f"{error} It said {process.said[-3:]}; {sessions_of(pair)}") from error


def sessions_of(pair: Pair) -> list[tuple[object, ...]]:
    """Return what the sessions on the target do and wait for, to understand a failure."""
    with pair.owner(pair.target) as target:
        return target.execute(
            "SELECT pid, application_name, state, wait_event, pg_blocking_pids(pid), left(query, 200) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()


def lasts(seconds: float) -> None:
    """Let a fault, or what comes before it, last for a time; nothing is expected within it."""
    threading.Event().wait(seconds)


def end_equal(pair: Pair) -> None:
    with pair.applier() as applier:
        applier.copy_all()
        applier.step()
        assert compare(applier, everything=True).differences == ()
    assert pair.differences() == {}


def through(link: Link, side: Side) -> Side:
    return replace(side, owner_url=link.through(side.owner_url))


@contextmanager
def linked(pair: Pair) -> Iterator[tuple[Link, Link]]:
    information = psycopg.conninfo.conninfo_to_dict(pair.source.owner_url)
    address = (str(information["host"]), int(str(information["port"])))
    with Link(address) as first, Link(address) as second:
        yield first, second


CUTS: dict[str, Callable[[Link], None]] = {
    "cut": lambda link: link.cut(),
    "no answer": lambda link: link.stop("back"),
    "nothing passes": lambda link: link.stop(),
    "the answer to a commit is lost": lambda link: link.lose_answer_to(b"COMMIT"),
    "slow": lambda link: setattr(link, "delay_seconds", 0.02),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("place", ["source", "target"])
def test_a_link_that_fails_costs_time_and_no_row(pair: Pair, place: str, cut: str) -> None:
    with pair.application() as shop:
        fill(shop)
    pair.begin()
    with linked(pair) as links, writing(pair, 1):
        link = links[place == "target"]
        with applying(through(links[0], pair.source), through(links[1], pair.target)) as process:
            for _ in range(ROUNDS):
                goes_on(pair, process)
                CUTS[cut](link)
                if cut == "the answer to a commit is lost":
                    eventually(lambda: link.broken_on_purpose, "a commit's answer was lost")
                    link.broken_on_purpose = 0
                elif cut == "slow":
                    goes_on(pair, process)
                else:
                    lasts(0.3)
                link.mend()
                link.resume()
                link.delay_seconds = 0
            goes_on(pair, process)
    end_equal(pair)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_process_that_is_killed_or_frozen_at_any_moment_is_followed_by_another(pair: Pair, seed: int) -> None:
    dice = random.Random(seed)
    with pair.application() as shop:
        fill(shop, 80)
    pair.begin()
    with writing(pair, seed):
        for _ in range(3 * ROUNDS):
            with applying(pair.source, pair.target) as process:
                eventually(lambda process=process: process.said, "it began", seconds=60)  # type: ignore[misc]
                lasts(dice.uniform(0.0, 0.3))
                process.running.send_signal(dice.choice([signal.SIGKILL, signal.SIGSTOP]))
                with applying(pair.source, pair.target) as successor:
                    goes_on(pair, successor)
                    with suppress(ProcessLookupError):
                        process.running.send_signal(signal.SIGCONT)  # a zombie finds that it lost its lease
                    goes_on(pair, successor)
    end_equal(pair)


@pytest.mark.parametrize("place", ["source", "target"])
def test_a_server_that_is_restarted_under_the_applier_is_found_again(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with two_servers(tmp_path, monkeypatch) as (pair, restart):
        with pair.application() as shop:
            fill(shop)
        pair.begin()
        with applying(pair.source, pair.target) as process:
            for _ in range(ROUNDS):
                goes_on(pair, process)
                restart(place)
                with pair.application() as shop:
                    shop.execute("UPDATE xshop.category SET mood = 'cross'; DELETE FROM xshop.tag WHERE name LIKE '%7'")
            goes_on(pair, process)
        end_equal(pair)


@contextmanager
def two_servers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Pair, Callable[[str], None]]]:
    """Have each side on a server of its own, reached by a link, as a server may come back on another port."""
    servers = {place: EmbeddedServer(folder / place, durable=True) for place in ("source", "target")}
    with ExitStack() as stack:
        links = {}
        for place, server in servers.items():
            stack.enter_context(server.in_use())
            links[place] = stack.enter_context(Link(("127.0.0.1", server.port())))

        def restart(place: str) -> None:
            servers[place].stop()
            servers[place].start()
            links[place].lead_to(("127.0.0.1", servers[place].port()))

        urls = {place: link.through(servers[place].url(SUPERUSER, "postgres")) for place, link in links.items()}
        monkeypatch.setenv(SERVER_URL_VARIABLE, urls["source"])
        with two_databases(elsewhere=urls["target"]) as pair:
            yield pair, restart
