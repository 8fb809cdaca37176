"""Starting relays and Celery workers as real processes on the tests' databases."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connections

from tests.infra.events.process_app import KILLED_ONCE, NOTED

ROOT = Path(settings.BASE_DIR)


def environment(folder: Path, broker_url: str = "") -> dict[str, str]:
    keys = ("NAME", "HOST", "PORT", "USER", "PASSWORD")
    addresses = {
        alias: {key: connections.settings[alias][key] for key in keys} for alias in ("default", *settings.MODULES)
    }
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.infra.events.process_settings",
        "BANYAN_TEST_DATABASES": json.dumps(addresses),
        "CELERY_BROKER_URL": broker_url,
        KILLED_ONCE: str(folder / "killed-once"),
        NOTED: str(folder / "noted"),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "default",
        "COVERAGE_PROCESS_START": "",
    }


@contextmanager
def process(command: list[str], log: Path, variables: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a process with its children for the length of a block; its log is shown when the test fails."""
    with log.open("ab") as output:
        started = subprocess.Popen(
            command, cwd=ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        yield started
    except BaseException:
        print(f"--- {log.name}\n{log.read_text(errors='replace')[-6000:]}")  # noqa: T201 - pytest shows it on failure
        raise
    finally:
        kill(started)


def kill(started: subprocess.Popen[bytes]) -> None:
    """Kill the process and its children at once, as a lost machine would; a repeat changes nothing."""
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def relay_command() -> list[str]:
    return [sys.executable, "-m", "django", "relay"]


def worker_command(*, processes: int = 2) -> list[str]:
    return [
        sys.executable, "-m", "celery", "--app", "monolith.celery", "worker", "--concurrency", str(processes),
        "--loglevel", "warning", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip
