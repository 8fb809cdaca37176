"""The embedded PostgreSQL through its life: made, killed, adopted, shared, removed, as root and as a plain user."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from infra.databases.embedded import SUPERUSER, EmbeddedServer, EmbeddedServerError, account
from infra.databases.embedded.account import POINTER, binaries_for, can_execute
from infra.databases.embedded.errors import usable
from tests.waiting import eventually

only_as_root = pytest.mark.skipif(os.geteuid() != 0, reason="PostgreSQL refuses root alone")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user can enter, unlike pytest's own, for the server's data."""
    parent = Path(tempfile.mkdtemp(prefix="banyan-server-"))
    parent.chmod(0o755)
    yield parent / "postgres"
    EmbeddedServer(parent / "postgres").remove()
    shutil.rmtree(parent)


@pytest.fixture
def server(folder: Path) -> EmbeddedServer:
    return EmbeddedServer(folder, durable=False)


def keep_something(server: EmbeddedServer) -> None:
    with psycopg.connect(server.url(SUPERUSER)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")


def ask(server: EmbeddedServer, question: str) -> object:
    with psycopg.connect(server.url(SUPERUSER)) as connection:
        row = connection.execute(question).fetchone()
    return row[0] if row else None


def postmaster(server: EmbeddedServer) -> int:
    return int((server.cluster / "postmaster.pid").read_text().splitlines()[0])


def test_it_is_made_started_adopted_and_stopped(server: EmbeddedServer) -> None:
    assert server.start()
    assert not EmbeddedServer(server.folder).start()  # a second process finds it running

    assert server.is_running()
    assert ask(server, "SHOW server_version_num") >= "180000"  # type: ignore[operator]
    assert ask(server, "SELECT datcollate || datlocale FROM pg_database WHERE datname = 'banyan'") == "CC.UTF-8"

    server.stop()
    server.stop()
    assert not server.is_running()


def test_a_second_start_keeps_data_and_port(server: EmbeddedServer) -> None:
    server.start()
    keep_something(server)
    port = server.port()
    server.stop()

    server.start()

    assert server.port() == port
    assert ask(server, "SELECT answer FROM kept") == 42


def test_a_killed_server_is_started_again_with_its_data(folder: Path) -> None:
    server = EmbeddedServer(folder, durable=True)
    server.start()
    keep_something(server)

    os.kill(postmaster(server), signal.SIGKILL)
    while server.is_running():
        threading.Event().wait(0.01)

    assert server.start()
    assert ask(server, "SELECT answer FROM kept") == 42


def test_a_server_that_is_just_stopping_is_started_again_when_it_has(server: EmbeddedServer) -> None:
    """Its process is there, and will never be ready: whoever waits for that waits in vain."""
    server.start()
    keep_something(server)
    with ThreadPoolExecutor(1) as pool:
        with psycopg.connect(server.url(SUPERUSER)):
            os.kill(postmaster(server), signal.SIGTERM)  # stops as soon as nobody is connected
            eventually(lambda: not server.is_running(), "it is stopping")
            starting = pool.submit(EmbeddedServer(server.folder, durable=False).start)
            eventually(lambda: is_locked(server.folder / "start.lock"), "somebody waits for it")
        assert starting.result(60)

    assert ask(server, "SELECT answer FROM kept") == 42


def is_locked(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_a_pid_file_that_names_a_living_stranger_is_stale(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    left_behind = server.cluster / "postmaster.pid"
    left_behind.write_text(f"{os.getpid()}\n{server.cluster}\n0\n{server.port()}\n\n127.0.0.1\n0 0\nready\n")

    assert not server.is_running()
    assert server.start()


def test_a_half_made_cluster_of_a_killed_run_is_made_anew(server: EmbeddedServer) -> None:
    (server.folder / "cluster.new").mkdir(parents=True)
    (server.folder / "cluster.new" / "PG_VERSION").write_text("18\n")

    assert server.start()


def test_the_last_process_that_uses_it_stops_it(server: EmbeddedServer) -> None:
    with server.in_use() as first_started:
        with EmbeddedServer(server.folder).in_use() as second_started:
            assert (first_started, second_started) == (True, False)
        assert server.is_running()

    assert not server.is_running()


@pytest.fixture
def in_memory(folder: Path) -> Iterator[EmbeddedServer]:
    server = EmbeddedServer(folder, durable=False, in_memory=True)
    yield server
    server.remove()


def test_throwaway_data_lie_in_memory_and_go_with_the_last_process(in_memory: EmbeddedServer) -> None:
    if not account.has_room(account.MEMORY / "anything"):
        pytest.skip("this machine has no memory to spare")
    for _ in range(2):
        with in_memory.in_use() as started:
            assert (started, ask(in_memory, "SELECT 1")) == (True, 1)
            assert account.MEMORY in in_memory.cluster.parents
            with EmbeddedServer(in_memory.folder).in_use() as second_started:
                assert not second_started
            assert in_memory.is_running()
        assert list(in_memory.cluster.parent.glob("cluster*")) == []


def test_without_room_in_memory_they_lie_on_disk_also_when_there_was_room_before(
    in_memory: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with in_memory.in_use():
        pass
    monkeypatch.setattr(account, "MEMORY_BYTES", 2**60)

    with in_memory.in_use():
        assert account.MEMORY not in in_memory.cluster.parents
        assert ask(in_memory, "SELECT 1") == 1

    assert not in_memory.cluster.exists()


@only_as_root
def test_a_folder_that_somebody_else_made_in_memory_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "MEMORY", tmp_path)
    monkeypatch.setattr(account, "MEMORY_BYTES", 0)
    theirs = tmp_path / "theirs"
    assert account.has_room(theirs)
    theirs.mkdir()
    os.chown(theirs, pwd.getpwnam("nobody").pw_uid, -1)

    assert not account.has_room(theirs)


def test_a_user_that_is_killed_does_not_keep_it_running(server: EmbeddedServer) -> None:
    code = "import sys; from pathlib import Path; from infra.databases.embedded import EmbeddedServer\n"
    code += "with EmbeddedServer(Path(sys.argv[1]), durable=False).in_use(): print('up', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(server.folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as user:
        assert user.stdout is not None
        assert user.stdout.readline() == b"up\n"
        user.kill()

    with server.in_use() as started:
        assert not started  # adopted

    assert not server.is_running()


def test_a_port_that_another_program_took_is_replaced(server: EmbeddedServer) -> None:
    before = server.port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", before))
        other.listen()

        assert server.start()

        assert server.port() != before
        assert ask(server, "SELECT 1") == 1


def test_passwords_are_made_once_whoever_asks_at_once(server: EmbeddedServer) -> None:
    with ThreadPoolExecutor(16) as pool:
        passwords = set(pool.map(lambda _: EmbeddedServer(server.folder).password("orders"), range(64)))
        others = set(pool.map(lambda number: EmbeddedServer(server.folder).password(f"role{number % 8}"), range(64)))

    assert len(passwords) == 1
    assert len(others) == 8
    assert stat.S_IMODE((server.folder / "credentials.json").stat().st_mode) == 0o600


def test_a_damaged_credentials_file_is_named(server: EmbeddedServer) -> None:
    server.folder.mkdir(parents=True)
    (server.folder / "credentials.json").write_text('{"passw')

    with pytest.raises(EmbeddedServerError, match=r"credentials\.json is damaged"):
        server.password("orders")


def test_a_data_folder_that_is_a_file_is_named(server: EmbeddedServer) -> None:
    server.folder.write_text("not a folder")

    with pytest.raises(EmbeddedServerError, match=r"is a file\. Move it away"):
        server.start()

    server.folder.unlink()


def test_data_of_another_major_version_are_refused_and_kept(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    (server.cluster / "PG_VERSION").write_text("16\n")

    with pytest.raises(EmbeddedServerError, match=r"holds data of PostgreSQL 16, .* brings PostgreSQL 18"):
        server.start()

    assert (server.cluster / "global").exists()


def test_a_full_disk_is_called_that(folder: Path) -> None:
    with pytest.raises(EmbeddedServerError, match=r"is full\. Make room"), usable(folder):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def test_a_configuration_that_postgresql_refuses_is_quoted(server: EmbeddedServer) -> None:
    server.start()
    server.stop()
    with (server.cluster / "postgresql.conf").open("a") as configuration:
        configuration.write("max_wal_senders = 'many'\n")

    with pytest.raises(EmbeddedServerError, match=r"does not run: .*Its log is"):
        server.start()


@only_as_root
def test_under_a_private_home_root_keeps_the_data_elsewhere_and_changes_no_permission() -> None:
    home = Path(tempfile.mkdtemp(prefix="banyan-home-"))  # mode 700, as homes are
    checkout = home / "shop"
    checkout.mkdir(mode=0o750)
    server = EmbeddedServer(checkout / ".banyan" / "postgres", durable=False)
    try:
        server.start()

        assert ask(server, "SELECT 1") == 1
        assert home not in server.cluster.parents
        assert server.cluster.stat().st_uid != 0
        assert server.cluster.parent.stat().st_uid == 0
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert stat.S_IMODE(checkout.stat().st_mode) == 0o750
    finally:
        elsewhere = server.cluster.parent
        server.remove()
        shutil.rmtree(home)
    assert not elsewhere.exists()


@only_as_root
def test_a_copied_checkout_gets_data_of_its_own_and_a_moved_one_keeps_them() -> None:
    home = Path(tempfile.mkdtemp(prefix="banyan-home-"))
    original = EmbeddedServer(home / "shop" / ".banyan" / "postgres", durable=False)
    copy = EmbeddedServer(home / "copy" / ".banyan" / "postgres", durable=False)
    moved = EmbeddedServer(home / "moved" / ".banyan" / "postgres", durable=False)
    try:
        original.start()
        shutil.copytree(home / "shop", home / "copy")

        assert copy.start()
        assert copy.cluster != original.cluster

        original.stop()
        (home / "shop").rename(home / "moved")
        assert (moved.folder / POINTER).exists()
        assert moved.cluster not in (copy.cluster, moved.folder / "cluster")
        assert moved.start()
    finally:
        moved.remove()
        copy.remove()
        shutil.rmtree(home)


@only_as_root
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_plain_user_runs_it_as_itself(folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    if not can_execute(binaries_for(None) / "postgres", nobody):
        pytest.skip("this checkout lies where other users cannot enter")
    shutil.chown(folder.parent, nobody.pw_uid)

    def start_and_stop() -> None:
        server = EmbeddedServer(folder, durable=False)
        server.start()
        assert server.cluster == folder / "cluster"
        server.stop()

    assert as_user(nobody, start_and_stop) == ""
    assert (folder / "cluster").stat().st_uid == nobody.pw_uid


@only_as_root
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_folder_of_another_user_is_refused_with_its_owner(folder: Path) -> None:
    said = as_user(pwd.getpwnam("nobody"), EmbeddedServer(folder).start)

    assert "cannot be used by user nobody (owned by root): Permission denied. Change its owner" in said


def as_user(user: pwd.struct_passwd, act: Callable[[], object]) -> str:
    """Return what `act` complains of in a process of that user; a fork, as root's Python may be out of its reach."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        complaint = ""
        try:
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)
            act()
        except BaseException as error:  # noqa: BLE001 (told to the parent)
            complaint = str(error) or repr(error)
        os.write(writing, complaint.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said
