"""Whether this process can serve: each database answers and has the tables that the code expects."""

from __future__ import annotations

import threading
import time

from django.db import connections

from infra.databases.aliases import served
from infra.databases.migrations_run import unapplied
from infra.databases.pools import pools_of
from infra.observability.asking import ask_each

ANSWER_SECONDS = 1.0
# Asking which migrations are missing reads every migration file; while some are, it is not asked more often than this.
RECHECK_SECONDS = 5.0

_migrations_lock = threading.Lock()
_migrations_seen: tuple[float, dict[str, int]] = (float("-inf"), {"unknown": 1})


def failing() -> dict[str, str]:
    """Return what keeps this process from serving, by check, each with a reason; nothing when it is ready."""
    found = {f"database {alias}": reason for alias, reason in _unreachable().items()}
    if not found:
        found = {f"migrations of {alias}": f"{count} not applied" for alias, count in _missing_migrations().items()}
    return found


def _unreachable() -> dict[str, str]:
    answers = ask_each(served(), _greet, seconds=ANSWER_SECONDS)
    return {alias: reason for alias, reason in answers.missing.items() if not _is_merely_busy(alias)}


def _greet(alias: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _is_merely_busy(alias: str) -> bool:
    """Return whether every connection of the pool is at work: a process under load is slow, not broken."""
    seen = [pool.get_stats() for pool in pools_of(alias)]
    return any(stats["pool_available"] == 0 and stats["pool_size"] == stats["pool_max"] for stats in seen)


def _missing_migrations() -> dict[str, int]:
    global _migrations_seen
    with _migrations_lock:
        asked_at, missing = _migrations_seen
        # The code's migrations do not change while it runs: once complete, always complete.
        if missing and time.monotonic() - asked_at > RECHECK_SECONDS:
            _migrations_seen = (time.monotonic(), missing := unapplied())
        return missing
