"""A command whose answer is lost is asked again with the same arguments, its key among them: one effect, wherever it runs."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from infra.contracts.http_route import Http
from infra.extraction.record.values import SERVICE, Phase
from tests.extraction.calls.place import Place


class LosesAnswers:
    """Stands before the service, hands everything on, and hangs up instead of answering, as often as it is told."""

    def __init__(self, address: str, losses: int) -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self._service = (host, int(port))
        self.losses = losses
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, socket.create_connection(self._service) as service:
                request = client.recv(65536)
                while not _is_whole(request):
                    request += client.recv(65536)
                service.sendall(request.replace(b"Connection: keep-alive", b"Connection: close"))
                answer = b""
                while not _is_whole(answer):
                    answer += service.recv(65536)
                if self.losses:
                    self.losses -= 1
                    continue
                client.sendall(answer.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1))


def _is_whole(message: bytes) -> bool:
    head, end, body = message.partition(b"\r\n\r\n")
    lengths = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and len(body) >= (lengths[0] if lengths else 0)


@pytest.fixture
def loses_one(place: Place) -> Iterator[Place]:
    """After the switch, the first answer of the service is lost on its way."""
    place.switch()
    proxy = LosesAnswers(place.address, losses=1)
    place.say(addresses={SERVICE: proxy.address}, phase=Phase.SWITCHED)
    yield place
    proxy.close()


def test_a_lost_answer_is_asked_for_again_with_the_same_key(loses_one: Place, asked: Any) -> None:
    assert asked.note(key="a", text="once") == SERVICE

    assert loses_one.service.all("SELECT key FROM orders.test_note") == ["a"]


def test_a_retry_with_a_new_key_would_do_it_twice(
    loses_one: Place, asked: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted defect: what the test above sees when a retry makes up a key of its own."""
    attempt = Http._attempt

    def with_a_new_key(self: Http, method: Any, body: bytes, *rest: Any) -> bytes:
        arguments = msgspec.json.decode(body) | {"key": str(uuid4())}
        return attempt(self, method, msgspec.json.encode(arguments), *rest)

    monkeypatch.setattr(Http, "_attempt", with_a_new_key)

    asked.note(key="a", text="once")

    assert len(loses_one.service.all("SELECT key FROM orders.test_note")) == 2
