"""One at a time: locks in the record's database that end with the process that holds them, also when it is frozen.

The session of a turn is ended by the server when it is silent for longer than its limit, and a thread of the holder breaks the
silence. So a process that stands still loses its turn as one that died does, only later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings

from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.sides import conninfo_of

CALM_SECONDS = 10.0  # a holder that is silent for so long has lost its turn
URGENT_SECONDS = 0.4  # so long while writes are held: with it ends how long a frozen controller can hold them
TURN_SECONDS = 5.0  # a verb waits so long for its turn: the carrier's own arrangements take less
_POLL_SECONDS = 0.1
_KEY = "hashtextextended('extraction ' || %s, 0)"
_HELD = f"""
SELECT a.application_name, l.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (l.classid::bigint << 32) | l.objid::bigint = {_KEY}
"""  # noqa: S608 - our own words only


class Turn:
    """A lock that is held; `lost` once the server has ended the session."""

    def __init__(self, name: str, holder: str) -> None:
        self.name = name
        self._connection = _connect(holder)
        self._seconds = CALM_SECONDS
        self._using = threading.Lock()
        self._ending = threading.Event()
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._speak, name=f"turn {name}", daemon=True)
        self.lost = False

    def take(self, *, shared: bool = False) -> bool:
        """Try to get it; return whether that worked."""
        function = "pg_try_advisory_lock_shared" if shared else "pg_try_advisory_lock"
        row = self._connection.execute(f"SELECT {function}({_KEY})", [self.name]).fetchone()
        if row is None or not row[0]:
            return False
        self._limit(CALM_SECONDS)
        self._thread.start()
        return True

    def is_held(self) -> bool:
        """Ask the server; whoever stood still finds `lost` unset until it is told."""
        try:
            with self._using:
                self._connection.execute("SELECT 1")
        except psycopg.Error:
            self.lost = True
        return not self.lost

    @contextmanager
    def urgent(self) -> Iterator[None]:
        """Within the block a silence of `URGENT_SECONDS` is enough to lose the turn."""
        with self._using:
            self._limit(URGENT_SECONDS)
        self._hurry.set()
        try:
            yield
        finally:
            try:
                with self._using:
                    self._limit(CALM_SECONDS)
            except psycopg.Error:
                self.lost = True

    def end(self) -> None:
        self._ending.set()
        self._hurry.set()
        if self._thread.ident:
            self._thread.join(5)
        self._connection.close()

    def _limit(self, seconds: float) -> None:
        self._seconds = seconds
        self._connection.execute("SELECT set_config('idle_session_timeout', %s, false)", [f"{round(seconds * 1000)}ms"])

    def _speak(self) -> None:
        while not self._ending.is_set():
            if self._hurry.wait(self._seconds / 4):
                self._hurry.clear()
            try:
                with self._using:
                    if not self._ending.is_set():
                        self._connection.execute("SELECT 1")
            except psycopg.Error:
                self.lost = True
                return


@contextmanager
def turn(name: str, *, by: str, wait_seconds: float = 0.0) -> Iterator[Turn]:
    """Be the only one that does `name` within the block.

    Args:
        by: who, and what for; others are told when they come in between.

    Raises:
        MoveRefused: another one does it; nothing was changed.
    """
    mine = Turn(name, by)
    try:
        deadline = time.monotonic() + wait_seconds
        while not mine.take():
            if time.monotonic() > deadline:
                raise MoveRefused(
                    f"Another one is at it: {holder_of(name) or 'it just ended'}. Wait for its end, or end it, and repeat this."
                )
            time.sleep(_POLL_SECONDS)
        yield mine
    finally:
        mine.end()


def holder_of(name: str) -> str | None:
    """Return who holds a turn, None when nobody does."""
    with _connect("look") as connection:
        return holder_seen(connection, name)


def holder_seen(connection: psycopg.Connection[Any], name: str) -> str | None:
    row = connection.execute(_HELD, [name]).fetchone()
    return None if row is None else f"{str(row[0]).removeprefix('banyan ')} (session {row[1]})"


def at_work_on(module: str) -> str:
    """The turn of whoever carries out a verb for a module."""
    return f"verb {module}"


ONE_SWITCH = "switch"  # the turn of whoever switches, over all modules


def connect_to_record(purpose: str) -> psycopg.Connection[Any]:
    """Log in to the record's database, in autocommit, outside of any pool."""
    return _connect(purpose)


def _connect(purpose: str) -> psycopg.Connection[Any]:
    return psycopg.connect(
        conninfo_of(settings.DATABASES["default"]),
        autocommit=True,
        application_name=f"banyan {purpose}".encode()[:63].decode(errors="ignore"),
        connect_timeout=4,
        tcp_user_timeout=4000,
    )
