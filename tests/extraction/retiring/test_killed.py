"""`complete` is killed by a real SIGKILL at each of its steps in turn, typed again each time, and comes to its end."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator

import psycopg
import pytest
from django.utils import timezone

from infra.extraction.data.connections import connect
from infra.extraction.move.detached import carries
from infra.extraction.move.turns import turn
from infra.extraction.record.changing import history, read
from infra.extraction.retiring import exporting, setting_aside
from tests.extraction.move.place import MODULE, ROOT, Place

RETIRING = "infra.extraction.retiring"
# In the order in which they are done, each for the first time: a run goes on from where the one before it was killed.
STEPS = [
    (f"{RETIRING}.looking", "verdicts"),
    (f"{RETIRING}.completing", "verify"),
    (f"{RETIRING}.completing", "changed"),  # after it: before anybody is waited for
    ("infra.extraction.data.strangers", "let_in"),
    ("infra.extraction.data.capture", "remove"),
    ("infra.extraction.data.guards", "release"),
    ("infra.extraction.data.control", "discard"),
    ("infra.extraction.switch.gate", "uninstall"),
    ("infra.extraction.move.clearing", "thaw"),
    (f"{RETIRING}.completing", "_end_the_way_back"),
    (f"{RETIRING}.completing", "_set_free"),
    (f"{RETIRING}.completing", "make_schema"),
    (f"{RETIRING}.completing", "set_aside"),
    (f"{RETIRING}.exporting", "_digest"),
    (f"{RETIRING}.exporting", "export"),
]
DROPPING = [(f"{RETIRING}.completing", step) for step in ("changed", "drop_retired", "_drop")]
Run = Callable[[str], int]


@pytest.fixture
def run(switched: Place) -> Iterator[Run]:
    """Type the command once, as `doomed` is told; returns how it ended."""
    environment = switched.environment() | {"BANYAN_TEST_ADMIN_URL": switched.monolith_admin}
    with (
        turn(carries(MODULE), by="a carrier that has nothing to do"),
        (switched.folder / "doomed.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "tests.extraction.retiring.doomed"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdin
        assert process.stdout
        to, told = process.stdin, process.stdout

        def once(order: str) -> int:
            to.write(f"{order}\n")
            to.flush()
            said = told.readline()
            assert said, (switched.folder / "doomed.log").read_text()
            return int(said)

        yield once
        to.close()


def test_killed_at_each_step_in_turn_it_comes_to_its_end(switched: Place, run: Run) -> None:
    monolith, service = switched.sides
    rows = {name: len(found) for name, found in switched.rows(service).items()}
    log = switched.folder / "doomed.log"

    for module, name in STEPS:
        for moment in ("before", "after"):
            assert run(f"{module} {name} {moment}") == -signal.SIGKILL, (name, moment, log.read_text()[-3000:])
    assert run("- - -") == 0, log.read_text()[-3000:]

    assert read(MODULE).phase == "split"
    assert len([change for change in history(MODULE) if change.after.get("phase") == "split"]) == 1
    retired = setting_aside.retired_schema(MODULE, timezone.localdate())
    assert exporting.damage(retired) == ()
    manifest = exporting.manifest_of(retired)
    assert manifest is not None
    assert {name: count for name, count in manifest["rows"].items() if name in rows} == rows
    switched.write(service)
    assert switched.wrong(service) == []
    with connect(service, "look") as connection:
        left = connection.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'banyan\\_%'").fetchone()
        assert left == (0,)

    for module, name in DROPPING:
        for moment in ("before", "after"):
            ended = run(f"{module} {name} {moment} --drop --grace-days 0")
            assert ended == -signal.SIGKILL, (name, moment, log.read_text()[-3000:])
    assert "drops the retired tables" in history(MODULE)[0].why
    assert run("- - - --drop --grace-days 0") == 0, log.read_text()[-3000:]
    with psycopg.connect(monolith.owner_url) as connection:
        assert connection.execute("SELECT to_regnamespace(%s)", [retired]).fetchone() == (None,)
    assert exporting.damage(retired) == ()
