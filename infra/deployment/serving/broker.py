"""Whether the broker that CELERY_BROKER_URL names is there."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

from infra.deployment.serving.web_server import CannotServe

DEFAULT_PORTS = {"redis": 6379, "rediss": 6379, "amqp": 5672, "amqps": 5671}
CONNECT_SECONDS = 3


def require_broker(url: str) -> None:
    """Refuse a broker that nothing answers for; "" means that there is none, and events are delivered in the web processes."""
    if not url:
        return
    parts = urlsplit(url)
    place = (parts.hostname or "localhost", parts.port or DEFAULT_PORTS[parts.scheme])
    try:
        socket.create_connection(place, timeout=CONNECT_SECONDS).close()
    except OSError as error:
        raise CannotServe(
            f"The broker (CELERY_BROKER_URL) at {place[0]}:{place[1]} cannot be reached: {error.strerror or error}. Start it,"
            " correct the variable, or leave it out: then the web processes deliver events themselves."
        ) from error
