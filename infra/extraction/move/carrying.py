"""One module on the move, as the carrier keeps it: its stream, what is noted of it, its comparisons, its gates."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import Error as DjangoDatabaseError
from django.db import connections
from django.utils import timezone

from infra.databases.embedded import EmbeddedServerError
from infra.extraction.data import capture
from infra.extraction.data.comparison import compare, repair
from infra.extraction.data.connections import connect
from infra.extraction.data.errors import DataPlaneError, LeaseLost, TargetRefused
from infra.extraction.data.growth import GrowthLimits, Judgement, Urgency, growth, judge
from infra.extraction.data.progress import progress
from infra.extraction.move.crossing import Crossing
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.lag import TimedApplier
from infra.extraction.move.reconciling import BETWEEN_SIDES, reconcile_record
from infra.extraction.move.settling import settle
from infra.extraction.move.sides import service_running
from infra.extraction.move.turns import at_work_on, holder_of, turn
from infra.extraction.move.verifying import applier_of, directed
from infra.extraction.record.changing import ALIAS, RecordMoved, read
from infra.extraction.record.models import ModuleRecord, Progress
from infra.extraction.record.values import Phase, Where
from infra.extraction.switch import gate
from infra.extraction.switch.errors import SwitchError
from infra.extraction.switch.transitions import Impossible, remedy_for

logger = logging.getLogger(__name__)
ME = f"{socket.gethostname()}:{os.getpid()}"
BY = f"carrier {ME}"
# A controller that still holds writes after so long hangs: it acknowledges within 1.5 s and switches within half a second.
LONGEST_HOLD_SECONDS = 2.2
_OUTAGES = (psycopg.Error, DjangoDatabaseError, OSError, EmbeddedServerError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How often what is done, in seconds."""

    look: float = 0.1  # whether somebody holds writes and is gone
    gates: float = 1.0
    note: float = 1.0
    compare: float = 5.0  # what was touched since
    everything: float = 600.0
    supersede: float = 1.0  # after another one took the stream over, until it is taken back
    busy: float = 20.0  # at most so long is waited for somebody who is at work on the module
    silence: float = 10.0  # a carrier that noted nothing for so long is taken for dead by those who look
    limits: GrowthLimits = field(default_factory=GrowthLimits)


class Carrying:
    """Threads for one module, until `end`; each goes on by itself after an outage."""

    def __init__(self, module: str, rhythm: Rhythm, give_up: Callable[[str, str], None]) -> None:
        self.module = module
        self._rhythm = rhythm
        self._give_up = give_up
        self._ending = threading.Event()
        self._crossing = Crossing()
        self._applier: TimedApplier | None = None
        self._problems: dict[str, str] = {}
        self._comparison: dict[str, Any] | None = None
        self._incidents = 0
        self._copied: tuple[float, int] | None = None
        self._rate: float | None = None
        self._servers, self._has_server = ExitStack(), False
        parts = {"stream": self._stream, "notes": self._notes, "comparison": self._compare, "gates": self._gates}
        self._threads = [
            threading.Thread(target=self._keep_on, args=(name, part), name=f"{module} {name}", daemon=True)
            for name, part in parts.items()
        ]
        for thread in self._threads:
            thread.start()

    def end(self, *, wait_seconds: float = 10.0) -> None:
        """Have all threads end after what they are doing; a step is finished."""
        self._ending.set()
        self._crossing.end()
        deadline = time.monotonic() + wait_seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    @property
    def alive(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def _keep_on(self, name: str, part: Callable[[], None]) -> None:
        """Run a part again and again; whatever keeps it from working is noted, and tried again later and later."""
        pause = 0.2
        while not self._ending.is_set():
            began = time.monotonic()
            try:
                part()
                self._problems.pop(name, None)
            except (LeaseLost, TargetRefused) as error:
                logger.info("%s: %s", self.module, error)
                self._wait_for_others()
            except (*_OUTAGES, DataPlaneError, SwitchError, Impossible, RecordMoved, MoveRefused) as error:
                said = str(error).strip() or type(error).__name__
                if self._problems.get(name) != said:
                    logger.warning("%s: %s: %s", self.module, name, said)
                self._problems[name] = said
                pause = 0.2 if time.monotonic() - began > 10 else min(pause * 2, 5.0)
                self._ending.wait(pause)
            except Exception:
                logger.exception("%s: %s", self.module, name)
                self._ending.wait(5.0)
        if name == "stream":
            self._servers.close()
        connections.close_all()

    # --- the stream ---

    def _stream(self) -> None:
        where = read(self.module)
        if where.phase not in BETWEEN_SIDES:
            self._ending.wait(self._rhythm.look)
            return
        if where.hold or holder_of(at_work_on(self.module)):
            self._wait_for_others()
            where = read(self.module)
            if where.phase not in BETWEEN_SIDES:
                return
        self._have_server()
        source, target = directed(where)
        # Nobody else prepares or clears away anything meanwhile, and who is at it already has the stream.
        try:
            with turn(at_work_on(self.module), by=f"arrange {self.module} by the {BY}"):
                settle(source, target, by=BY)
        except MoveRefused:
            self._wait_for_others()
            return
        connections.close_all()  # all modules' threads share one pool, and this one follows for hours
        with applier_of(source, target) as applier:
            self._problems.pop("stream", None)
            self._applier = applier
            try:
                while not self._ending.is_set():
                    with self._crossing.along():
                        applier.follow(self._crossing.interrupt)
            finally:
                self._applier = None

    def _have_server(self) -> None:
        """Have the service's embedded server running for as long as the module is carried."""
        if not self._has_server:
            self._servers.enter_context(service_running(self.module))
            self._has_server = True
        elif server := settings.SERVICE_SERVER_OF(self.module):
            server.start()

    def _wait_for_others(self) -> None:
        """Let whoever took the stream over do its work: a switch takes seconds, a comparison's step less."""
        end = time.monotonic() + self._rhythm.busy
        self._ending.wait(self._rhythm.supersede)
        while not self._ending.is_set() and time.monotonic() < end and holder_of(at_work_on(self.module)):
            self._ending.wait(self._rhythm.look)

    # --- what is noted ---

    def _notes(self) -> None:
        where = read(self.module)
        if where.phase not in BETWEEN_SIDES:
            self._ending.wait(self._rhythm.note)
            return
        source, target = directed(where)
        with connect(source, "notes") as here:
            while not self._ending.wait(self._rhythm.note):
                now = read(self.module)
                if now.home != where.home or now.phase not in BETWEEN_SIDES:
                    return
                self._watch_growth(here, source, now)
                facts: dict[str, Any] = {}
                applier = self._applier
                if applier is not None:
                    with connect(target, "notes") as there:
                        facts = self._facts(applier, progress(here, there, (source, target), applier.tables))
                self._problems.pop("notes", None)
                self._note(facts)
                connections.close_all()

    def _facts(self, applier: TimedApplier, found: Any) -> dict[str, Any]:
        copied = sum(table.copied for table in found.tables)
        left = sum(max(0, table.expected - table.copied) for table in found.tables if not table.complete)
        now = time.monotonic()
        if self._copied and now > self._copied[0]:
            rate = max(0.0, (copied - self._copied[1]) / (now - self._copied[0]))
            self._rate = rate if self._rate is None else 0.5 * self._rate + 0.5 * rate
        self._copied = (now, copied)
        complete = all(table.complete for table in found.tables)
        rate = self._rate or applier.rows_per_second
        return {
            "tables": [
                {"table": t.table, "copied": t.copied, "expected": t.expected, "complete": t.complete}
                for t in found.tables
            ],
            "rows_per_second": None if complete else round(rate),
            "seconds_left": 0 if complete else round(left / rate) if rate else None,
            "waiting": found.waiting,
            "lag_ms": applier.lag_ms(),
            "consistent": found.consistent,
            "rows_carried": found.rows_carried,
            "steps": found.steps,
        }

    def _note(self, facts: dict[str, Any]) -> None:
        row = Progress.objects.using(ALIAS).filter(pk=self.module).first()
        before = row.facts if row else {}
        problems = "; ".join(f"{name}: {said}" for name, said in sorted(self._problems.items()))
        fresh = {
            **before,
            **facts,
            "carrier": {
                "process": ME,
                "alive_until": (timezone.now() + timedelta(seconds=self._rhythm.silence)).isoformat(),
            },
            "problem": problems,
            "incidents": int(before.get("incidents") or 0) + self._incidents,
        }
        if self._comparison:
            fresh["comparison"] = self._comparison
        self._incidents = 0
        Progress.objects.using(ALIAS).update_or_create(
            module=self.module, defaults={"at": timezone.now(), "facts": fresh}
        )

    def _watch_growth(self, here: Any, source: Any, where: Where) -> None:
        found = growth(here, source)
        judged = judge(found, self._rhythm.limits) if found else Judgement(urgency=Urgency.NONE)
        if judged.urgency is Urgency.NONE:
            self._problems.pop("log", None)
            return
        if self._problems.get("log") != judged.reason:
            logger.error("%s: %s", self.module, judged.reason)
        self._problems["log"] = judged.reason
        if judged.urgency is not Urgency.GIVE_UP:
            return
        if where.phase == Phase.SWITCHED:
            capture.remove(here, source)
            logger.error("%s: the way back is given up; `begin_copy` begins it anew", self.module)
        else:
            self._give_up(self.module, judged.reason)

    # --- comparisons ---

    def _compare(self) -> None:
        everything_at = time.monotonic()
        while not self._ending.wait(self._rhythm.compare):
            applier = self._applier
            if applier is None or not applier.copied:
                continue
            everything = self._comparison is None or time.monotonic() - everything_at > self._rhythm.everything
            if everything:
                everything_at = time.monotonic()
            try:
                found = compare(applier, everything=everything, turn=self._crossing.across())
            except psycopg.Error:
                if self._applier is applier:
                    raise
                continue  # the stream was given to somebody else in the middle
            if found.differences:
                self._incidents += len(found.differences)
                logger.error(
                    "%s: %d rows differed and are carried again, such as %s",
                    self.module,
                    len(found.differences),
                    found.differences[0],
                )
                repair(applier, found.differences)
            self._problems.pop("comparison", None)
            self._comparison = {
                "at": timezone.now().isoformat(),
                "rows": found.rows,
                "ranges": found.ranges,
                "skipped": found.skipped,
                "everything": everything,
                "differences": [
                    {"table": each.table, "key": each.key, "fault": each.fault.value}
                    for each in found.differences[:100]
                ],
            }

    # --- the gates ---

    def _gates(self) -> None:
        looked_at = 0.0
        while not self._ending.wait(self._rhythm.look):
            try:
                looked_at = self._look_at_gates(looked_at)
            finally:
                connections.close_all()

    def _look_at_gates(self, looked_at: float) -> float:
        """Bring to rest what nobody is at any more; return when both gates were looked at last."""
        row = ModuleRecord.objects.using(ALIAS).filter(pk=self.module).values("hold", "phase", "changed_at").first()
        if row is None or row["phase"] not in BETWEEN_SIDES:
            return looked_at
        if row["hold"]:
            held_for = (timezone.now() - row["changed_at"]).total_seconds()
            if held_for > LONGEST_HOLD_SECONDS or not holder_of(at_work_on(self.module)):
                logger.warning("%s: writes are held and nobody switches; both sides are brought to rest", self.module)
                reconcile_record(self.module, by=BY)
        elif time.monotonic() - looked_at > self._rhythm.gates:
            looked_at = time.monotonic()
            if not holder_of(at_work_on(self.module)) and not self._at_rest():
                reconcile_record(self.module, by=BY)
            self._problems.pop("gates", None)
        return looked_at

    def _at_rest(self) -> bool:
        where = read(self.module)
        if where.phase not in BETWEEN_SIDES:
            return True
        source, target = directed(where)
        with connect(source, "gates") as here, connect(target, "gates") as there:
            rows = gate.read(here, source), gate.read(there, target)
        try:
            remedy = remedy_for(*rows)
        except Impossible:
            return False  # perhaps read at two moments; whoever recovers looks more than once
        return remedy.at_rest and remedy.source == 0 and rows[0].epoch == where.epoch
