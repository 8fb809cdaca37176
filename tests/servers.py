"""Redis and RabbitMQ for the tests that need a broker: started from an installed binary, ended with the session.

A test asks for the fixture `redis_url` or `rabbitmq_url`. Where the program is not installed it is skipped with the reason;
with REQUIRE_SERVERS=1, as in `.ci/run`, it fails instead.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
START_SECONDS = 60  # RabbitMQ on a busy machine


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of an empty Redis of this test process alone."""
    with running_redis() as url:
        yield url


@pytest.fixture(scope="session")
def rabbitmq_url() -> Iterator[str]:
    """The URL of an empty RabbitMQ of this test process alone."""
    with running_rabbitmq() as url:
        yield url


@contextmanager
def running_redis() -> Iterator[str]:
    program = _installed("redis-server")
    with _folder() as folder:
        port = free_port()
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        with _running(command, folder, os.environ.copy(), lambda: _answers(port, b"PING\r\n", b"+PONG")):
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def running_rabbitmq() -> Iterator[str]:
    # Debian's program of this name insists on root or its own user; the one behind it runs as anybody.
    private = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    program = str(private) if private.exists() else _installed("rabbitmq-server")
    with _folder() as folder:
        port, epmd = free_port(), free_port()
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{port}\ndisk_free_limit.absolute = 50MB\n")
        (folder / "plugins").write_text("[].\n")
        environment = {
            "PATH": PATH,
            "HOME": str(folder),  # for Erlang's cookie
            "ERL_EPMD_PORT": str(epmd),  # a name server of its own, which ends with it
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": f"banyan{port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            # One scheduler thread waits without spinning: the cores belong to the code under test.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none",
        }
        try:
            with _running([program], folder, environment, lambda: _answers(port, b"AMQP\x00\x00\x09\x01", b"\x01")):
                yield f"amqp://guest:guest@127.0.0.1:{port}//"
        finally:
            subprocess.run(["epmd", "-port", str(epmd), "-kill"], env=environment, capture_output=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _installed(program: str) -> str:
    if found := shutil.which(program, path=PATH):
        return found
    reason = f"{program} is not installed; make test installs it when it runs as root on Debian"
    if os.environ.get("REQUIRE_SERVERS"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="banyan-broker-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(
    command: list[str], folder: Path, environment: dict[str, str], answers: Callable[[], bool]
) -> Iterator[None]:
    log = folder / "output"
    with (
        log.open("w") as output,
        subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            deadline = time.monotonic() + START_SECONDS
            while not answers():
                if process.poll() is not None or time.monotonic() > deadline:
                    pytest.fail(f"{command[0]} does not start:\n{log.read_text()[-2000:]}")
                threading.Event().wait(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(port: int, question: bytes, answer: bytes) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(question)
            return connection.recv(100).startswith(answer)
    except OSError:
        return False
