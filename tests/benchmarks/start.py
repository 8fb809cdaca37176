"""Seconds from `manage.py serve` to a shop that answers: with nothing there, and again with everything there."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.shop_process import free_port

REPOSITORY = Path(__file__).resolve().parents[2]


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="banyan-bench-"))
    folder.chmod(0o755)
    try:
        table = Table("start", "seconds", "schemas, catalogue and accounts")
        table.add_row("first", f"{seconds_to_open(folder):.1f}", "made")
        table.add_row("second", f"{seconds_to_open(folder):.1f}", "there already")
        Console().print(table)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seconds_to_open(folder: Path) -> float:
    began = time.perf_counter()
    shop = subprocess.Popen(
        [sys.executable, "manage.py", "serve"],
        cwd=REPOSITORY,
        env=os.environ | {"BANYAN_STATE_DIR": str(folder), "PORT": str(free_port())},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shop.stdout is not None
    for line in shop.stdout:
        if "is open" in line:
            break
    seconds = time.perf_counter() - began
    shop.send_signal(signal.SIGINT)
    shop.communicate()
    return seconds


if __name__ == "__main__":
    main()
