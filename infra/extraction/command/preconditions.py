"""What must hold before each verb, looked at without changing anything, and what the verb would do.

The verbs check for themselves what they can't do without; this is for people who want to know before, and for those who wait
until everything holds (`switch --when-ready`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import httpx
import psycopg
from django.conf import settings

from infra.extraction.command.outcome import Verdict
from infra.extraction.data.connections import connect
from infra.extraction.move.errors import MoveRefused
from infra.extraction.move.operations import Status, status
from infra.extraction.move.sides import carried_names, service_running, sides_of
from infra.extraction.move.without_service import require_lost
from infra.extraction.planning.obstacles import DRAIN_SECONDS
from infra.extraction.planning.tables import refusals
from infra.extraction.record.acknowledging import behind
from infra.extraction.record.values import SERVICE, Phase
from infra.extraction.switch import gate
from infra.extraction.words import PHASES
from infra.service.facts import facts_of

SERVICE_SECONDS = 5.0
MOST_LAG_MS = 1000.0  # more than that and the last step before the fence takes too long
Options = Mapping[str, Any]
Check = Callable[[Status, Options], Iterator[Verdict]]


def verdicts(verb: str, module: str, options: Options) -> tuple[Verdict, ...]:
    """Return each precondition of a verb with its verdict, in the order in which they are worth looking at."""
    check = CHECKS.get(verb)
    return tuple(check(status(module), options)) if check else ()


def intentions(verb: str, module: str, options: Options) -> tuple[str, ...]:
    """Return what the verb would do, step by step."""
    found = status(module)
    where = found.where
    address = options.get("service") or where.service or settings.SERVICE_ADDRESSES.get(module, "")
    if verb == "start":
        steps = [f"say in the record that the service of {module} answers at {address}, with none of the traffic"]
        if options.get("until") != "shared-database":
            steps += [
                f"make schema, roles and tables of {module} in the service's database",
                "refuse migrations of the module until the end of the move",
                "install gates on both sides and the capture on the monolith's",
                "copy all rows, and compare both sides, again and again",
            ]
        return tuple(steps)
    if verb == "shift":
        wanted = {
            kind: options[kind] for kind in ("reads", "writes", "shadow", "database") if options.get(kind) is not None
        }
        return tuple(
            f"{kind}: {where.database if kind == 'database' else where.share(kind)} -> {value}"
            for kind, value in wanted.items()
        )
    if verb in ("switch", "reverse"):
        home = "service" if verb == "switch" else "monolith"
        return (
            "compare what was written since the last comparison",
            f"hold the writes of {module} in every process, and wait until each has acknowledged",
            "fence the side that writes, wait for writers inside, carry the rest, advance the sequences",
            f"give the truth to the {home}'s tables, open them, release the hold; the other side follows from then on",
        )
    if verb == "cancel" and options.get("service_lost"):
        return (
            f"hold the writes of {module} in every process, and wait until each has acknowledged or is dead",
            "make the monolith's tables the truth as they stand; what was written at the service and not carried back is lost",
            "leave room in every sequence for numbers that were given to lost rows",
        )
    return {
        "scaffold": (
            f"write extracted/{module}/: settings, addresses, manage.py, tests, container and Kubernetes files",
        ),
        "verify": ("hash all ranges of both sides that were touched, at one moment; carry again what differs",),
        "cancel": (
            "the monolith alone answers; every process acknowledges",
            "captures, gates, log and triggers are taken away; what was copied is emptied",
        ),
    }.get(verb, ())


def _start(found: Status, options: Options) -> Iterator[Verdict]:
    where = found.where
    module = where.module
    yield Verdict(
        what=f"{module} is not split yet ({PHASES[where.phase]})",
        holds=where.phase != Phase.SPLIT,
        todo="It lives in its service for good; there is nothing to start.",
    )
    yield from service_answers(
        module, str(options.get("service") or where.service or settings.SERVICE_ADDRESSES.get(module, ""))
    )
    if options.get("until") == "shared-database":
        return
    try:
        monolith, service = sides_of(module)
    except MoveRefused as refusal:
        yield Verdict(what="the owners' logins of both sides are known", holds=False, todo=str(refusal))
        return
    try:
        with connect(monolith, "look") as connection:
            reasons = refusals(connection, monolith, carried_names(connection, monolith))
        yield Verdict(
            what="every table of the module can be carried",
            holds=not reasons,
            todo=" ".join(refused.why for refused in reasons),
        )
    except psycopg.Error as error:
        yield Verdict(what="the monolith's database answers its owner", holds=False, todo=_first_line(error))
    try:
        with service_running(module), psycopg.connect(service.owner_url, connect_timeout=4):
            pass
        yield Verdict(what="the service's database answers its owner", holds=True)
    except psycopg.Error as error:
        can_make = bool(settings.SERVICE_DATABASES[module].get("admin"))
        yield Verdict(
            what="the service's database answers its owner, or an administrator's login is there to make it",
            holds=can_make,
            todo=f"{_first_line(error)} Make it, or set {module.upper()}_SERVICE_ADMIN_DATABASE_URL.",
        )


def service_answers(module: str, address: str, *, alike: bool = True) -> Iterator[Verdict]:
    """Yield whether the service answers, and, if `alike`, whether as this code would: same contracts, events, last migration."""
    if not address:
        yield Verdict(
            what="it is known where the service answers",
            holds=False,
            todo=f"Set {module.upper()}_SERVICE_URL, or say --service URL.",
        )
        return
    try:
        answer = httpx.get(f"{address.rstrip('/')}/_service", timeout=SERVICE_SECONDS)
        said = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError) as error:
        yield Verdict(
            what=f"the service answers at {address}",
            holds=False,
            todo=f"{str(error) or type(error).__name__}. Start it: python extracted/{module}/manage.py serve",
        )
        return
    is_it = isinstance(said, dict) and said.get("module") == module
    yield Verdict(
        what=f"the service of {module} answers at {address}",
        holds=is_it,
        todo=f"Something else answers there (GET /_service: {answer.status_code}). Correct {module.upper()}_SERVICE_URL.",
    )
    manifest = next((each for each in settings.MANIFESTS if each.name == module), None)
    if not is_it or not alike or manifest is None:
        return
    for part in ("contract", "events"):
        # What nobody here asks or hears yet is declared by being imported.
        if find_spec(name := f"{settings.HOUSE.modules}.{module}") and find_spec(f"{name}.{part}"):
            import_module(f"{name}.{part}")
    ours = facts_of(manifest)
    odd = [name for name in ("contracts", "events", "schemaVersion") if said.get(name) != ours[name]]
    yield Verdict(
        what="it runs the same contracts, events and migrations",
        holds=not odd,
        todo=f"{' and '.join(odd)} differ: deploy both from one version, then repeat.",
    )


def _verify(found: Status, options: Options) -> Iterator[Verdict]:
    yield _phase(found, Phase.DUAL_WRITE, Phase.SWITCHED)
    yield _copied(found)


def _shift(found: Status, options: Options) -> Iterator[Verdict]:
    yield _phase(found, Phase.SHARED_DATABASE, Phase.DUAL_WRITE, Phase.SWITCHED)
    yield _not_held(found)
    if found.where.service:
        yield from service_answers(found.where.module, found.where.service)


def _switch(found: Status, options: Options) -> Iterator[Verdict]:
    yield _phase(found, Phase.DUAL_WRITE)
    yield from _ready_to_change(found)
    if found.where.service:
        yield from service_answers(found.where.module, found.where.service)


def _reverse(found: Status, options: Options) -> Iterator[Verdict]:
    yield _phase(found, Phase.SWITCHED)
    yield from _ready_to_change(found)


def _ready_to_change(found: Status) -> Iterator[Verdict]:
    """Yield what must hold before the truth changes sides, in either direction."""
    yield _not_held(found)
    yield Verdict(what="a carrier lives", holds=found.carrier is not None, todo="Start one: python manage.py carry")
    yield Verdict(
        what="nothing keeps the carrier from carrying",
        holds=not found.problem,
        todo=found.problem,
    )
    yield _copied(found)
    differences = _number(found.comparison, "differences")
    yield Verdict(
        what="the last comparison found no difference",
        holds=differences == 0,
        todo="Nothing was compared yet; wait for the carrier, or type: python manage.py extract"
        f" {found.where.module} verify"
        if differences is None
        else f"{differences:g} rows differed; they are carried again. Find out who wrote past the module, then compare again.",
    )
    lag = _number(found.lag_ms, "p99")
    yield Verdict(
        what=f"the other side is less than {MOST_LAG_MS / 1000:g} s behind",
        holds=lag is None or lag < MOST_LAG_MS,
        todo=f"It is {lag or 0:.0f} ms behind (99 of 100 less). Wait, or look what writes so much.",
    )
    late = behind(found.where.revision)
    yield Verdict(
        what="every process acts on the newest record",
        holds=not late,
        todo=f"{', '.join(late[:5])} do not. They are alive and can't read the record, or hang; look at their logs.",
    )
    yield from _writers(found)


def _writers(found: Status) -> Iterator[Verdict]:
    if found.where.phase not in (Phase.DUAL_WRITE, Phase.SWITCHED):
        return
    try:
        monolith, service = sides_of(found.where.module)
        side = service if found.where.home == SERVICE else monolith
        with service_running(found.where.module), connect(side, "look") as connection:
            inside = {pid for pid in gate.writers_inside(connection, side) if pid is not None}
            if inside:
                connection.execute("SELECT pg_sleep(%s)", [DRAIN_SECONDS])
                inside &= {pid for pid in gate.writers_inside(connection, side) if pid is not None}
    except (MoveRefused, psycopg.Error) as error:
        yield Verdict(what="the side that writes answers its owner", holds=False, todo=_first_line(error))
        return
    yield Verdict(
        what=f"no write transaction is open for longer than {DRAIN_SECONDS * 1000:.0f} ms",
        holds=not inside,
        todo=f"Processes {', '.join(map(str, sorted(inside)))} of that server are at it; look at them in pg_stat_activity.",
    )


def _cancel(found: Status, options: Options) -> Iterator[Verdict]:
    module = found.where.module
    if options.get("service_lost"):
        try:
            obstacle = f"They have all until {require_lost(module)}."
            lost = True
        except MoveRefused as refusal:
            obstacle, lost = str(refusal), False
        yield Verdict(
            what="the truth is in the service's database, it does not answer, and the monolith's tables have followed it",
            holds=lost,
            todo=obstacle,
        )
        yield Verdict(
            what="the module's name is typed again",
            holds=options.get("confirm") == module,
            todo=f"Add --confirm {module}, once it is certain that the service's database can't be brought back.",
        )
        return
    yield Verdict(
        what="the monolith's tables are the truth",
        holds=found.where.home != SERVICE,
        todo=f"The service's are. First: python manage.py extract {module} reverse"
        if found.where.phase == Phase.SWITCHED
        else "The module is split; its tables are retired, and only the export is left.",
    )
    yield _not_held(found)


def _phase(found: Status, *phases: str) -> Verdict:
    names = " or ".join(PHASES[phase] for phase in phases)
    return Verdict(
        what=f"{found.where.module} is in the phase {names}",
        holds=found.where.phase in phases,
        todo=f"It is {PHASES.get(found.where.phase, found.where.phase)}. What is possible now: python manage.py extract"
        f" {found.where.module} status",
    )


def _not_held(found: Status) -> Verdict:
    return Verdict(
        what="its writes are not held",
        holds=not found.where.hold,
        todo="A switch is under way, or was killed; the carrier ends it within seconds.",
    )


def _copied(found: Status) -> Verdict:
    done = sum(bool(table.get("complete")) for table in found.tables)
    return Verdict(
        what="the first copy is complete",
        holds=found.copied,
        todo=f"{done} of {len(found.tables)} tables are. Watch it: python manage.py extract {found.where.module} status --watch",
    )


def _number(values: Mapping[str, Any] | None, name: str) -> float | None:
    value = (values or {}).get(name)
    return float(len(value)) if isinstance(value, list) else float(value) if isinstance(value, int | float) else None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


CHECKS: Mapping[str, Check] = {
    "start": _start,
    "verify": _verify,
    "shift": _shift,
    "switch": _switch,
    "reverse": _reverse,
    "cancel": _cancel,
}
