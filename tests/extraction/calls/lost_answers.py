"""A connection to the service on which answers are lost."""

from __future__ import annotations

import socket
import threading


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
