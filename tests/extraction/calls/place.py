"""Two databases for the orders module, one fence between them, and the process of its service.

What carries rows and closes fences here is as plain as can be: the real machinery has tests of its own. Here it counts what
calls, events and scheduled work make of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from infra.extraction.record import changing, presence
from infra.extraction.record.values import CHANNEL, MONOLITH, SERVICE, Phase, Where
from tests import databases
from tests.databases import PASSWORD, TEST_DATABASE_PREFIX, admin_url, one_at_a_time
from tests.extraction.calls.notes import NOTED, TOLD
from tests.infra.events.effects import CREATE as EFFECTS
from tests.waiting import eventually

SCHEMA = "orders"
ROOT = Path(__file__).resolve().parents[3]
_RIGHTS = """
SELECT c.relname, a.privilege_type FROM pg_class AS c, aclexplode(c.relacl) AS a
WHERE c.relnamespace = %s::regnamespace AND c.relkind = 'r' AND a.grantee = %s::regrole
  AND a.privilege_type IN ('INSERT', 'UPDATE', 'DELETE')
"""

_ACKNOWLEDGED = "SELECT revision FROM platform.extraction_acknowledgement WHERE lease_until > now()"


@dataclass
class Side:
    """One of the two databases, seen by its administrator."""

    name: str
    database: str
    rights: list[tuple[str, str]] = field(default_factory=list)

    def connect(self) -> psycopg.Connection[Any]:
        return psycopg.connect(admin_url(self.database), autocommit=True)

    def make_tables(self) -> None:
        with self.connect() as connection:
            connection.execute("SET ROLE orders_owner")
            connection.execute("SET search_path TO orders")
            for statement in (EFFECTS, NOTED, TOLD):
                connection.execute(statement)

    def drop_tables(self) -> None:
        with self.connect() as connection:
            for table in ("test_effect", "test_note", "test_telling"):
                connection.execute(sql.SQL("DROP TABLE IF EXISTS orders.{}").format(sql.Identifier(table)))

    def close(self) -> None:
        """Take the application's right to write; what it has open already it may end."""
        with self.connect() as connection:
            self.rights = self.rights or connection.execute(_RIGHTS, [SCHEMA, SCHEMA]).fetchall()
            connection.execute("REVOKE INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orders FROM orders")

    def open(self) -> None:
        with self.connect() as connection:
            for table, right in self.rights:
                connection.execute(
                    sql.SQL("GRANT {} ON orders.{} TO orders").format(sql.SQL(right), sql.Identifier(table))
                )
        self.rights = []

    def one(self, query: str) -> Any:
        with self.connect() as connection:
            row = connection.execute(query).fetchone()
        assert row is not None
        return row[0]

    def all(self, query: str) -> list[Any]:
        with self.connect() as connection:
            return [row[0] if len(row) == 1 else row for row in connection.execute(query).fetchall()]


@dataclass
class Place:
    """The monolith is the tests' own process, the service another one."""

    monolith: Side
    service: Side
    address: str = ""
    _process: subprocess.Popen[str] | None = None

    def carry(self, *, to: str = SERVICE, leave_out: Sequence[str] = ()) -> None:
        """Bring every row of the module to the other side, which holds nothing else then."""
        source, target = (self.monolith, self.service) if to == SERVICE else (self.service, self.monolith)
        tables = source.all(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'orders'::regnamespace AND relkind = 'r'"
        )
        with source.connect() as here, target.connect() as there, there.transaction():
            there.execute("SET LOCAL session_replication_role = replica")
            for table in tables:
                if table == "django_migrations" or table in leave_out:
                    continue
                name = sql.Identifier(SCHEMA, table)
                there.execute(sql.SQL("DELETE FROM {}").format(name))
                with (
                    here.cursor().copy(sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(name)) as rows,
                    there.cursor().copy(sql.SQL("COPY {} FROM STDIN (FORMAT binary)").format(name)) as copy,
                ):
                    for chunk in rows:
                        copy.write(chunk)
            for table, column in (("test_effect", "position"), ("test_telling", "number")):
                there.execute(
                    f"SELECT setval(pg_get_serial_sequence('orders.{table}', '{column}'),"
                    f" (SELECT coalesce(max({column}), 0) + 1 FROM orders.{table}))"
                )

    def say(self, **fields: Any) -> Where:
        """Change the record, and return when this process and the service act on it."""
        fields = {"addresses": {SERVICE: self.address}} | fields
        after = changing.change(changing.read(SCHEMA), who="a test", why="to try it", **fields)
        self.await_acknowledged(after.revision)
        return after

    def await_acknowledged(self, revision: int) -> None:
        eventually(lambda: self._all_act_on(revision), f"revision {revision} is acknowledged", seconds=60)

    def _all_act_on(self, revision: int) -> bool:
        acknowledged = self.monolith.all(_ACKNOWLEDGED)
        return len(acknowledged) >= self.processes and set(acknowledged) == {revision}

    @property
    def processes(self) -> int:
        return 2 if self._process else 1

    def switch(
        self, *, to: str = SERVICE, leave_out: Sequence[str] = (), fenced: bool = True, tell: bool = True
    ) -> None:
        """Give the module to the other side: hold, fence, carry, open, tell.

        Args:
            leave_out: tables that do not come along; a planted defect.
            fenced: False leaves the old side its rights; a planted defect.
            tell: False changes the databases only, so that all processes act on old news.
        """
        old, new = (self.monolith, self.service) if to == SERVICE else (self.service, self.monolith)
        before = self.say(hold=True) if tell else None
        if fenced:
            old.close()
        self.carry(to=to, leave_out=leave_out)
        new.open()
        if before is not None:
            self.say(
                phase=Phase.SWITCHED if to == SERVICE else Phase.DUAL_WRITE,
                database=SERVICE if to == SERVICE else MONOLITH,
                epoch=before.epoch + 1,
                hold=False,
            )

    def tell_service(self, word: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{word}\n")
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "done\n"

    @contextmanager
    def running_service(self, monolith_url: str, folder: Path) -> Iterator[None]:
        log = folder / "service.log"
        variables = self.environment(monolith_url, folder)
        with log.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.extraction.calls.service"],
                cwd=ROOT,
                env=variables,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
            )
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            assert port, log.read_text()[-3000:]
            self._process, self.address = process, f"http://127.0.0.1:{port}"
            yield
        finally:
            process.kill()
            process.communicate()
            self._process = None
            print(f"--- service\n{log.read_text()[-4000:]}")  # noqa: T201 - pytest shows it on failure

    def environment(self, monolith_url: str, folder: Path) -> dict[str, str]:
        """Return the environment of a process of the service."""
        told = {
            "databases": {
                alias: _login(self.service.database if alias == SCHEMA else "nowhere", settings.SCHEMAS[alias])
                for alias in settings.SCHEMAS
            },
            "monolith": monolith_url,
            "record": record_url(),
            "state": str(folder),
        }
        return os.environ | {
            "BANYAN_TEST_PLACE": json.dumps(told),
            "DJANGO_SETTINGS_MODULE": "tests.extraction.calls.service_settings",
        }


def _login(database: str, role: str) -> dict[str, str]:
    parts = psycopg.conninfo.conninfo_to_dict(admin_url(database))
    return {
        "NAME": database,
        "USER": role,
        "PASSWORD": PASSWORD,
        "HOST": str(parts["host"]),
        "PORT": str(parts["port"]),
    }


def record_url() -> str:
    login = _login(str(connections.settings["default"]["NAME"]), settings.SCHEMAS["default"])
    return psycopg.conninfo.make_conninfo(
        dbname=login["NAME"], user=login["USER"], password=PASSWORD, host=login["HOST"], port=login["PORT"]
    )


@contextmanager
def two_databases() -> Iterator[Place]:
    """Have the tests' own database and a second one like it."""
    name = f"{TEST_DATABASE_PREFIX}{os.getpid()}_orders"
    with one_at_a_time() as administrator:
        databases._drop(administrator, name)
        template = databases._template()
        administrator.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    try:
        place = Place(Side(MONOLITH, str(connections.settings["orders"]["NAME"])), Side(SERVICE, name))
        place.service.make_tables()
        yield place
    finally:
        with one_at_a_time() as administrator:
            databases._drop(administrator, name)


@contextmanager
def beginning(place: Place) -> Iterator[None]:
    """Have no rows on either side, the service closed to writes, and nobody who knows of an earlier test's moves."""
    place.monolith.drop_tables()
    place.monolith.make_tables()
    place.carry()
    place.service.close()
    presence.start()
    try:
        with place.monolith.connect() as connection:
            connection.execute("SELECT pg_notify(%s, '0')", [CHANNEL])
        place.await_acknowledged(0)
        yield
    finally:
        presence.stop()
        for side in (place.monolith, place.service):
            side.open()
        place.monolith.drop_tables()
