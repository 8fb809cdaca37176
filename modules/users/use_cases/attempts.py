"""Limits on how often something may be tried, exact however many try at once.

Each count is a bucket that leaks: an attempt adds one, time takes away. An attempt is counted before it is judged, so that
fifty guesses sent at the same moment are fifty, and taken back when it turns out well. A refused attempt is not counted:
hammering on a closed door keeps it closed no longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import connections, transaction
from django.utils.crypto import salted_hmac

from infra.errors import Refused
from modules.users.models import AttemptCount


class TooManyAttempts(Refused):
    """This was tried too often lately."""

    code = "too_many_requests"
    status = 429

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__(f"Try again in {retry_after_seconds} seconds.")
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most `burst` attempts at once, and one more for every `seconds_per_attempt` that pass."""

    name: str
    burst: int
    seconds_per_attempt: float


@dataclass(frozen=True, slots=True)
class Counted:
    """A limit for one subject: one account, one network address."""

    limit: Limit
    subject: str

    @property
    def key(self) -> str:
        # Keyed, so that the table tells nobody which addresses were tried, not even those without an account.
        return (
            f"{self.limit.name}:{salted_hmac('modules.users.attempts', self.subject, algorithm='sha256').hexdigest()}"
        )


_COUNT = """
INSERT INTO users_attemptcount AS known (key, level, counted_at) VALUES (%s, 1, clock_timestamp())
ON CONFLICT (key) DO UPDATE SET
    level = greatest(0, known.level - greatest(0, extract(epoch FROM clock_timestamp() - known.counted_at)) / %s) + 1,
    counted_at = greatest(known.counted_at, clock_timestamp())
RETURNING level
"""


def count_attempt(*counted: Counted) -> None:
    """Count one attempt against every limit, or against none when one of them is reached.

    Raises:
        TooManyAttempts: with the time until the next attempt can succeed; nothing was counted.
    """
    waits: list[float] = []
    with transaction.atomic(using="users"), connections["users"].cursor() as cursor:
        for each in sorted(counted, key=lambda each: each.key):  # one order, or two attempts could lock each other out
            cursor.execute(_COUNT, [each.key, each.limit.seconds_per_attempt])
            (level,) = cursor.fetchone()
            if level > each.limit.burst:
                waits.append((level - each.limit.burst) * each.limit.seconds_per_attempt)
        if waits:
            transaction.set_rollback(True, using="users")
    if waits:
        raise TooManyAttempts(max(1, math.ceil(max(waits))))


def take_back(counted: Iterable[Counted]) -> None:
    """Forget one attempt of each: it turned out well."""
    with transaction.atomic(using="users"), connections["users"].cursor() as cursor:
        for key in sorted(each.key for each in counted):
            cursor.execute("UPDATE users_attemptcount SET level = greatest(0, level - 1) WHERE key = %s", [key])


def forget_attempts(*, counted_before: datetime, most: int = 1000) -> int:
    """Delete counts that have run down long ago; return how many."""
    keys = AttemptCount.objects.filter(counted_at__lt=counted_before).order_by("counted_at").values("key")[:most]
    deleted, _ = AttemptCount.objects.filter(key__in=list(keys.values_list("key", flat=True))).delete()
    return deleted
