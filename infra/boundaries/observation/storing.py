"""Adding a process's sums to the table, every few seconds and at its end; and forgetting old days."""

from __future__ import annotations

import atexit
import logging
import os
import threading
from datetime import UTC, datetime

from django.apps import apps
from django.conf import settings
from django.db import connections

from infra.boundaries.observation.recording import Recorder
from infra.boundaries.observation.sums import Key, Sum, Sums

log = logging.getLogger("infra.boundaries")

ALIAS = "default"
# A killed process loses this much, and figures are this old at most; a hundred rows are stored in a few milliseconds.
SECONDS_BETWEEN_STORES = 3.0
# Long enough to hold a month's end, which shops and their books have; four weeks also even out the days of the week.
RETENTION_DAYS = 35

_STORE = """
INSERT INTO boundaries_observation AS o
    (day, kind, source, target, name, outcome, count, total, most, in_transactions, buckets, last_seen)
SELECT %s, kind, source, target, name, outcome, count, total, most, in_transactions, buckets::bigint[], clock_timestamp()
FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::float8[], %s::int[], %s::bigint[],
            %s::text[]) AS new (kind, source, target, name, outcome, count, total, most, in_transactions, buckets)
ON CONFLICT (day, kind, source, target, name, outcome) DO UPDATE
SET count = o.count + excluded.count, total = o.total + excluded.total, most = greatest(o.most, excluded.most),
    in_transactions = o.in_transactions + excluded.in_transactions,
    buckets = (SELECT array_agg(coalesce(a, 0) + coalesce(b, 0) ORDER BY place)
               FROM unnest(o.buckets, excluded.buckets) WITH ORDINALITY AS pair (a, b, place)),
    last_seen = excluded.last_seen
"""


class Store:
    """Takes what a recorder noted to the table."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._sums = Sums()
        self._storing = threading.Lock()

    def store(self) -> int:
        """Add up and write what was noted so far; return how many rows that touched.

        Raises:
            django.db.Error: the database is out of reach; the sums are kept, and come with the next ones.
        """
        with self._storing:
            self._recorder.add_up(self._sums)
            rows = [_row(key, sum_) for key, sum_ in self._sums]
            if rows:
                with connections[ALIAS].cursor() as cursor:
                    cursor.execute(_STORE, [datetime.now(UTC).date(), *map(list, zip(*rows, strict=True))])
                self._sums.clear()
            return len(rows)


def _row(key: Key, sum_: Sum) -> tuple[object, ...]:
    buckets = "{" + ",".join(map(str, sum_.buckets)) + "}"
    return (*key, sum_.count, sum_.total, sum_.most, sum_.in_transactions, buckets)


class Observer:
    """Records this process and stores from a thread of its own; begin one in each process that serves."""

    def __init__(self) -> None:
        self._recorder = Recorder()
        self._store = Store(self._recorder)
        self._stop = threading.Event()
        self._is_reachable = True
        self._thread = threading.Thread(target=self._run, name="banyan-observation", daemon=True)
        self._recorder.begin()
        self._thread.start()

    def stop(self) -> None:
        """Store what is left and end."""
        self._recorder.stop()
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(SECONDS_BETWEEN_STORES):
            self._store_quietly()
        self._store_quietly()

    def _store_quietly(self) -> None:
        """Watching must not disturb what is watched: whatever fails is logged once, and tried again."""
        try:
            self._store.store()
            self._is_reachable = True
        except Exception:
            if self._is_reachable:
                log.warning("What this process does could not be stored; it is kept and tried again", exc_info=True)
            self._is_reachable = False
        finally:
            connections[ALIAS].close()


_lock = threading.Lock()
_observer: Observer | None = None
_process = 0


def observe_in_background() -> None:
    """Record what this process does from now on; a repeat changes nothing.

    `settings.OBSERVE_BOUNDARIES = False` leaves it. Threads do not survive a fork: call it in the process that serves.
    """
    global _observer, _process
    if not getattr(settings, "OBSERVE_BOUNDARIES", True) or not apps.is_installed("infra.boundaries"):
        return
    with _lock:
        if _process != os.getpid():
            _observer, _process = Observer(), os.getpid()
            atexit.register(stop_observing)


def stop_observing() -> None:
    """Store what is left and record no more; a repeat changes nothing."""
    global _observer, _process
    with _lock:
        if _observer is not None and _process == os.getpid():
            atexit.unregister(stop_observing)
            _observer.stop()
        _observer, _process = None, 0


def forget_old_days() -> int:
    """Delete the days that are kept no longer; return how many rows went."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute(
            "DELETE FROM boundaries_observation WHERE day < (now() AT TIME ZONE 'UTC')::date - %s", [RETENTION_DAYS]
        )
        return int(cursor.rowcount)


def forget_everything() -> int:
    """Begin anew, after boundaries were moved: what was seen before would be held against what is declared now."""
    with connections[ALIAS].cursor() as cursor:
        cursor.execute("DELETE FROM boundaries_observation")
        return int(cursor.rowcount)
