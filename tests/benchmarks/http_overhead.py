"""What our HTTP costs: the same query and the same JSON through a bare Django view and through middleware, `ApiView` and `Json`.

    python -m tests.benchmarks.http_overhead [seconds]

One query with psycopg, twenty rows, msgspec, gunicorn with two processes, eight clients; each side several times in turn, so that
a slow moment of the machine hits both. The figure is the ratio.
"""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from tests.benchmarks.load import get, run

URL_VARIABLE = "BANYAN_BENCHMARK_DATABASE_URL"
PATH = "/api/v1/catalog/products?limit=20"
ROUNDS = 3
CLIENTS = 8
QUERY = """
SELECT gen_random_uuid(), 'product-' || n, 'Product number ' || n, n * 100, 'EUR', n % 3 > 0 FROM generate_series(1, 20) n
"""
_local = threading.local()


def rows() -> list[tuple[Any, ...]]:
    connection = getattr(_local, "connection", None)
    if connection is None:
        connection = _local.connection = psycopg.connect(os.environ[URL_VARIABLE], autocommit=True)
    return list(connection.execute(QUERY))


def presented() -> dict[str, Any]:
    data = [
        {
            "id": id_,
            "slug": slug,
            "name": name,
            "price": {"amount": amount, "currency": currency},
            "available": available,
        }
        for id_, slug, name, amount, currency, available in rows()
    ]
    return {"data": data, "next": None}


def bare() -> Any:
    """Return a WSGI application: Django without middleware, apps and databases, one function."""
    import msgspec
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    encode = msgspec.json.Encoder().encode

    def products(request: HttpRequest) -> HttpResponse:
        body = encode(presented())
        return HttpResponse(body, content_type="application/json", headers={"Content-Length": str(len(body))})

    urls = _urlconf(path("api/v1/catalog/products", products))
    settings.configure(ROOT_URLCONF=urls, ALLOWED_HOSTS=["*"], LOGGING_CONFIG=None)
    return get_wsgi_application()


def ours() -> Any:
    """Return a WSGI application: the shop's middleware and an `ApiView`."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "monolith.settings.test"
    from django.conf import settings
    from django.core.wsgi import get_wsgi_application

    application = get_wsgi_application()
    from django.urls import path
    from rest_framework.request import Request

    from infra.http.responses import Json
    from infra.http.views import ApiView
    from infra.observability import logs

    class Products(ApiView):
        query_parameters = frozenset({"limit"})

        def get(self, request: Request) -> Json:
            return Json(presented())

    settings.ROOT_URLCONF = _urlconf(path("api/v1/catalog/products", Products.as_view()))
    logs.configure({"format": "json", "level": "INFO"})
    return application


def _urlconf(*patterns: Any) -> Any:
    module = ModuleType("benchmark_urls")
    module.urlpatterns = list(patterns)  # type: ignore[attr-defined]
    return module


class Server:
    """gunicorn with two processes of eight threads on a free port."""

    def __init__(self, application: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        command = [
            sys.executable, "-m", "gunicorn", f"tests.benchmarks.http_overhead:{application}()", "--no-control-socket",
            "--bind", f"127.0.0.1:{self.port}", "--workers", "2", "--threads", "8", "--keep-alive", "60",
        ]  # fmt: skip
        folder = Path(__file__).resolve().parents[2]
        # The access log is written, to a file as it would be, and costs what it costs.
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the server
        self._process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=self._log)

    def wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._log.seek(0)
                    raise SystemExit(self._log.read().decode()[-2000:]) from None
                time.sleep(0.1)

    def processor_seconds(self) -> float:
        """Return what its worker processes have computed so far; steadier than the clock on a machine that does other things."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        ticks = 0
        for child in children:
            fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])  # user and system time (proc_pid_stat(5))
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(30)


def main(seconds: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        database = None
        if URL_VARIABLE not in os.environ:
            database = EmbeddedServer(Path(folder) / "postgres", durable=False)
            database.start()
            os.environ[URL_VARIABLE] = database.url(SUPERUSER, "postgres")
        servers = {name: Server(name) for name in ("bare", "ours")}
        figures: dict[str, list[float]] = {name: [] for name in servers}
        computed: dict[str, list[float]] = {name: [] for name in servers}
        try:
            for server in servers.values():
                server.wait()
                run(server.port, lambda: get(PATH, server.port), clients=CLIENTS, seconds=1)  # noqa: B023
            for _ in range(ROUNDS):
                for name, server in servers.items():
                    request = get(PATH, server.port)
                    before = server.processor_seconds()
                    result = run(server.port, lambda: request, clients=CLIENTS, seconds=seconds)  # noqa: B023
                    if result.unexpected:
                        raise SystemExit(f"{name} answered {result.unexpected}")
                    figures[name].append(result.per_second)
                    computed[name].append((server.processor_seconds() - before) / len(result.latencies) * 1e6)
        finally:
            for server in servers.values():
                server.stop()
            if database:
                database.stop()
    for name, label in (("bare", "bare Django view"), ("ours", "middleware, ApiView, Json")):
        rate, cost = statistics.median(figures[name]), statistics.median(computed[name])
        print(f"{label:<25} {rate:7.0f} requests/s {cost:7.0f} microseconds of processor time each")  # noqa: T201
    ratio = statistics.median(figures["ours"]) / statistics.median(figures["bare"])
    print(f"{'ratio':<25} {ratio:7.2f}")  # noqa: T201


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 4.0)
