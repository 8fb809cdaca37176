"""The life of one embedded server: made, started, shared by the processes of a checkout, stopped by the last of them."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from infra.databases.embedded import account
from infra.databases.embedded.credentials import Credentials
from infra.databases.embedded.errors import EmbeddedServerError, usable
from infra.databases.embedded.processes import command_line

SUPERUSER = "banyan_admin"
DATABASE = "banyan"
MAJOR_VERSION = "18"

# Two web processes with six aliases and pools of ten open 120 connections at most, commands and a module's service some more;
# PostgreSQL pays a few kilobytes for each one that is not opened.
MAX_CONNECTIONS = 200

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # TCP works for every user, and no path is too long for it
    "max_connections": MAX_CONNECTIONS,
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",  # the shop's queries take less time than their compilation
    "max_parallel_workers_per_gather": 0,  # no query is that large, and containers give little shared memory
    "max_wal_size": "256MB",  # a laptop's disk, not a busy server's
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}
# Gives up crash safety for speed: for data that nobody will miss. And what makes stolen passwords hard to guess: it is more than
# half of what a login costs.
THROWAWAY_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "1GB",
    "scram_iterations": 1,
}

START_SECONDS = 60  # recovery after a power cut replays at most max_wal_size, which takes a slow disk this long
STOP_SECONDS = 30
RELEASE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What `postmaster.pid` says of a server process that is really there."""

    pid: int
    port: int
    is_ready: bool


class EmbeddedServer:
    """A PostgreSQL cluster in one folder, listening on a port of its own on 127.0.0.1.

    Args:
        folder: holds the cluster (`cluster/`, or `location` where it lies elsewhere) and the passwords (`credentials.json`).
        durable: False gives up crash safety for speed; for tests only.
        in_memory: for data that nobody wants any more when the last process leaves `in_use`: they lie in memory where there is
            plenty, and are deleted then.
    """

    def __init__(self, folder: Path, *, durable: bool = True, in_memory: bool = False) -> None:
        self.folder = folder.absolute()
        self.durable, self.in_memory = durable, in_memory
        self._credentials = Credentials(self.folder / "credentials.json")

    @property
    def cluster(self) -> Path:
        return account.cluster_of(self.folder)

    @contextmanager
    def in_use(self) -> Iterator[bool]:
        """Have the server running within the block; the last process to leave such a block stops it.

        Yields whether this call started it. A process that is killed counts as having left.
        """
        with usable(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            users = os.open(self.folder / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield self.start()
            finally:
                fcntl.flock(users, fcntl.LOCK_UN)
                try:
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    pass  # someone else still works with it
                else:
                    self.stop()
                    if self.in_memory:
                        shutil.rmtree(self.cluster, ignore_errors=True)
        finally:
            os.close(users)

    def start(self) -> bool:
        """Create the cluster where there is none and start it; return whether this call started it.

        A server that already runs on the folder is used as it is.

        Raises:
            EmbeddedServerError: it cannot be; nothing is left running.
        """
        with usable(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        with self._alone():
            if self._postmaster():
                # One that is about to stop, as in a power cut, may be gone before it was ever ready.
                self._wait(lambda: self.is_running() or not self._postmaster(), "is starting, but does not get ready")
                if self.is_running():
                    return False
            if not self._has_cluster():
                self._create()
            self._launch()
            return True

    def stop(self) -> None:
        """Stop the server, ending open connections; does nothing when it does not run."""
        if not self._postmaster():
            return
        self._run("pg_ctl", "stop", "-D", str(self.cluster), "-m", "fast", "-w", "-t", str(STOP_SECONDS))
        self._wait(lambda: self._postmaster() is None, "does not stop")

    def remove(self) -> None:
        """Stop the server and delete its data, wherever they lie."""
        self.stop()
        for folder in {self.cluster.parent, self.folder}:
            shutil.rmtree(folder, ignore_errors=True)
        account.remove_unused_copies()

    def is_running(self) -> bool:
        """Return whether the server takes connections."""
        found = self._postmaster()
        return bool(found and found.is_ready)

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the URL for one role; its password is made up at the first asking and kept."""
        return f"postgresql://{role}:{self.password(role)}@127.0.0.1:{self.port()}/{database}"

    def password(self, name: str) -> str:
        return self._credentials.password(name)

    def why_not_running(self) -> str:
        """Return a sentence with the last reason in the server's log."""
        log = self.cluster / "server.log"
        try:
            lines = log.read_text(errors="replace").splitlines()[-60:]
        except OSError:
            lines = []
        if any("No space left on device" in line for line in lines):
            return f"The disk that holds {self.cluster} is full. Make room and start again."
        found = [line.partition(": ")[2] or line for line in lines if "FATAL:" in line or "PANIC:" in line]
        reason = found[-1].strip() if found else "it gave no reason"
        return f"The embedded PostgreSQL does not run: {reason}. Its log is {log}"

    def port(self) -> int:
        """Return the port it listens on; while it does not run, the one it will take, kept from start to start."""
        if found := self._postmaster():
            return found.port
        known = self._credentials.port()
        if known and _is_free(known):
            return known
        chosen = _free_port()
        self._credentials.keep_port(chosen)
        return chosen

    def _postmaster(self) -> Postmaster | None:
        """Return the process that serves the cluster, None for a file that a killed server or a reboot left behind."""
        with usable(self.folder):
            try:
                lines = (self.cluster / "postmaster.pid").read_text().splitlines()
            except (FileNotFoundError, NotADirectoryError):
                return None
        try:
            pid, port = int(lines[0]), int(lines[3])
        except (IndexError, ValueError):  # being written right now, or cut off by a crash
            return None
        if str(self.cluster) not in command_line(pid):
            return None
        return Postmaster(pid=pid, port=port, is_ready=len(lines) > 7 and lines[7].strip() == "ready")

    def _has_cluster(self) -> bool:
        """Return whether data are there; refuse data that these programs cannot read."""
        with usable(self.folder):
            try:
                found = (self.cluster / "PG_VERSION").read_text().strip()
            except FileNotFoundError:
                return False
        if found != MAJOR_VERSION:
            raise EmbeddedServerError(
                f"{self.cluster} holds data of PostgreSQL {found}, and this version brings PostgreSQL {MAJOR_VERSION}."
                f" Move the folder away to start afresh, or dump it with PostgreSQL {found} and restore it here."
            )
        return True

    def _create(self) -> None:
        cluster = account.settle(self.folder, in_memory=self.in_memory)
        fresh = cluster.with_name(f"{cluster.name}.new")  # a run that is killed leaves no half-made cluster
        password_file = cluster.with_name(f"{cluster.name}.password")
        try:
            with usable(cluster.parent):
                shutil.rmtree(fresh, ignore_errors=True)
                fresh.mkdir(mode=0o700)
                password_file.touch(mode=0o600)
                password_file.write_text(self.password(SUPERUSER))
                for path in (fresh, password_file):
                    self._hand_over(path)
            self._run(
                "initdb", "-D", str(fresh), "-U", SUPERUSER, "--pwfile", str(password_file),
                "--auth=scram-sha-256", "--encoding=UTF8", "--no-instructions",
                # The same order and the same letters on every system, whatever locales it has.
                "--locale=C", f"--lc-ctype={_character_type()}", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
                *([] if self.durable else ["--no-sync", "--set", f"scram_iterations={THROWAWAY_SETTINGS['scram_iterations']}"]),
            )  # fmt: skip
            fresh.rename(cluster)
        finally:
            password_file.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)

    def _launch(self) -> None:
        with usable(self.folder):
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)  # of a process that is gone
        settings = {"port": self.port(), **SETTINGS, **({} if self.durable else THROWAWAY_SETTINGS)}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        log = self.cluster / "server.log"
        start = ("pg_ctl", "start", "-D", str(self.cluster), "-w", "-t", str(START_SECONDS), "-s", "-l", str(log))
        deadline = time.monotonic() + RELEASE_SECONDS
        while True:
            try:
                self._run(*start, "-o", options)
                break
            except EmbeddedServerError as error:
                reason = self.why_not_running()
                # The children of a server that was killed need a moment to notice.
                if "shared memory block" not in reason or time.monotonic() > deadline:
                    raise EmbeddedServerError(reason) from error
                time.sleep(0.2)
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _run(self, program: str, *arguments: str) -> None:
        runner = account.account_for(self.cluster)
        completed = subprocess.run(
            [str(account.binaries_for(runner) / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},  # no PGPORT or PGDATA of the user's
            text=True,
            start_new_session=True,  # Ctrl-C in the terminal is for the shop, which then stops the server in order
            **account.identity(runner),
        )
        if completed.returncode:
            said = completed.stderr.strip()
            if "No space left" in said:
                raise EmbeddedServerError(f"The disk that holds {self.cluster} is full. Make room and start again.")
            raise EmbeddedServerError(f"PostgreSQL's {program} failed in {self.cluster}: {said}")

    def _hand_over(self, path: Path) -> None:
        if runner := account.account_for(self.cluster):
            os.chown(path, runner.pw_uid, runner.pw_gid)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with usable(self.folder):
            lock = os.open(self.folder / "start.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _wait(self, condition: Callable[[], bool], complaint: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL in {self.cluster} {complaint}. Its log is {self.cluster / 'server.log'}"
                )
            time.sleep(0.05)


def _character_type() -> str:
    return "UTF-8" if os.uname().sysname == "Darwin" else "C.UTF-8"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
