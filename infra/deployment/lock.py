"""`make lock`: requirements/*.lock anew from requirements/*.in, with hashes, for every platform, naming no index and no path.

`make lock ARGS=--upgrade` takes the newest versions that the .in files allow.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "requirements"
HEADER = "# Made by make lock from {source}. Do not edit.\n"


def main(options: list[str]) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"]
    if subprocess.run([sys.executable, "-m", "uv", "--version"], capture_output=True).returncode:
        subprocess.run(pip, check=True)
    lock("run", options)
    lock("test", [*options, "--constraints", "run.lock"])  # so that the tests test what runs


def lock(name: str, options: list[str]) -> None:
    uv = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes", "--no-header"]
    uv += ["--python-version", "3.11", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--no-config"]
    target = FOLDER / f"{name}.lock"
    subprocess.run([*uv, *options, f"{name}.in", "--output-file", target.name], cwd=FOLDER, check=True)
    target.write_text(HEADER.format(source=f"{name}.in") + target.read_text())
    sys.stdout.write(f"{target.relative_to(FOLDER.parent)}: {target.read_text().count('==')} packages\n")


if __name__ == "__main__":
    main(sys.argv[1:])
