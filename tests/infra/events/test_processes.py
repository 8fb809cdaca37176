"""The relay as a real process, killed at any moment."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.events import effects
from tests.infra.events.announcing import announce, announce_numbers
from tests.infra.events.facts import AlsoHappened
from tests.infra.events.process_app import FATAL_NUMBER
from tests.infra.events.processes import ROOT, environment, kill, process, relay_command
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("effects")

KEYS = 12
EVENTS_OF_A_KEY = 100


def test_a_relay_killed_again_and_again_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    for key in range(KEYS):
        announce_numbers(f"key-{key}", *range(EVENTS_OF_A_KEY))
    total = KEYS * EVENTS_OF_A_KEY
    log, variables = tmp_path / "relay.log", environment(tmp_path)

    for kills in range(1, 4):
        enough = random.randint(1, total * kills // 5)
        with process(relay_command(), log, variables) as relay:
            eventually(lambda enough=enough: effects.count() >= enough, f"{enough} events are handled")  # type: ignore[misc]
            kill(relay)
    with process(relay_command(), log, variables):
        eventually(lambda: effects.count() >= total, "all events are handled")

    assert effects.remembered() == {f"key-{key}": list(range(EVENTS_OF_A_KEY)) for key in range(KEYS)}


def test_a_handler_that_kills_its_process_once_is_tried_again(tmp_path: Path) -> None:
    announce(*(AlsoHappened(key="a", number=number) for number in (1, FATAL_NUMBER, 2)))
    log, variables = tmp_path / "relay.log", environment(tmp_path)

    with process(relay_command(), log, variables) as first:
        eventually(lambda: first.poll() is not None, "the first relay is dead")
    with process(relay_command(), log, variables):
        eventually(lambda: effects.count() == 3, "the events are handled")

    assert effects.remembered() == {"a": [1, FATAL_NUMBER, 2]}


def test_a_relay_asked_to_stop_ends_the_work_in_hand(tmp_path: Path) -> None:
    announce_numbers("a", *range(50))
    log = tmp_path / "relay.log"

    with process(relay_command(), log, environment(tmp_path)) as relay:
        eventually(lambda: effects.count() > 0, "the relay works")
        relay.terminate()
        relay.wait(20)

    assert relay.returncode == 0
    assert log.read_text().splitlines()[-1] == "Stopped."
    assert "Traceback" not in log.read_text()


def test_a_web_process_relays_from_its_first_moment_and_ends_cleanly(tmp_path: Path) -> None:
    announce_numbers("a", *range(50))
    script = """
import sys, monolith.wsgi
from tests.infra.events import effects
from tests.waiting import eventually
eventually(lambda: effects.count() == 50, "the events are handled")
"""

    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment(tmp_path), cwd=ROOT, capture_output=True, text=True, timeout=60
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert effects.remembered() == {"a": list(range(50))}
