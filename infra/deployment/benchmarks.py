"""`make bench`: every script in tests/benchmarks, one after the other, so that none disturbs another's figures.

A benchmark is a module there with a `main()`; the files without one are what they share.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = REPOSITORY / "tests" / "benchmarks"


def main(wanted: list[str]) -> None:
    """Run the benchmarks named, all when none is; the exit code tells whether each ran to its end."""
    os.chdir(REPOSITORY)
    known = {file.stem: file for file in sorted(FOLDER.glob("*.py")) if has_main(file)}
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(f"There is no benchmark {unknown[0]}; there are: {', '.join(known) or 'none'}")
    failed = []
    for name in wanted or known:
        sys.stdout.write(f"\n== {name} ==\n")
        sys.stdout.flush()
        if subprocess.run([sys.executable, "-m", f"tests.benchmarks.{name}"]).returncode:
            failed.append(name)
    if failed:
        raise SystemExit(f"make bench: {', '.join(failed)} did not end well")


def has_main(file: Path) -> bool:
    return any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in ast.parse(file.read_text()).body)


if __name__ == "__main__":
    main(sys.argv[1:])
