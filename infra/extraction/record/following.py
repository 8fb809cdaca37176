"""Each process follows the record in a thread: told by NOTIFY, sure by a poll, and honest about what it does not know.

The thread has a connection of its own. When it cannot renew its lease in time, the process no longer counts as one that acts on
the record; from then on `where` says so by raising, for a stale answer could be a wrong one.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from infra.extraction.record.values import CHANNEL, Where

logger = logging.getLogger(__name__)

LEASE_SECONDS = 5.0
POLL_SECONDS = 1.0  # also how often the lease is renewed
_RECONNECT_SECONDS = 0.2
_READ = "SELECT module, phase, epoch, addresses, shares, hold, database, revision FROM extraction_module"
_NEWEST = "SELECT coalesce(max(revision), 0) AS revision FROM extraction_change"
_ACKNOWLEDGE = (
    "INSERT INTO extraction_acknowledgement (process, revision, lease_until)"
    " VALUES (%s, %s, clock_timestamp() + make_interval(secs => %s))"
    " ON CONFLICT (process) DO UPDATE SET revision = excluded.revision, lease_until = excluded.lease_until"
)


class OutOfTouch(Exception):
    """This process has not heard of the record for longer than its lease; what it knows may be wrong by now."""


def read_with(connection: psycopg.Connection[Any]) -> dict[str, Where]:
    """Return what the record says of every module that it knows."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return {row["module"]: Where(**row) for row in cursor.execute(_READ).fetchall()}


class Follower:
    """What this process knows of the record.

    Args:
        connect: opens a connection of the composition root's role, in autocommit.
        on_change: called in the thread with the new values before they are acknowledged; what it returns from is in force.
    """

    def __init__(
        self,
        connect: Callable[[], psycopg.Connection[Any]],
        *,
        on_change: Callable[[dict[str, Where]], None] = lambda known: None,
        process: str = "",
        lease_seconds: float = LEASE_SECONDS,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self.process = process or f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self._connect = connect
        self._on_change = on_change
        self._lease_seconds = lease_seconds
        self._poll_seconds = poll_seconds
        self._known: dict[str, Where] = {}
        self.revision = -1  # nothing was read yet
        self._good_until = 0.0
        self._read_once = threading.Event()
        self._ending = threading.Event()
        self._connection: psycopg.Connection[Any] | None = None
        self._thread = threading.Thread(target=self._follow, name="extraction-record", daemon=True)

    def start(self, *, wait_seconds: float = 10.0) -> None:
        """Begin to follow, and return when the record was read once and acknowledged.

        Raises:
            OutOfTouch: it could not be read in time. The thread goes on trying.
        """
        self._thread.start()
        if not self._read_once.wait(wait_seconds):
            raise OutOfTouch(f"The record could not be read within {wait_seconds:g} s; the log says why.")

    def stop(self) -> None:
        """End the thread; the process no longer counts."""
        self._ending.set()
        self._thread.join(timeout=self._poll_seconds + 5)

    def where(self, module: str) -> Where:
        """Return where a module lives.

        Raises:
            OutOfTouch: the lease ran out, so others go on without this process.
        """
        if time.monotonic() > self._good_until:
            raise OutOfTouch(
                f"This process last heard of the record more than {self._lease_seconds:g} s ago and must not act on what it"
                " knew. It goes on by itself once the database of the composition root answers."
            )
        return self._known.get(module) or Where(module=module)

    def _follow(self) -> None:
        while not self._ending.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(CHANNEL)))
                    while not self._ending.is_set():
                        while not self._catch_up(connection):
                            pass
                        for _ in connection.notifies(timeout=self._poll_seconds, stop_after=1):
                            pass
                    connection.execute("DELETE FROM extraction_acknowledgement WHERE process = %s", [self.process])
            except Exception as error:  # noqa: BLE001 (whatever it is, the thread must go on following)
                logger.warning("The record of extraction cannot be followed, trying again: %s", error)
                self._ending.wait(_RECONNECT_SECONDS)

    def _catch_up(self, connection: psycopg.Connection[Any]) -> bool:
        """Read all, act on it, and only then say so; the lease is counted here from before it is there.

        Returns whether that is still the newest once it is said: who changed the record before that has not waited for us.
        """
        began = time.monotonic()
        with connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            with connection.cursor(row_factory=dict_row) as cursor:
                newest = cursor.execute(_NEWEST).fetchone()
                assert newest is not None
                revision = int(newest["revision"])
                known = read_with(connection) if revision != self.revision else self._known
        if revision != self.revision:
            self._on_change(known)
            self._known, self.revision = known, revision
        connection.execute(_ACKNOWLEDGE, [self.process, revision, self._lease_seconds])
        with connection.cursor(row_factory=dict_row) as cursor:
            said = cursor.execute(_NEWEST).fetchone()
        if said is None or int(said["revision"]) != revision:
            return False
        self._good_until = began + self._lease_seconds
        self._read_once.set()
        return True
