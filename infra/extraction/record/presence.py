"""What this process knows of the record: the one follower of a process, and the admission that obeys it.

Without a follower (commands, tests) nothing is known, and every module is where the settings say.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.conf import settings

from infra.extraction.admission import Admission
from infra.extraction.record.following import Follower, read_with
from infra.extraction.record.values import Where

admission = Admission()
Listener = Callable[[dict[str, Where]], None]
_listeners: list[Listener] = []
_follower: Follower | None = None
_lock = threading.Lock()


def on_change(listener: Listener) -> None:
    """Run `listener(known)` in the follower's thread for each new revision, before it is acknowledged; it must be quick.

    It runs once writes of held modules have drained here, and before any that wait go on.
    """
    if listener not in _listeners:
        _listeners.append(listener)


def start() -> None:
    """Follow the record in a thread of this process; a repeat changes nothing. Threads do not survive a fork.

    Does nothing where `settings.EXTRACTION_RECORD_URL` is empty: then modules are where the settings say, for good.

    Raises:
        OutOfTouch: the record can't be read.
    """
    global _follower
    with _lock:
        if _follower is None and settings.EXTRACTION_RECORD_URL:
            follower = Follower(_connect, on_change=_act)
            follower.start()
            _follower = follower
            atexit.register(stop)


def stop() -> None:
    """Follow no more; the process no longer counts for the controller. A repeat changes nothing."""
    global _follower
    with _lock:
        if _follower is not None:
            atexit.unregister(stop)
            _follower.stop()
            _follower = None
            admission.change({})


def look() -> None:
    """Read the record once, for a command that ends soon; where a follower runs, or nothing is to be followed, do nothing.

    Raises:
        psycopg.Error: the record can't be read.
    """
    if _follower is None and settings.EXTRACTION_RECORD_URL:
        with _connect() as connection:
            admission.change(read_with(connection))


def where(module: str) -> Where:
    """Return where a module lives, as this process last heard.

    Old news is no danger: who acts on it is refused by the database that gave the truth away, and asks again.
    """
    return admission.where(module)


def _act(known: dict[str, Where]) -> None:
    with admission.changing(known):
        for listen in _listeners:
            listen(known)


def _connect() -> psycopg.Connection[Any]:
    return psycopg.connect(
        settings.EXTRACTION_RECORD_URL,
        autocommit=True,
        connect_timeout=4,
        tcp_user_timeout=4000,
        application_name="banyan record",
    )


def _after_fork() -> None:
    """Begin anew in a child process: it has neither the thread that follows nor those whose writes are under way."""
    global _follower, _lock
    _follower, _lock = None, threading.Lock()
    admission.forget_threads()


os.register_at_fork(after_in_child=_after_fork)
