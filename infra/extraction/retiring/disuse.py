"""Whether anybody still uses the monolith's tables of a module that lives elsewhere: proof from the server, not a promise.

What carries the way back reads and writes those tables as their owner. Everybody else logs in with the serving or the reading
role, and the server notes when each such session last ran something.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import psycopg
from django.conf import settings
from django.utils import timezone

from infra.databases.roles import READER_SUFFIX
from infra.extraction.move.sides import conninfo_of
from infra.extraction.record.changing import history
from infra.extraction.record.values import Phase
from infra.extraction.sides import Side

# Requests that were under way at the switch end with it; idle sessions are closed by their pools after some minutes.
SETTLING = timedelta(seconds=30)
_SESSIONS = """
SELECT usename::text, pid, coalesce(application_name, ''), host(client_addr), greatest(query_start, xact_start)
  FROM pg_stat_activity
 WHERE datname = current_database() AND usename = ANY(%s) AND pid <> pg_backend_pid()
   AND greatest(query_start, xact_start) > %s
 ORDER BY 5 DESC
"""


def switched_at(module: str) -> datetime | None:
    """Return when the service's tables last became the truth, None when the history does not say."""
    for change in history(module, newest=1000):
        before = (change.before or {}).get("phase")
        if change.after.get("phase") == Phase.SWITCHED and before != Phase.SWITCHED:
            return change.at
    return None


def users_of(side: Side, since: datetime) -> tuple[str, ...]:
    """Return who has used the module's tables on this side since then, one line each; empty where nobody has.

    Seen by the serving role itself, which alone may see what its sessions do. Whoever has logged out leaves no trace here; the
    fence and the record's acknowledgements speak about those.
    """
    after = max(since + SETTLING, timezone.now() - timedelta(days=1))
    found = []
    for url in _logins(side):
        with psycopg.connect(url, connect_timeout=4, autocommit=True) as connection:
            roles = [connection.info.user]
            found += [
                f"{role} (process {pid}{f', {name}' if name else ''}{f' from {address}' if address else ''})"
                f" at {timezone.localtime(last):%Y-%m-%d %H:%M:%S}"
                for role, pid, name, address, last in connection.execute(_SESSIONS, [roles, after]).fetchall()
            ]
    return tuple(found)


def _logins(side: Side) -> list[str]:
    """Return the logins of everybody who may use these tables and does not own them."""
    module = next(alias for alias, schema in settings.SCHEMAS.items() if schema == side.schema)
    urls = [conninfo_of(settings.DATABASES[module])]
    reader = str(settings.SHARED_DATABASES.get(module, {}).get("reader") or "")
    if reader and psycopg.conninfo.conninfo_to_dict(reader).get("user") == f"{side.schema}{READER_SUFFIX}":
        urls.append(reader)
    return urls
