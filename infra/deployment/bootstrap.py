"""What `make` calls first: a virtual environment with the locked packages, on nothing but Python's standard library.

A stamp beside the packages holds the digest of the lock file they came from, so that a second call only compares digests.
"""

from __future__ import annotations

import argparse
import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import NoReturn

REPOSITORY = Path(__file__).resolve().parents[2]
ENVIRONMENT = REPOSITORY / ".venv"
ENVIRONMENT_PYTHON = ENVIRONMENT / "bin" / "python"
# The packages of `test` contain those of `run`, in the same versions.
LOCKS = {"run": ("run.lock",), "test": ("run.lock", "test.lock")}
# Settings of pip and Python that would send the packages elsewhere than into .venv.
MISLEADING = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PIP_REQUIREMENT", "PYTHONHOME", "PYTHONPATH")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", choices=[*LOCKS, "clean"])
    parser.add_argument(
        "--servers", action="store_true", help="also install the servers that tests start, where possible"
    )
    arguments = parser.parse_args()
    os.chdir(REPOSITORY)
    if arguments.packages == "clean":
        clean()
        return
    with one_at_a_time():
        if not has_working_environment():
            create_environment()
        if not is_installed(arguments.packages):
            install(arguments.packages)
    if arguments.servers:
        subprocess.run([str(ENVIRONMENT_PYTHON), "infra/deployment/servers.py"], check=False)


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Let `make run` and `make test` in two terminals wait for each other."""
    try:
        lock = os.open(REPOSITORY / ".bootstrap.lock", os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        stop(f"{REPOSITORY} cannot be written ({error.strerror}). Clone Banyan into a folder of your own.")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Waiting for another make in this checkout to finish its set-up ...")
        fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(lock)


def has_working_environment() -> bool:
    """Return whether .venv's Python starts; an upgrade or removal of the system's Python breaks it."""
    if not ENVIRONMENT_PYTHON.exists():
        return False
    probe = "import sys; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)"
    try:
        return (
            subprocess.run(
                [str(ENVIRONMENT_PYTHON), "-I", "-c", probe], env=environment(), capture_output=True
            ).returncode
            == 0
        )
    except OSError:
        return False


def create_environment() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"Making the virtual environment .venv with Python {version} ({sys.executable}) ...")
    remove(ENVIRONMENT)
    if not can_make_environments() and not install_venv_from_debian():
        explain_missing_venv()
    completed = subprocess.run(
        [sys.executable, "-m", "venv", str(ENVIRONMENT)], env=environment(), capture_output=True, text=True
    )
    if completed.returncode:
        remove(ENVIRONMENT)
        stop(f"The virtual environment could not be made: {last_line(completed.stdout + completed.stderr)}")


def can_make_environments() -> bool:
    return all(importlib.util.find_spec(module) for module in ("venv", "ensurepip"))


def debian_package() -> str:
    return f"python{sysconfig.get_python_version()}-venv"


def install_venv_from_debian() -> bool:
    """Install Debian's package with `ensurepip`, which its Python lacks; only root can."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    say(f"This Python lacks venv and ensurepip: installing {debian_package()} with apt-get ...")
    quiet = {**environment(), "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", debian_package()]
    if subprocess.run(install, env=quiet, capture_output=True).returncode:
        subprocess.run(["apt-get", "update", "-qq"], env=quiet, capture_output=True)
        subprocess.run(install, env=quiet, capture_output=True)
    probe = [sys.executable, "-c", "import venv, ensurepip"]
    return subprocess.run(probe, capture_output=True).returncode == 0


def explain_missing_venv() -> NoReturn:
    if shutil.which("apt-get"):
        advice = f"Type:  sudo apt-get install -y {debian_package()}"
    else:
        advice = "Install your system's package for Python's venv and pip"
    stop(
        f"{sys.executable} cannot make virtual environments: its modules venv or ensurepip are missing."
        f" {advice}  and repeat the command, or name another Python: PYTHON=/path/to/python3 make run"
    )


def stamp_of(name: str) -> Path:
    return ENVIRONMENT / f"banyan-{name}.sha256"


def digest_of(name: str) -> str:
    digest = sha256(sys.implementation.cache_tag.encode() if sys.implementation.cache_tag else b"")
    for lock in LOCKS[name]:
        digest.update((REPOSITORY / "requirements" / lock).read_bytes())
    return digest.hexdigest()


def is_installed(name: str) -> bool:
    wider = [candidate for candidate in LOCKS if set(LOCKS[name]) <= set(LOCKS[candidate])]
    return any(stamp_of(each).exists() and stamp_of(each).read_text() == digest_of(each) for each in wider)


def install(name: str) -> None:
    """Install the last lock of `name`, which contains the earlier ones, and leave the stamp."""
    lock = REPOSITORY / "requirements" / LOCKS[name][-1]
    total = sum(1 for line in lock.read_text().splitlines() if "==" in line and not line.startswith((" ", "#")))
    say(f"Installing {total} locked packages into .venv (once; half a minute, mostly download) ...")
    # Not compiled here: most modules are never imported, and the first start compiles those that are.
    command = [str(ENVIRONMENT_PYTHON), "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"]
    command += [
        "--disable-pip-version-check",
        "--no-warn-script-location",
        "--no-compile",
        "--progress-bar",
        "off",
        "-r",
        str(lock),
    ]
    lines: list[str] = []
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as pip:
        assert pip.stdout is not None
        seen = 0
        for line in pip.stdout:
            lines.append(line.rstrip())
            if line.startswith(("Collecting ", "Requirement already satisfied: ")):
                seen += 1
                package = (
                    line.removeprefix("Requirement already satisfied: ").removeprefix("Collecting ").split("==")[0]
                )
                progress(f"  {seen}/{total} {package}", every=20, count=seen, total=total)
            elif line.startswith("Installing collected packages"):
                progress("  unpacking ...", every=1, count=total, total=total)
    if pip.returncode:
        errors = [line for line in lines if "error" in line.lower()] or lines[-3:]
        stop(
            "The packages could not be installed. pip says:\n  " + "\n  ".join(errors[-6:]) + "\n"
            "Check the network (a mirror goes into PIP_INDEX_URL, a proxy into HTTPS_PROXY) and repeat the command."
        )
    stamp_of(name).write_text(digest_of(name))
    progress(f"  {total} packages installed", every=1, count=total, total=total, last=True)


def clean() -> None:
    """Remove everything that make and the shop put into the checkout, and the data that root's server keeps elsewhere."""
    state = Path(os.environ.get("BANYAN_STATE_DIR") or REPOSITORY / ".banyan")
    if ENVIRONMENT_PYTHON.exists():
        # Only the embedded server knows how to stop itself and where its data lies.
        subprocess.run([str(ENVIRONMENT_PYTHON), "-m", "infra.databases.embedded", "remove", str(state)], check=False)
    elif any(state.glob("*/location")):
        for pointer in state.glob("*/location"):
            say(f"{pointer.read_text().strip()} holds a database of this checkout; remove it by hand.")
    caches = [".pytest_cache", ".mypy_cache", ".ruff_cache", ".import_linter_cache", ".hypothesis", ".schemathesis"]
    for path in (state, ENVIRONMENT, *(REPOSITORY / cache for cache in caches)):
        if path.exists():
            say(f"removing {path}")
            remove(path)
    for folder in ("infra", "modules", "monolith", "extracted", "tests"):
        for cache in (REPOSITORY / folder).glob("**/__pycache__"):
            remove(cache)
    (REPOSITORY / ".bootstrap.lock").unlink(missing_ok=True)


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in MISLEADING}


def remove(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except FileNotFoundError:
        return
    except OSError as error:
        stop(f"{path} cannot be removed ({error.strerror}); remove it as the user that made it.")


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no reason given"])[-1]


def progress(text: str, *, every: int, count: int, total: int, last: bool = False) -> None:
    """Show a step: in place on a terminal, every so many steps as a line elsewhere."""
    if sys.stdout.isatty():
        sys.stdout.write(f"\r\033[K{text}" + ("\n" if last else ""))
        sys.stdout.flush()
    elif last or (count % every == 0 and count != total):
        say(text)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def stop(text: str) -> NoReturn:
    sys.stderr.write(text + "\n")
    raise SystemExit(1)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        stop("\nStopped. Repeat the command to go on.")
