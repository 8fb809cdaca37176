"""The brokers that other tests stand on do carry messages."""

from __future__ import annotations

from kombu import Connection
from redis import Redis


def test_redis_answers(redis_url: str) -> None:
    with Redis.from_url(redis_url) as redis:
        redis.set("probe", "42")

        assert redis.get("probe") == b"42"


def test_a_message_goes_through_rabbitmq(rabbitmq_url: str) -> None:
    with Connection(rabbitmq_url) as connection:
        queue = connection.SimpleQueue("probe")
        queue.put({"number": 42})

        assert queue.get(timeout=60).payload == {"number": 42}

        queue.close()
