"""Each kind of broker in turn, and emptying it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from kombu import Connection
from redis import Redis

from infra.events.broker import queue_of


@pytest.fixture(params=["redis", "rabbitmq"])
def empty_broker_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a real broker without messages of earlier tests."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    yield url
    empty(url)
    if request.param == "redis":
        forget_unacknowledged(url)


def forget_unacknowledged(redis_url: str) -> None:
    """Delete what killed workers held of messages at Redis.

    It would give them to the next worker after the visibility timeout: on a slow machine in the midst of another test.
    """
    with Redis.from_url(redis_url) as redis:
        redis.delete("unacked", "unacked_index", "unacked_mutex")


def empty(url: str) -> int:
    """Delete every message of the modules' queues at a broker; return how many there were."""
    deleted = 0
    with Connection(url) as connection:
        for module in settings.MODULES:
            queue = connection.SimpleQueue(queue_of(module))
            deleted += queue.clear() or 0
            queue.close()
    return deleted
