"""Whatever keeps a command from working is one sentence that says what to do, with a non-zero exit and no traceback."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.databases.configuration import owner_url_variable, url_variable
from infra.databases.embedded import EmbeddedServer
from tests import databases
from tests.monolith.shop import Variables, manage, variables
from tests.servers import free_port

ALIASES = ("default", "catalog", "orders", "payments", "shipping", "users")


@pytest.fixture
def state() -> Iterator[Path]:
    parent = Path(tempfile.mkdtemp(prefix="banyan-state-"))
    yield parent / "state"
    if (parent / "state").is_dir():
        EmbeddedServer(parent / "state" / "postgres").remove()
    shutil.rmtree(parent)


def sentence_of(arguments: list[str], environment: Variables) -> str:
    completed = manage(arguments, environment)
    assert completed.returncode == 1, completed.stdout + completed.stderr
    assert completed.stderr.count("\n") == 1, completed.stderr
    return completed.stderr.strip()


def urls(template: str) -> dict[str, str]:
    return {variable(alias): template for alias in ALIASES for variable in (url_variable, owner_url_variable)}


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PORT", "http", "PORT is 'http'; write a whole number from 1 to 65535."),
        ("PORT", "70000", "PORT is '70000'; write a whole number from 1 to 65535."),
        ("DATABASE_POOL_SIZE", "0", "DATABASE_POOL_SIZE is '0'; write a whole number of at least 1."),
        ("DEBUG", "perhaps", "DEBUG is 'perhaps'; write yes or no."),
        ("GUARD_POLICY", "ignore", "GUARD_POLICY is 'ignore'; write one of: raise, log."),
        ("CELERY_BROKER_URL", "localhost:6379", "CELERY_BROKER_URL is not a URL that begins with redis:// or"),
        ("CATALOG_DATABASE_URL", "mysql://u:secret@h/d", "CATALOG_DATABASE_URL is not a URL like postgresql://"),
        ("CATALOG_DATABASE_URL", "postgresql://u:secret@h:port/d", "its host or port cannot be read."),
        ("CATALOG_DATABASE_URL", "postgresql://u:secret@h", "its database is missing."),
    ],
)
def test_a_malformed_variable_is_named(state: Path, variable: str, value: str, said: str) -> None:
    sentence = sentence_of(["serve"], variables(state, **{variable: value}))

    assert said in sentence
    assert "secret" not in sentence


@pytest.mark.parametrize("command", ["serve", "migrate_modules", "events"])
def test_a_data_folder_that_is_a_file_is_named(state: Path, command: str) -> None:
    state.write_text("not a folder")

    sentence = sentence_of([command], variables(state, PORT=str(free_port())))

    assert str(state) in sentence
    assert "is a file" in sentence
    assert "BANYAN_STATE_DIR=" in sentence


def test_an_unreachable_database_is_named_by_its_alias_and_variable(state: Path) -> None:
    port = free_port()
    environment = variables(state, CATALOG_DATABASE_URL=f"postgresql://catalog:secret@127.0.0.1:{port}/shop")

    for command in (["serve"], ["import_products", "products.csv"]):
        sentence = sentence_of(command, environment | {"PORT": str(free_port())})

        assert sentence == (
            f"The database of catalog (CATALOG_DATABASE_URL) cannot be used at 127.0.0.1:{port} as catalog: nothing listens"
            " there. Start the server, or correct the variable."
        )


def test_a_wrong_password_is_called_that_and_not_shown(state: Path) -> None:
    server = os.environ[databases.SERVER_URL_VARIABLE].rpartition("@")[2].partition("/")[0]
    environment = variables(state, **urls(f"postgresql://nobody_known:secret@{server}/postgres"))

    sentence = sentence_of(["migrate_modules"], environment)

    assert "The database of default (DEFAULT_DATABASE_URL)" in sentence
    assert "it refuses that user's password" in sentence
    assert "secret" not in sentence


def test_a_server_older_than_fifteen_is_refused(state: Path) -> None:
    with old_postgresql() as port:
        environment = variables(state, **urls(f"postgresql://u:secret@127.0.0.1:{port}/d"))

        sentence = sentence_of(["migrate_modules"], environment)

    assert "is PostgreSQL 14; Banyan needs 15 or newer" in sentence


def test_an_unreachable_broker_is_named(state: Path) -> None:
    port = free_port()
    environment = variables(state, PORT=str(free_port()), CELERY_BROKER_URL=f"redis://:secret@127.0.0.1:{port}/0")

    sentence = sentence_of(["serve"], environment)

    assert f"The broker (CELERY_BROKER_URL) at 127.0.0.1:{port} cannot be reached" in sentence
    assert "secret" not in sentence


def test_djangos_own_migrate_points_to_the_one_that_works_here(state: Path) -> None:
    sentence = sentence_of(["migrate", "orders", "--database", "orders"], variables(state))

    assert "Type: manage.py migrate_modules" in sentence


class old_postgresql:  # noqa: N801 (used like a function)
    """Answers a login as PostgreSQL 14 would, and ends: enough to be asked for its version."""

    def __enter__(self) -> int:
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()
        return int(self._socket.getsockname()[1])

    def __exit__(self, *exception: object) -> None:
        self._socket.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                first = connection.recv(1024)
                while first[4:8] in (b"\x04\xd2\x16\x2f", b"\x04\xd2\x16\x30"):  # asks for TLS or GSS
                    connection.sendall(b"N")
                    first = connection.recv(1024)
                connection.sendall(_message(b"R", b"\0\0\0\0"))  # logged in
                connection.sendall(_message(b"S", b"server_version\x0014.9\0"))
                connection.sendall(_message(b"S", b"client_encoding\0UTF8\0"))
                connection.sendall(_message(b"Z", b"I"))
                connection.recv(1024)


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body
