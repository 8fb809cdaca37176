"""The made-up module with a database on either side, for the tests' own process and for those that it starts."""

from __future__ import annotations

import copy
import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
from django.apps import AppConfig, apps
from django.conf import settings
from django.db import connections
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from infra.databases import pools
from infra.databases.migrations_run import migrate_elsewhere
from infra.databases.roles import SchemaRoles, provision
from infra.extraction.move import operations
from infra.extraction.move.sides import sides_of
from infra.extraction.record.values import Where
from infra.extraction.sides import Side
from tests.databases import PASSWORD, TEST_DATABASE_PREFIX, admin_url, one_at_a_time

MODULE = "ledger"
ACCOUNTS = 8
ROOT = Path(__file__).resolve().parents[3]
TABLES = ("ledger_account", "ledger_entry")


def serving_role() -> str:
    return f"banyan_test_{os.getpid()}_ledger"


def owner_role() -> str:
    return f"{serving_role()}_owner"


def roles() -> SchemaRoles:
    return SchemaRoles(
        schema=MODULE,
        serving_role=serving_role(),
        serving_password=PASSWORD,
        owner_role=owner_role(),
        owner_password=PASSWORD,
        moves=True,
    )


def login(url: str, user: str) -> dict[str, str]:
    parts = conninfo_to_dict(url)
    return {
        "NAME": str(parts["dbname"]),
        "HOST": str(parts["host"]),
        "PORT": str(parts["port"]),
        "USER": user,
        "PASSWORD": PASSWORD,
    }


def url_as(url: str, user: str) -> str:
    parts = conninfo_to_dict(url)
    return f"postgresql://{user}:{PASSWORD}@{parts['host']}:{parts['port']}/{parts['dbname']}"


@contextmanager
def made_up_module(monolith_admin: str, service_admin: str, folder: Path) -> Iterator[Place]:
    """Have the module known in this process, its tables in the first database, and the second there to be prepared."""
    with ExitStack() as stack:
        stack.callback(_forget, _know(monolith_admin, service_admin))
        place = Place(monolith_admin=monolith_admin, service_admin=service_admin, folder=folder)
        with one_at_a_time():
            provision(monolith_admin, [roles()])
        migrate_elsewhere(MODULE, settings.DATABASE_OWNERS[MODULE], serving_role())
        stack.enter_context(place.answering())
        stack.callback(place.end)
        yield place


def _know(monolith_admin: str, service_admin: str) -> AppConfig:
    config = AppConfig.create("tests.extraction.move.ledger")
    config.apps = apps
    config.models = apps.all_models[config.label]
    apps.app_configs[config.label] = config
    config.import_models()
    apps.clear_cache()
    settings.SCHEMAS[MODULE] = MODULE
    for alias, url in ((MODULE, monolith_admin), (f"{MODULE}_service", service_admin)):
        settings.DATABASES[alias] = copy.deepcopy(connections.settings["payments"]) | login(url, serving_role())
    settings.DATABASE_OWNERS[MODULE] = login(monolith_admin, owner_role())
    settings.SERVICE_DATABASES[MODULE] = {
        "serving": url_as(service_admin, serving_role()),
        "owner": url_as(service_admin, owner_role()),
        "admin": service_admin,
    }
    return config


def _forget(config: AppConfig) -> None:
    for alias in (MODULE, f"{MODULE}_service"):
        pools.close(alias)
        del connections[alias]
        del settings.DATABASES[alias]
    for known in (settings.SCHEMAS, settings.DATABASE_OWNERS, settings.SERVICE_DATABASES, settings.SERVICE_ADDRESSES):
        known.pop(MODULE, None)
    del apps.app_configs[config.label]
    apps.clear_cache()


@contextmanager
def fresh_databases(count: int) -> Iterator[list[str]]:
    """Have empty databases on the tests' server; yields administrators' URLs."""
    names = [f"{TEST_DATABASE_PREFIX}{os.getpid()}_move_{uuid.uuid4().hex[:6]}" for _ in range(count)]
    try:
        for name in names:
            with one_at_a_time() as administrator:
                administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield [admin_url(name) for name in names]
    finally:
        with psycopg.connect(admin_url("postgres"), autocommit=True) as administrator:
            for name in names:
                administrator.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            for role in (serving_role(), owner_role()):
                administrator.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@dataclass
class Place:
    """The module, both of its databases, and the processes that a test started."""

    monolith_admin: str
    service_admin: str
    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    address: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def sides(self) -> tuple[Side, Side]:
        return sides_of(MODULE)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Have something at the service's address that says who it is."""

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps({"module": MODULE, "contracts": {}, "schemaVersion": "1"}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                return

        with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            self.address = f"http://127.0.0.1:{server.server_address[1]}"
            settings.SERVICE_ADDRESSES[MODULE] = self.address
            try:
                yield
            finally:
                server.shutdown()
                thread.join()

    def begin(self) -> Where:
        """Bring the module to dual write; somebody must carry it."""
        operations.share(MODULE, who="a test", why="to try it")
        return operations.begin_copy(MODULE, who="a test", why="to try it", carrier=False)

    def environment(self) -> dict[str, str]:
        default = settings.DATABASES["default"]
        told = {
            "default": {key: str(default[key]) for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")},
            "ledger": login(self.monolith_admin, serving_role()),
            "ledger_service": login(self.service_admin, serving_role()),
            "owner": login(self.monolith_admin, owner_role()),
            "service": settings.SERVICE_DATABASES[MODULE],
            "address": self.address,
            "record": f"postgresql://{default['USER']}:{default['PASSWORD']}@{default['HOST']}:{default['PORT']}/{default['NAME']}",
            "state": str(self.folder),
            **self.extra,
        }
        return {
            **os.environ,
            "BANYAN_TEST_MOVE": json.dumps(told),
            "DJANGO_SETTINGS_MODULE": "tests.extraction.move.settings",
        }

    def start(self, program: str, *arguments: str) -> subprocess.Popen[str]:
        """Start one of the programs beside this file; its log goes to the test's folder."""
        log = (self.folder / f"{program}-{len(self.processes)}.log").open("w")
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.extraction.move.{program}", *arguments],
            cwd=ROOT,
            env=self.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        self.processes.append(process)
        return process

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.communicate()
        self.processes.clear()

    def rows(self, side: Side) -> dict[str, list[str]]:
        """Return every row of a side as text, by table; nobody may be writing."""
        found = {}
        with psycopg.connect(side.owner_url) as connection:
            names = [
                row[0]
                for row in connection.execute(
                    "SELECT relname FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind = 'r'"
                    " AND relname <> 'django_migrations' ORDER BY 1"
                )
            ]
            for name in names:
                query = sql.SQL("SELECT t::text FROM {} t ORDER BY 1").format(sql.Identifier("ledger", name))
                found[name] = [row[0] for row in connection.execute(query)]
        return found

    def wrong(self, side: Side) -> list[str]:
        """Return what is wrong with the books of a side: torn, doubled or lost transactions."""
        with psycopg.connect(side.owner_url) as connection:
            return [
                f"account {row[0]}: {row[1:]}"
                for row in connection.execute(
                    "SELECT a.number, a.balance, a.version, count(e.*), coalesce(sum(e.amount), 0), coalesce(max(e.version), 0)"
                    " FROM ledger.ledger_account a LEFT JOIN ledger.ledger_entry e ON e.account_id = a.number"
                    " GROUP BY a.number HAVING a.balance <> coalesce(sum(e.amount), 0) OR a.version <> count(e.*)"
                    " OR a.version <> coalesce(max(e.version), 0)"
                )
            ]

    def keys(self, side: Side) -> list[str]:
        with psycopg.connect(side.owner_url) as connection:
            return [str(row[0]) for row in connection.execute("SELECT key FROM ledger.ledger_entry")]

    def may_write(self, side: Side) -> bool:
        with psycopg.connect(side.owner_url) as connection:
            return may_write(connection, side)

    def write(self, side: Side, amount: int = 5) -> None:
        """Write one entry on a side as the application does, without asking anybody."""
        with psycopg.connect(make_conninfo(side.owner_url, user=side.application_role)) as connection:
            connection.execute(
                "WITH a AS (UPDATE ledger.ledger_account SET balance = balance + %(n)s, version = version + 1 WHERE number = 1"
                " RETURNING version) INSERT INTO ledger.ledger_entry (key, account_id, amount, version)"
                " SELECT gen_random_uuid(), 1, %(n)s, version FROM a",
                {"n": amount},
            )


def may_write(connection: psycopg.Connection[Any], side: Side) -> bool:
    """Return whether the side's application may; over a connection of the caller's, for those who ask again and again."""
    row = connection.execute(
        "SELECT has_table_privilege(%s, 'ledger.ledger_entry', 'INSERT')", [side.application_role]
    ).fetchone()
    assert row
    return bool(row[0])
