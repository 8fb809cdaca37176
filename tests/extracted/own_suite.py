"""A module's own tests, run in the composition root of its service: its addresses, its settings, its one database."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Staff look at modules in the admin of the single web app, which no service has.
LEFT_OUT = ("test_admin.py",)


def run_own_suite(module: str, *options: str) -> int:
    """Run tests/<module> with the settings of its service; return how many tests passed, when none failed.

    Contracts are asked in process, through the service's HTTP stack and over a socket, as in the single web app.
    """
    # The outer run's plugins and process numbers are not the inner one's.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV", "DJANGO"))}
    completed = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "--ds=tests.extracted.settings", f"tests/{module}"),
            *(f"--ignore-glob=*/{name}" for name in LEFT_OUT),
            *options,
        ],
        cwd=ROOT,
        env=inherited | {"TESTED_SERVICE": module},
        capture_output=True,
        text=True,
    )
    assert completed.returncode == 0, completed.stdout[-8000:] + completed.stderr[-2000:]
    passed = re.search(r"(\d+) passed", completed.stdout)
    return int(passed[1]) if passed else 0
