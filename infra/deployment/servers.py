"""Install the servers and programs that the tests start for themselves, where this can be done without asking: Debian's, as root.

Their packages would also start them as services of the machine; that is held back, and nothing is left running.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
# Debian's package by program.
PACKAGES = {"redis-server": "redis-server", "rabbitmq-server": "rabbitmq-server", "hledger": "hledger"}
BROWSER = {"chromium": "chromium", "chromedriver": "chromium-driver"}
# Debian asks this program before it starts a package's service; 101 means no.
POLICY = Path("/usr/sbin/policy-rc.d")
PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"  # a plain user's PATH often lacks these


def main() -> None:
    wanted = PACKAGES | (BROWSER if any(REPOSITORY.glob("tests/browser/test_*.py")) else {})
    missing = {program: package for program, package in wanted.items() if not shutil.which(program, path=PATH)}
    if not missing:
        return
    packages = " ".join(sorted(missing.values()))
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"Installing what some tests start: {packages} (apt-get; a minute or two) ...")
        with services_held_back():
            install(sorted(missing.values()))
        missing = {program: package for program, package in missing.items() if not shutil.which(program, path=PATH)}
    if missing:
        say(
            f"Not installed: {', '.join(sorted(missing))}. The tests that need them are skipped."
            f" Install them with your system's packages, on Debian: sudo apt-get install -y {packages}"
        )


@contextmanager
def services_held_back(policy: Path = POLICY) -> Iterator[None]:
    """Keep Debian from starting the services of what is installed in the block; a policy of the machine's own stays."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def install(packages: list[str]) -> None:
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PATH": PATH}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    for attempt in (command, ["apt-get", "update", "-qq"], command):
        completed = subprocess.run(attempt, env=quiet, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if attempt is command and completed.returncode == 0:
            return
    say(f"apt-get could not install them: {(completed.stderr.strip().splitlines() or ['no reason given'])[-1]}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
