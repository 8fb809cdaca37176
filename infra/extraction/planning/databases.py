"""Both databases of a move: what they are, and whether they fit each other."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from infra.extraction.data.connections import Connection, one_row
from infra.extraction.move.sides import service_running
from infra.extraction.planning.model import Server
from infra.extraction.sides import Side

CONNECT_SECONDS = 4
WILL_BE_MADE = "The service's database will be made"
_FACTS = """
SELECT current_setting('server_version'), pg_encoding_to_char(encoding),
       concat_ws(' ', datlocprovider::text, datcollate, to_jsonb(d) ->> 'datlocale'),
       (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'), current_setting('max_connections')::int
  FROM pg_database d WHERE datname = current_database()
"""
# Of the carrier and the switch: a stream's two, a comparison's two with its notes, workers of the first copy, one that watches.
CONNECTIONS_NEEDED = 8
# Rows and their indexes, the log of writing them once, and room to vacuum.
DISK_FACTOR = 2.0


def server_of(side: Side) -> Server:
    """Return what is to be known of a side's server.

    Raises:
        psycopg.Error: it does not answer.
    """
    with psycopg.connect(side.owner_url, connect_timeout=CONNECT_SECONDS) as connection:
        return seen(connection)


def seen(connection: Connection) -> Server:
    version, encoding, collation, now, most = one_row(connection.execute(_FACTS).fetchone())
    info = connection.info
    return Server(
        place=f"{info.user} at {info.host}:{info.port}/{info.dbname}",
        version=str(version),
        encoding=str(encoding),
        collation=str(collation),
        connections=int(now),
        connections_at_most=int(most),
    )


def service_server(module: str, side: Side) -> tuple[Server | None, str]:
    """Return the service's server, or why it could not be looked at; an embedded one that was never made is not made for that."""
    embedded = settings.SERVICE_SERVER_OF(module)
    if embedded is not None and not embedded.cluster.exists():
        return None, f"{WILL_BE_MADE} in {embedded.folder}, by `extract {module} start`."
    try:
        with service_running(module):
            return server_of(side), ""
    except psycopg.Error as error:
        place = conninfo_to_dict(side.owner_url)
        return None, (
            f"The service's database at {place.get('host')}:{place.get('port') or 5432} does not answer as"
            f" {place.get('user')}: {str(error).strip().splitlines()[0]}"
        )


def disk_free(module: str) -> int | None:
    """Return the free bytes where the service's database is, None where that is another machine's business."""
    embedded = settings.SERVICE_SERVER_OF(module)
    if embedded is None:
        return None
    folder = Path(embedded.folder)
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
