"""The link does to a connection what it says, so that a test that uses it tests what it means."""

from __future__ import annotations

import socket
import socketserver
import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import admin_url
from tests.faults.network import Link
from tests.waiting import eventually


class Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while block := self.request.recv(100):
            self.request.sendall(block)


@pytest.fixture
def link() -> Iterator[Link]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        with Link(("127.0.0.1", server.server_address[1])) as made:
            yield made
        server.shutdown()
        serving.join()


def call(link: Link) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=5)


def test_a_link_passes_on_what_is_said_and_an_address_leads_through_it(link: Link) -> None:
    with call(link) as guest:
        guest.sendall(b"hello")
        assert guest.recv(10) == b"hello"
    assert link.through("postgresql://shop:secret@db.example:5432/shop?x=1") == (
        f"postgresql://shop:secret@127.0.0.1:{link.port}/shop?x=1"
    )
    assert link.through("http://example:80/a") == f"http://127.0.0.1:{link.port}/a"


def test_a_cut_link_resets_who_is_there_and_lets_nobody_in_until_it_is_mended(link: Link) -> None:
    with call(link) as guest:
        guest.sendall(b"x")
        assert guest.recv(1) == b"x"
        with link.being_cut():
            assert is_gone(guest)
            try:
                with call(link) as late:
                    assert is_gone(late)
            except OSError:
                pass  # it was too quick even for that
    with call(link) as guest:
        guest.sendall(b"y")
        assert guest.recv(1) == b"y"


def test_a_stopped_direction_keeps_what_was_said_until_it_is_resumed(link: Link) -> None:
    with call(link) as guest:
        link.stop("back")
        guest.sendall(b"x")
        eventually(lambda: link.passed["there"] == 1, "it arrived")
        guest.settimeout(0.05)
        with pytest.raises(TimeoutError):
            guest.recv(1)
        link.resume()
        guest.settimeout(5)
        assert guest.recv(1) == b"x"


def test_an_answer_that_is_lost_leaves_the_work_done() -> None:
    with psycopg.connect(admin_url("postgres"), autocommit=True) as there:
        host, port = there.info.host, there.info.port
        name = f"banyan_test_lost_{there.info.backend_pid}"
        there.execute(f"CREATE TABLE {name} (id integer)")
        try:
            with Link((host, port)) as link:
                link.lose_answer_to(b"COMMIT")
                url = link.through(admin_url("postgres"))
                with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as guest:
                    guest.execute(f"INSERT INTO {name} VALUES (1)")
                assert link.broken_on_purpose == 1
            assert there.execute(f"SELECT count(*) FROM {name}").fetchall() == [(1,)]
        finally:
            there.execute(f"DROP TABLE {name}")


def is_gone(guest: socket.socket) -> bool:
    try:
        return guest.recv(1) == b""
    except ConnectionResetError:
        return True
