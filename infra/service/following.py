"""Which of its databases a service uses, as the record says."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
from django.conf import settings
from psycopg.rows import class_row

from infra.databases import binding
from infra.databases.reachability import CONNECT_SECONDS, DatabaseRefusal
from infra.extraction.record.values import SERVICE, Where

_READ = (
    "SELECT module, phase, epoch, addresses, shares, hold, database, revision FROM extraction_module WHERE module = %s"
)


def follow(known: Mapping[str, Where]) -> None:
    """Use the right database from the next request on; called for each change of the record."""
    module: str = settings.SERVICE_OF
    binding.bind(module, binding_for(known.get(module) or Where(module=module)))


def binding_for(where: Where) -> str:
    """Return whose tables a service uses, and as which role.

    The monolith's with the role that only reads, until some of the writes are given to it.
    """
    if where.database == SERVICE:
        return binding.OWN
    return binding.SHARED if where.share("writes") else binding.SHARED_READ_ONLY


def look_once() -> str:
    """Return the binding that the record says now, for processes that do not follow it.

    Raises:
        psycopg.OperationalError: the record can't be read.
    """
    if not settings.EXTRACTION_RECORD_URL:
        return binding.OWN
    module: str = settings.SERVICE_OF
    with (
        psycopg.connect(settings.EXTRACTION_RECORD_URL, connect_timeout=CONNECT_SECONDS) as connection,
        connection.cursor(row_factory=class_row(Where)) as cursor,
    ):
        row = cursor.execute(_READ, [module]).fetchone()
    return binding_for(row or Where(module=module))


def require_record() -> None:
    """Refuse to start where the record that says whose tables are the truth can't be read.

    Raises:
        DatabaseRefusal: it can't; the text says what to do.
    """
    if not settings.EXTRACTION_RECORD_URL:
        return
    try:
        with psycopg.connect(settings.EXTRACTION_RECORD_URL, connect_timeout=CONNECT_SECONDS) as connection:
            connection.execute("SELECT count(*) FROM extraction_module")
    except psycopg.Error as error:
        reason = " ".join(str(error).split())
        raise DatabaseRefusal(
            f"The shop's record of moves can't be read (RECORD_FOLLOWER_URL): {reason}. A service asks it whose tables are the"
            " truth. Start the shop first (make run); a module that lives alone for good needs none: FOLLOW_RECORD=no"
        ) from error
