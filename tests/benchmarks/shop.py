"""The shop's figures, each beside its floor in the same run: list, detail, search, cart, and placing an order.

`make bench ARGS=shop` starts a durable PostgreSQL of its own, the sample catalogue, and the shop and the floor under
the same gunicorn, and loads them in turn, several times, from 8 clients on the same machine. The figure is the ratio: take
the absolute numbers as those of the machine that it ran on.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.table import Table

from tests.benchmarks import floor, load

CLIENTS = 8
SECONDS = 3.0
ROUNDS = 3  # floor and shop in turn, so that a busy minute of the machine hits both
REPOSITORY = Path(__file__).resolve().parents[2]
ADDRESS = {"name": "Ann Archer", "line1": "Lindenstr. 1", "city": "Berlin", "postcode": "10969", "country": "DE"}
SKU = "P-101"


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="banyan-bench-"))
    folder.chmod(0o755)
    os.environ |= {"BANYAN_STATE_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "monolith.settings.development"}
    os.environ |= {"LOG_LEVEL": "WARNING"}
    server = None
    try:
        server = prepared_server()
        measure(folder)
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def prepared_server() -> Any:
    """Start an own PostgreSQL with schemas, sample catalogue and enough pieces to sell; return it."""
    import django

    from infra.databases.preparation import embedded_server

    server = embedded_server()
    assert server is not None
    server.start()
    django.setup()
    from django.core.management import call_command

    from infra.databases.preparation import prepare
    from modules.catalog.use_cases import Reason, adjust_stock

    prepare()
    with open(os.devnull, "w") as nowhere:
        call_command("sample_catalogue", stdout=nowhere)
    adjust_stock(sku=SKU, difference=1_000_000, reason=Reason.RECEIVED)
    return server


def measure(folder: Path) -> None:
    from django.db import connections

    console = Console(width=120)
    product = detail_path()
    paths = {
        "list": "/api/v1/catalog/products?limit=20",
        "detail": product,
        "search": "/api/v1/catalog/products?q=ceramc+vase&limit=20",
    }
    captured = {name: queries_of(path) for name, path in paths.items()}
    given = {alias: connection_url(alias) for alias in ("catalog", "orders")}
    statements = {name: last_statement(queries) for name, queries in captured.items()}
    make_floor_table()
    environment = {floor.VARIABLE: json.dumps(given | {"statements": statements})}
    for connection in connections.all():
        connection.close()

    with (
        served("tests.benchmarks.floor", environment) as bare,
        served("monolith.wsgi", {}) as shop,
    ):
        table = Table(title=f"{CLIENTS} clients, {os.cpu_count()} cores, 2 worker processes")
        for column in ("", "floor /s", "shop /s", "ratio", "p50 ms", "p99 ms", "queries", "memory/worker"):
            table.add_column(column, justify="left" if not column else "right")
        for name, path in paths.items():
            low, high = in_turn(
                lambda name=name: load.run(
                    bare.port, lambda: load.get(f"/{name}", bare.port), clients=CLIENTS, seconds=SECONDS
                ),  # type: ignore[misc]
                lambda path=path: load.run(
                    shop.port, lambda: load.get(path, shop.port), clients=CLIENTS, seconds=SECONDS
                ),  # type: ignore[misc]
            )
            table.add_row(*row(f"{name}", low, high, len(captured[name]), shop.memory()))
        orders = Orders(shop.port)
        for clients in (1, CLIENTS):
            low, high = in_turn(
                lambda clients=clients: load.run(  # type: ignore[misc]
                    bare.port,
                    lambda: load.post("/orders", bare.port, orders.body()),
                    clients=clients,
                    seconds=SECONDS,
                ),
                lambda clients=clients: load.run(shop.port, orders.next, clients=clients, seconds=SECONDS),  # type: ignore[misc]
            )
            table.add_row(*row(f"place an order, {clients} client(s)", low, high, orders.queries, shop.memory()))
        for lines in (1, 100):
            cart = orders.cart_of(lines)
            _, high = in_turn(
                lambda: load.Result(1.0, [1.0]),
                lambda cart=cart: load.run(
                    shop.port, lambda: load.get(cart, shop.port), clients=CLIENTS, seconds=SECONDS
                ),  # type: ignore[misc]
            )
            table.add_row(*row(f"cart of {lines} line(s)", None, high, len(queries_of(cart)), shop.memory()))
        console.print(table)


def in_turn(
    bare: Callable[[], load.Result], shop: Callable[[], load.Result]
) -> tuple[list[load.Result], list[load.Result]]:
    pairs = [(bare(), shop()) for _ in range(ROUNDS)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def row(
    name: str, low: list[load.Result] | None, high: list[load.Result], queries: int, memory: float
) -> tuple[str, ...]:
    for result in high:
        if result.unexpected:
            name += f" (unexpected answers: {result.unexpected})"
    per_second = statistics.median(result.per_second for result in high)
    bare = statistics.median(result.per_second for result in low) if low else 0.0
    return (
        name,
        f"{bare:,.0f}" if low else "",
        f"{per_second:,.0f}",
        f"{per_second / bare:.0%}" if low else "",
        f"{statistics.median(result.p50 for result in high):.1f}",
        f"{statistics.median(result.percentile(0.99) for result in high):.1f}",
        str(queries),
        f"{memory:.0f} MB",
    )


class Orders:
    """Requests of guests who each order one piece with a key of their own."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._url = f"http://127.0.0.1:{port}"
        self.queries = len(queries_of("/api/v1/orders", self.body()))

    def body(self) -> bytes:
        from infra.identifiers import new_id

        return json.dumps(
            {
                "items": [{"productId": SKU, "quantity": 1, "price": 1200}],
                "email": "ann@example.com",
                "shippingAddress": ADDRESS,
                "paymentMethod": "card",
                "idempotencyKey": str(new_id()),
            }
        ).encode()

    def next(self) -> load.Request:
        return load.post("/api/v1/orders", self._port, self.body())

    def cart_of(self, lines: int) -> str:
        """Make a cart with so many lines; return its path."""
        with httpx.Client(base_url=self._url, timeout=30) as client:
            path = f"/api/v1/orders/carts/{client.post('/api/v1/orders/carts').json()['id']}"
            variants: list[str] = []
            after = ""
            while len(variants) < lines:
                page = client.get(f"/api/v1/catalog/products?limit=100{after}").json()
                variants += [variant["id"] for product in page["data"] for variant in product["variants"]]
                after = f"&after={page['next']}"
            for variant in variants[:lines]:
                client.post(f"{path}/lines", json={"productId": variant, "quantity": 1}).raise_for_status()
        return path


class Served:
    """gunicorn with one application, and what its workers take."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process, self.port = process, port

    def memory(self) -> float:
        """Return the median resident memory of the workers in MB."""
        listing = subprocess.run(
            ["ps", "-o", "rss=", "--ppid", str(self.process.pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        return statistics.median(int(line) for line in listing.stdout.split()) / 1024


@contextmanager
def served(application: str, environment: dict[str, str]) -> Iterator[Served]:
    from tests.shop_process import free_port

    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "-c", "infra/deployment/gunicorn.py", application],
        cwd=REPOSITORY,
        env=os.environ | environment | {"PORT": str(port), "WEB_PROCESSES": "2"},
        stdout=subprocess.DEVNULL,  # the e-mails of all those orders
    )
    try:
        for _ in range(200):
            try:
                httpx.get(f"http://127.0.0.1:{port}/", timeout=5)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield Served(process, port)
    finally:
        process.terminate()
        process.wait()


def detail_path() -> str:
    from django.test import Client

    return f"/api/v1/catalog/products/{Client().get('/api/v1/catalog/products?limit=1').json()['data'][0]['slug']}"


def queries_of(path: str, body: bytes | None = None) -> list[tuple[str, Any]]:
    """Return the statements and parameters that a request makes, on all aliases, after a first one that warms up."""
    from django.db import connections
    from django.test import Client

    made: list[tuple[str, Any]] = []

    def record(execute: Any, statement: str, parameters: Any, many: bool, context: Any) -> Any:
        made.append((statement, parameters))
        return execute(statement, parameters, many, context)

    client = Client()
    if body is None:
        client.get(path)
    managers = [connections[alias].execute_wrapper(record) for alias in connections]
    for manager in managers:
        manager.__enter__()
    try:
        answer = client.get(path) if body is None else client.post(path, body, content_type="application/json")
    finally:
        for manager in managers:
            manager.__exit__(None, None, None)
    assert answer.status_code in (200, 201), answer.content
    return made


def last_statement(queries: list[tuple[str, Any]]) -> tuple[str, Any]:
    statement, parameters = queries[-1]
    return statement, parameters


def connection_url(alias: str) -> str:
    from django.db import connections

    database = connections[alias].settings_dict
    user, password = database["USER"], database["PASSWORD"]
    return f"postgresql://{user}:{password}@{database['HOST']}:{database['PORT']}/{database['NAME']}"


def make_floor_table() -> None:
    """The floor's order table, made by the owner of the schema."""
    from django.db import connections

    from infra.databases.ownership import as_owner

    with as_owner("orders"), connections["orders"].cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS floor_order (id uuid PRIMARY KEY, body jsonb NOT NULL)")


if __name__ == "__main__":
    main()
