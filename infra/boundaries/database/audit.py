"""The audit of a live database: every rule of this layer, over its catalogue.

It reads names and rights, no module's rows, so that any role that may connect can run it: of what only an administrator
sees (users' mappings, subscriptions' passwords) nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from infra.boundaries.database.catalogue import Connection
from infra.boundaries.database.doors import check_doors
from infra.boundaries.database.grants import check_grants
from infra.boundaries.database.inventory import check_inventory, check_presence, plumbing_tables
from infra.boundaries.database.places import Places, places_of
from infra.boundaries.database.powers import check_roles
from infra.boundaries.database.ties import check_ties
from infra.boundaries.findings import Finding, in_order
from infra.boundaries.manifest import Manifest


def check(manifests: Sequence[Manifest], connection: Connection, places: Places | None = None) -> list[Finding]:
    """Return what the database holds that crosses a border or that no manifest declares.

    Args:
        places: schemas and roles as the settings name them; without them, as manifests imply.
    """
    places = places or places_of(manifests)
    with _asking(connection):
        doors = list(check_doors(places, connection))
        tables = list(check_inventory(places, connection, plumbing_tables()))
    return in_order([*borders(places, connection), *doors, *tables])


def borders(places: Places, connection: Connection) -> list[Finding]:
    """Return what crosses a border between places, whichever tables are there: also before anything is migrated."""
    with _asking(connection):
        return in_order(
            [
                *check_presence(places, connection),
                *check_roles(places, connection),
                *check_grants(places, connection),
                *check_ties(places, connection),
            ]
        )


@contextmanager
def _asking(connection: Connection) -> Iterator[None]:
    with connection.transaction(force_rollback=True):
        # Names in answers are to be qualified, whoever asks.
        connection.execute("SET LOCAL search_path = pg_catalog")
        # The catalogue's statistics mislead the planner into loops over loops: seconds where milliseconds do.
        connection.execute("SET LOCAL enable_nestloop = off")
        yield
