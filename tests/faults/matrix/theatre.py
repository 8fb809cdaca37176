"""A shop with one module on the move, customers who come for each case, and the judgement after it."""

from __future__ import annotations

import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from tests.faults.network import Link
from tests.faults.stage.controllers import Moved
from tests.faults.stage.processes import Process, free_port
from tests.faults.stage.shop import STAFF, Stage
from tests.faults.workload.homes import judge_at_rest
from tests.faults.workload.journal import Journal
from tests.faults.workload.oracles import Evidence, Watch, take_baselines
from tests.faults.workload.traffic import Workload
from tests.waiting import eventually

MODULE = "payments"  # the worked example; any other moves the same way
LADDER = ("in_process", "shared_database", "dual_write", "switched")
UP = {"in_process": "share", "shared_database": "begin_copy", "dual_write": "switch"}
DOWN = {"shared_database": "cancel", "dual_write": "cancel", "switched": "reverse"}
# In dual write the service has no traffic, so that whatever becomes of it nobody may notice.
SHARES = {"shared_database": {"reads": 60, "writes": 40}, "dual_write": {"reads": 0, "writes": 0}}
# A switch that died is finished or undone by the carrier; a frozen controller's turn has to run out first.
REST_SECONDS = 60.0
WARM_UP_REQUESTS = 30
FLOWS_AGAIN_SECONDS = 30.0
_never = threading.Event()


@dataclass
class Theatre:
    """The shop of all cases of one run; a context within which it is open.

    Args:
        seed: of everybody's dice; each case has its own customers.
    """

    folder: Path
    seed: int
    stage: Stage = field(init=False)
    to_service: Link = field(init=False)  # between the web app and the service
    to_database: Link = field(init=False)  # between the carrier, the controllers, and the service's database
    evidence: Evidence = field(init=False)
    workload: Workload = field(init=False)
    _stack: ExitStack = field(default_factory=ExitStack)
    _others: ExitStack = field(default_factory=ExitStack)  # customers who come in the middle of a case

    def __enter__(self) -> Self:
        with self._stack as stack:
            service_port = free_port()
            self.to_service = stack.enter_context(Link(("127.0.0.1", service_port)))
            self.stage = Stage(
                self.folder, environment={f"{MODULE.upper()}_SERVICE_URL": f"http://127.0.0.1:{self.to_service.port}"}
            )
            self.stage.service_ports[MODULE] = service_port
            stack.enter_context(self.stage)
            self.stage.start_service(MODULE)
            database = self.stage.service_databases[MODULE]
            self.to_database = stack.enter_context(Link(("127.0.0.1", database.port())))
            self._lead_movers_through_the_link()
            self.stage.start_carrier()
            journal = stack.enter_context(Journal(self.stage.folder / "journal.jsonl"))
            self.evidence = self.stage.evidence(journal)
            take_baselines(self.evidence)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @contextmanager
    def customers(self, case: str) -> Iterator[None]:
        """Have customers within the block; at its end all that was begun is ended, and everything is judged.

        Raises:
            AssertionError: a request failed that no announced fault explains, an invariant is broken, or the sides differ.
        """
        self.workload = self._workload(zlib.crc32(case.encode()))
        with self.workload, ExitStack() as self._others, Watch(self.evidence) as watch:
            eventually(lambda: self.workload.summary().answered > WARM_UP_REQUESTS, "customers are served", seconds=60)
            yield
            self.at_rest()
            self.writes_flow()
        summary = self.workload.summary()
        assert not summary.failures, (self.seed, case, summary.failures[:5])
        assert not watch.convictions, (self.seed, case, watch.convictions[:5])
        found = judge_at_rest(self.evidence)
        assert not found, (self.seed, case, [str(each) for each in found[:5]])
        self.both_sides_are_equal()

    def customers_leave(self) -> None:
        """Have everybody end what was begun; nobody writes any more but the shop itself."""
        self.workload.end()
        summary = self.workload.summary()
        assert not summary.failures, (self.seed, summary.failures[:5])

    def customers_come_again(self) -> None:
        """Have others come, within the block of `customers`."""
        self.workload = self._workload(self.workload.seed + 1)
        self._others.enter_context(self.workload)
        eventually(lambda: self.workload.summary().answered > WARM_UP_REQUESTS, "customers are served", seconds=60)

    def at_rest(self) -> None:
        """Wait until nothing is held, whoever brings that about."""
        eventually(lambda: not self.where["hold"], "nothing is held", seconds=REST_SECONDS)

    def writes_flow(self) -> None:
        """Wait until something was written after now."""
        before = len(self.evidence.operations("place an order"))

        def flows() -> bool:
            return any(each.done for each in self.evidence.operations("place an order")[before:])

        eventually(flows, "orders are placed again", seconds=FLOWS_AGAIN_SECONDS)

    def both_sides_are_equal(self) -> None:
        if self.where["phase"] in ("dual_write", "switched"):
            compared = self.patiently("verify", everything=True)
            assert compared["equal"], compared["differences"]

    @property
    def where(self) -> dict[str, Any]:
        return self.stage.where(MODULE)

    def bring_to(self, phase: str) -> None:
        """Bring the module to a phase, verb by verb, with the shares that its cases expect (`SHARES`)."""
        while (now := self.where["phase"]) != phase:
            verb = UP[now] if LADDER.index(now) < LADDER.index(phase) else DOWN[now]
            self.patiently(verb, **({"carrier": False} if verb == "begin_copy" else {}))
            if verb == "begin_copy":
                eventually(self.is_copied, "the carrier copied everything", seconds=120)
        if (shares := SHARES.get(phase)) and not shares.items() <= self.where["shares"].items():
            self.patiently("shift", **shares)

    def is_copied(self) -> bool:
        """Return whether the carrier says that all tables are copied, and alike."""
        with self.stage.at("default") as connection:
            row = connection.execute("SELECT facts FROM extraction_progress WHERE module = %s", [MODULE]).fetchone()
        facts = row[0] if row else {}
        return bool(facts.get("tables")) and all(table.get("complete") for table in facts["tables"])

    def patiently(self, verb: str, *, seconds: float = 120.0, **options: Any) -> dict[str, Any]:
        """Have a verb carried out as an operator does, who repeats what was refused for the moment."""
        deadline = time.monotonic() + seconds
        while (moved := self.stage.move(MODULE, verb, **options)).code:
            assert time.monotonic() < deadline, f"{verb}: {moved.told} {moved.report[-2000:]}"
            _never.wait(1.0)
        return moved.result()

    def attempt(self, verb: str, *, fate: str = "", **options: Any) -> Moved:
        """Have a verb tried once by a controller, which may be told its fate."""
        return self.stage.move(MODULE, verb, fate=fate, **options)

    def controller(self, verb: str, fate: str) -> Process:
        """Return a controller that is not waited for, not started."""
        return self.stage.controller(MODULE, verb, fate)

    def other(self) -> str:
        """Return the verb that changes sides now."""
        return "switch" if self.where["phase"] == "dual_write" else "reverse"

    def soon(self, condition: Callable[[], object], what: str, *, seconds: float = REST_SECONDS) -> None:
        eventually(condition, what, seconds=seconds)

    @contextmanager
    def as_application(self, side: str) -> Iterator[psycopg.Connection[Any]]:
        """Have a connection as the role that serves the module on a side, as a forgotten process would.

        The server does not end it for standing still: on a busy machine a move takes longer than it gives.
        """
        server = self.stage.service_databases[MODULE] if side == "service" else self.stage.database
        options = f"-c search_path={MODULE} -c idle_in_transaction_session_timeout=0"
        with psycopg.connect(server.url(MODULE), autocommit=True, options=options) as connection:
            yield connection

    def _workload(self, number: int) -> Workload:
        return Workload(
            self.stage.url,
            self.evidence.journal,
            seed=self.seed ^ number,
            staff=STAFF,
            customers=3,
            pace_seconds=0.05,
        )

    def _lead_movers_through_the_link(self) -> None:
        database = self.stage.service_databases[MODULE]
        urls = {"": MODULE, "OWNER_": f"{MODULE}_owner", "ADMIN_": "banyan_admin"}
        self.stage.lead_movers(
            {
                f"{MODULE.upper()}_SERVICE_{kind}DATABASE_URL": self.to_database.through(database.url(role))
                for kind, role in urls.items()
            }
        )
