"""The service's database is gone for good after a switch, while nobody happens to write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from infra.databases.embedded import SUPERUSER
from tests.faults.matrix.theatre import MODULE, Theatre


def service_database_lost(theatre: Theatre) -> None:
    """What was carried back is all there was, so that the shop goes on as if nothing had been; then there is a new database.

    With customers at it some writes would be lost, and each of them convicted: that is what the verb says it does.
    """
    theatre.customers_leave()
    theatre.soon(lambda: _all_is_carried_back(theatre), "all is carried back")
    with _out_of_reach(theatre):
        theatre.patiently("go_on_without_service", confirm=MODULE)
        assert theatre.where["phase"] == "in_process"
        theatre.customers_come_again()
        theatre.writes_flow()
    refused = theatre.attempt("share"), theatre.attempt("begin_copy", carrier=False)
    assert [each.code for each in refused] == [0, 1], refused
    assert "holds what was the truth once" in str(refused[1].told)
    with theatre.stage.at(MODULE, "service") as administrator:
        administrator.execute(f"DROP SCHEMA {MODULE}, {MODULE}_xtr CASCADE")


@contextmanager
def _out_of_reach(theatre: Theatre) -> Iterator[None]:
    """Have the service's database answer nobody within the block."""
    server = theatre.stage.service_databases[MODULE]
    name = conninfo_to_dict(server.url(SUPERUSER))["dbname"]
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with psycopg.connect(server.url(SUPERUSER, "postgres"), autocommit=True) as administrator:
        administrator.execute(allow.format(sql.Identifier(str(name)), sql.SQL("false")))
        administrator.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            administrator.execute(allow.format(sql.Identifier(str(name)), sql.SQL("true")))


def _all_is_carried_back(theatre: Theatre) -> bool:
    """Return whether the log of the side that leads has nothing that the other did not take; noted twice, as clocks write too."""
    with theatre.stage.at(MODULE, "service") as leading, theatre.stage.at(MODULE, "monolith") as following:
        (cursor,) = following.execute(f"SELECT cursor::text FROM {MODULE}_xtr.stream").fetchone() or ("",)
        row = leading.execute(
            f"SELECT NOT EXISTS (SELECT FROM {MODULE}_xtr.log WHERE NOT pg_visible_in_snapshot(xid, %s::pg_snapshot))",
            [cursor],
        ).fetchone()
    return bool(row and row[0])
