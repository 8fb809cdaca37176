"""Seconds that the static boundary rules take on this repository, in a process that has read nothing yet."""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).resolve().parents[2]
ROUNDS = 5
WANTED = 2.0  # seconds, so that it runs before every commit
COLD = """
import time
began = time.perf_counter()
from pathlib import Path
from infra.boundaries.discovery import manifests_in
from infra.boundaries.static import banyan_project, check
loaded = time.perf_counter()
project = banyan_project(Path("."), manifests_in("modules"))
read = time.perf_counter()
found = check(project)
done = time.perf_counter()
print(loaded - began, read - loaded, done - read, len(project.sources), len(found))
"""


def main() -> None:
    """Print the median of each part, and whether the whole stays below what we promise."""
    rounds = [[*map(float, _run().split())] for _ in range(ROUNDS)]
    loading, reading, checking, sources, found = (statistics.median(column) for column in zip(*rounds, strict=True))
    table = Table("static boundary rules", "seconds")
    table.add_row("import-linter and the rules are loaded", f"{loading:.2f}")
    table.add_row(f"{sources:.0f} files are read", f"{reading:.2f}")
    table.add_row(f"all rules look ({found:.0f} findings)", f"{checking:.2f}")
    whole = loading + reading + checking
    table.add_row(f"together (wanted: below {WANTED})", f"{whole:.2f}")
    Console().print(table)
    if whole >= WANTED:
        raise SystemExit(f"The static boundary rules took {whole:.2f} s.")


def _run() -> str:
    return subprocess.run(
        [sys.executable, "-c", COLD], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout


if __name__ == "__main__":
    main()
