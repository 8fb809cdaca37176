"""The stage itself: the single web app, the carrier, each module's service, and a PostgreSQL for each of the two kinds."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from infra.databases.embedded import SUPERUSER, EmbeddedServer
from tests.faults.stage.controllers import Controllers, Moved
from tests.faults.stage.processes import Process, free_port
from tests.faults.workload.homes import SCHEMAS, evidence_from
from tests.faults.workload.journal import Journal
from tests.faults.workload.oracles import Evidence
from tests.waiting import answers

ROOT = Path(__file__).resolve().parents[3]
STAFF = ("staff@example.com", "work-at-banyan")  # of `manage.py demo_customers`
PARTS = ("infra", "modules", "monolith", "extracted")
_CONTROLLER = (sys.executable, "-m", "tests.faults.stage.controller")
_WITH_TESTS = {"PYTHONPATH": str(ROOT)}  # a copy of the checkout does not hold them
AT_SERVICE = ("switched", "split")  # phases in which the service's tables are the truth


class Stage:
    """A shop in `folder`, empty when it opens; a context within which it runs.

    Args:
        checkout: where its code is, another copy for tests that change code.
        workers: web processes of the shop; each service has one.
        environment: more variables for all its processes.
    """

    def __init__(
        self,
        folder: Path,
        *,
        checkout: Path = ROOT,
        workers: int = 2,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder, self.checkout = folder.absolute(), checkout
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.service_ports = {module: free_port() for module in SCHEMAS}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_DATABASE_URL")},
            "BANYAN_STATE_DIR": str(self.folder),
            "DJANGO_SETTINGS_MODULE": "monolith.settings.development",
            "PORT": str(self.port),
            "MONOLITH_URL": self.url,
            "SHOP_URL": self.url,
            "WEB_PROCESSES": str(workers),
            "LOG_FORMAT": "json",
            **{
                f"{module.upper()}_SERVICE_URL": f"http://127.0.0.1:{port}"
                for module, port in self.service_ports.items()
            },
            **(environment or {}),
        }
        self.database = EmbeddedServer(self.folder / "postgres")
        self.service_databases = {
            module: EmbeddedServer(self.folder / "services" / module / "postgres") for module in SCHEMAS
        }
        self.shop = self._process("shop", [sys.executable, "manage.py", "serve"])
        self.carrier = self._process("carrier", [sys.executable, "manage.py", "carry"])
        self.services: dict[str, Process] = {}
        self.movers: dict[str, str] = {}
        self._controllers: Controllers | None = None

    def __enter__(self) -> Self:
        self.remove()  # what an earlier one left that was killed
        self.folder.mkdir(parents=True)
        try:
            self.start_shop()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything, in order; what does not stop is killed."""
        self._dismiss_controllers()
        for process in (self.carrier, *self.services.values(), self.shop):
            process.stop()
        for database in (*self.service_databases.values(), self.database):
            if database.folder.exists():
                with suppress(Exception):  # the last of its users has stopped it, or something else goes wrong already
                    database.stop()

    def remove(self) -> None:
        """Delete all of its data, wherever they lie."""
        for database in (*self.service_databases.values(), self.database):
            if database.folder.exists():
                database.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start_service(self, module: str) -> None:
        """Start the service of a module, scaffolded where it is not part of the checkout."""
        self._have_service_in_checkout(module)
        url = f"http://127.0.0.1:{self.service_ports[module]}"
        if module not in self.services:
            self.services[module] = self._process(
                f"service-{module}",
                [sys.executable, f"extracted/{module}/manage.py", "serve"],
                WEB_PROCESSES="1",
                DJANGO_SETTINGS_MODULE="",
                # Its own door, where others may come to it by a link.
                **{"PORT": str(self.service_ports[module]), f"{module.upper()}_SERVICE_URL": url},
            )
        self.services[module].start(until=lambda: answers(f"{url}/_service"))

    def start_shop(self) -> None:
        self.shop.start(until=lambda: answers(f"{self.url}/readyz"))

    def stop_at_once(self, database: EmbeddedServer) -> None:
        """Stop a PostgreSQL as a power cut does: nobody is asked, and it recovers at its next start."""
        lines = (database.cluster / "postmaster.pid").read_text().splitlines()
        os.kill(int(lines[0]), signal.SIGQUIT)  # what `pg_ctl stop -m immediate` sends
        end = time.monotonic() + 30
        while database.is_running() or (database.cluster / "postmaster.pid").exists():
            assert time.monotonic() < end, "PostgreSQL does not stop"
            time.sleep(0.05)

    def start_carrier(self) -> None:
        self.carrier.start()

    def extract(self, module: str, verb: str, *words: str, timeout: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run `manage.py extract MODULE VERB ...` and return how it ended."""
        return self.manage("extract", module, verb, *words, timeout=timeout)

    def manage(self, *words: str, timeout: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run a command of manage.py in the shop's environment."""
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=self.checkout,
            env=self.environment | self.movers,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )

    def move(self, module: str, verb: str, *, fate: str = "", timeout: float = 300.0, **options: Any) -> Moved:
        """Have a verb of the move carried out by a controller that may be told its fate (`controller.py`)."""
        if self._controllers is None:
            self._controllers = Controllers(
                _CONTROLLER,
                checkout=self.checkout,
                environment=self.environment | self.movers | _WITH_TESTS,
                folder=self.folder / "controllers",
            )
        return self._controllers.carry_out(module, verb, options, fate, timeout=timeout)

    def controller(self, module: str, verb: str, fate: str = "") -> Process:
        """Return a controller as `move` starts one, not started, and not waited for."""
        return self._process(f"{verb}-{module}", [*_CONTROLLER, module, verb, "{}", fate], **self.movers, **_WITH_TESTS)

    def lead_movers(self, variables: Mapping[str, str]) -> None:
        """Give carrier and controllers, which are started after this, variables that no other process has."""
        self.movers.update(variables)
        self._dismiss_controllers()
        self.carrier = self._process("carrier", [sys.executable, "manage.py", "carry"], **self.movers)

    # --- What the databases say ---

    def where(self, module: str) -> dict[str, Any]:
        """Return the record of a module's move; of one that never began, in_process."""
        with self.at("default") as connection:
            row = connection.execute(
                "SELECT to_jsonb(m) FROM extraction_module m WHERE module = %s", [module]
            ).fetchone()
        return dict(row[0]) if row else {"phase": "in_process", "hold": False, "epoch": 1}

    @contextmanager
    def at(self, module: str, side: str = "") -> Iterator[psycopg.Connection[Any]]:
        """Have an administrator's connection to a side of a module, to its home by default, in its schema."""
        if module == "default":
            url, schema = self.database.url(SUPERUSER), "platform"
        else:
            url, schema = self.login(module, side)
        options = f"-c search_path={schema} -c timezone=UTC"
        with psycopg.connect(url, autocommit=True, options=options, connect_timeout=5) as connection:
            yield connection

    def login(self, module: str, side: str = "") -> tuple[str, str]:
        """Return an administrator's URL of a side, of its home by default, and the module's schema."""
        side = side or ("service" if self.where(module)["phase"] in AT_SERVICE else "monolith")
        server = self.service_databases[module] if side == "service" else self.database
        return server.url(SUPERUSER), SCHEMAS[module]

    def evidence(self, journal: Journal) -> Evidence:
        return evidence_from(journal, self.login)

    def _have_service_in_checkout(self, module: str) -> None:
        """Have the service's composition root, in a copy of the checkout where it is not part of it."""
        if (self.checkout / "extracted" / module / "manage.py").exists():
            return
        if self.checkout == ROOT:
            self._dismiss_controllers()
            self.checkout = self.folder / "checkout"
            for part in PARTS:
                shutil.copytree(
                    ROOT / part, self.checkout / part, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True
                )
            for file in ("manage.py", "pyproject.toml"):
                shutil.copy(ROOT / file, self.checkout / file)
        made = self.extract(module, "scaffold")
        assert made.returncode == 0, f"no service of {module} can be made: {made.stdout}{made.stderr}"

    def _dismiss_controllers(self) -> None:
        """Have the next ones loaded anew, from where the code is by then and with the variables of then."""
        if self._controllers is not None:
            self._controllers.close()
            self._controllers = None

    def _process(self, name: str, command: Sequence[str], **environment: str) -> Process:
        variables = {key: value for key, value in (self.environment | environment).items() if value}
        return Process(name, command, folder=self.checkout, environment=variables, log=self.folder / f"{name}.log")
