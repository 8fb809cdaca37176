"""Telling a write that the fence refused from every other error: it was not done, and may be sent to the other side."""

from __future__ import annotations

import psycopg

# On an answer: this side does not write for the module (any more); nothing was done. Facades and callers ask the record again.
HOLD_HEADER = "X-Module-Hold"


def refused_by_fence(error: BaseException | None) -> bool:
    """Return whether the database refused a write because its role may not write there (any more).

    PostgreSQL rolls the whole transaction back, so whatever it was can be done again on the other side.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, psycopg.errors.InsufficientPrivilege):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False
