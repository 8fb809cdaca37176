"""The cases: a phase, and what goes wrong in it while customers buy."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass

import psycopg

from infra.extraction.switch.transitions import STEPS
from tests.faults.matrix.losing import service_database_lost
from tests.faults.matrix.theatre import MODULE, Theatre
from tests.faults.network import Link
from tests.faults.stage.processes import send

NAMES = [step.name for step in STEPS]
# In the order of a switch; the record is changed twice within it.
MOMENTS = [
    ("check", "before"),
    ("record hold", "before"),
    ("record hold", "after"),
    *((name, "before") for name in NAMES[NAMES.index("hold") :]),
    ("record", "before"),
    ("record", "after"),
    ("retire", "after"),
]
CARRIER_LIVES_SECONDS = (0.5, 12.0)  # it takes some seconds until it carries: some die before they have begun
LEAST_LIVES = 3
_never = threading.Event()
Act = Callable[[Theatre], None]


@dataclass(frozen=True, slots=True)
class Case:
    """One fault in one phase."""

    name: str
    phase: str
    act: Act


def every_case() -> list[Case]:
    """Return the whole matrix, in an order that changes the module's phase rarely."""
    cases = [*_processes(), *_databases(), *_network(), *_people(), *_controllers()]
    return sorted(cases, key=lambda case: PHASES.index(case.phase))


PHASES = ("shared_database", "dual_write", "switched")
VERB = {"dual_write": "switch", "switched": "reverse"}


# --- Controllers ---


def _controllers() -> Iterator[Case]:
    for phase, verb in VERB.items():
        for step, moment in MOMENTS:
            where = f"{verb}-{moment}-{step.replace(' ', '-')}"
            yield Case(f"controller-killed-{where}", phase, _killed(verb, f"{step} {moment} kill"))
            yield Case(f"controller-frozen-{where}", phase, _frozen(verb, f"{step} {moment} stop"))


def _killed(verb: str, fate: str) -> Act:
    def act(theatre: Theatre) -> None:
        ended = theatre.attempt(verb, fate=fate)
        assert ended.code == -signal.SIGKILL, f"it was to die there: {ended}"

    return act


def _frozen(verb: str, fate: str) -> Act:
    """It stands still until others have finished or undone what it began; then it wakes, and must do no harm."""

    def act(theatre: Theatre) -> None:
        controller = theatre.controller(verb, fate)
        controller.start()
        try:
            theatre.soon(lambda: controller.is_frozen, f"the controller stands at {fate}")
            theatre.at_rest()
            theatre.writes_flow()
            controller.thaw()
            theatre.soon(lambda: not controller.is_running, "it comes to its end")
        finally:
            controller.kill()

    return act


# --- Processes ---


def _processes() -> Iterator[Case]:
    for phase in PHASES:
        yield Case(f"web-worker-killed-in-{phase}", phase, _web_worker_killed)
        yield Case(f"shop-killed-in-{phase}", phase, _shop_killed)
        yield Case(f"service-worker-killed-in-{phase}", phase, _service_worker_killed)
        yield Case(f"service-killed-in-{phase}", phase, _service_killed)
        yield Case(f"service-frozen-in-{phase}", phase, _service_frozen)
    for phase in PHASES[1:]:
        yield Case(f"carrier-killed-in-{phase}", phase, _carrier_killed)
        yield Case(f"carrier-frozen-in-{phase}", phase, _carrier_frozen)
        yield Case(f"web-worker-killed-in-{VERB[phase]}", phase, _during(_web_worker_killed))
        yield Case(f"web-worker-frozen-in-{VERB[phase]}", phase, _during(_web_worker_frozen))
        yield Case(f"carrier-killed-in-{VERB[phase]}", phase, _during(_carrier_killed))
    yield Case("carrier-killed-again-and-again-there-and-back", "dual_write", _there_and_back_with_a_dying_carrier)
    yield Case("carrier-killed-again-and-again-in-the-copy", "shared_database", _copied_with_a_dying_carrier)


def _where_it_serves(theatre: Theatre, what: str) -> AbstractContextManager[None]:
    """Announce a fault of the service where it has traffic; elsewhere nobody may notice."""
    return nullcontext() if theatre.where["phase"] == "dual_write" else theatre.workload.fault(what, lasting=5.0)


def _web_worker_killed(theatre: Theatre) -> None:
    with theatre.workload.fault("a web process is killed"):
        send(theatre.stage.shop.workers()[0], signal.SIGKILL)


def _web_worker_frozen(theatre: Theatre) -> None:
    """As a paused machine: its lease runs out, the switch goes on, and it wakes with old news."""
    worker = theatre.stage.shop.workers()[0]
    with theatre.workload.fault("a web process stands still"):
        send(worker, signal.SIGSTOP)
        _never.wait(8.0)
        send(worker, signal.SIGCONT)


def _shop_killed(theatre: Theatre) -> None:
    with theatre.workload.fault("the shop is killed"):
        theatre.stage.shop.kill()
        theatre.stage.start_shop()


def _service_worker_killed(theatre: Theatre) -> None:
    with _where_it_serves(theatre, "a process of the service is killed"):
        send(theatre.stage.services[MODULE].workers()[0], signal.SIGKILL)


def _service_killed(theatre: Theatre) -> None:
    with _where_it_serves(theatre, "the service is killed"):
        theatre.stage.services[MODULE].kill()
        _never.wait(2.0)
        theatre.stage.start_service(MODULE)


def _service_frozen(theatre: Theatre) -> None:
    service = theatre.stage.services[MODULE]
    with _where_it_serves(theatre, "the service stands still"):
        service.freeze()
        _never.wait(4.0)
        service.thaw()


def _carrier_killed(theatre: Theatre) -> None:
    """Nobody notices."""
    theatre.stage.carrier.kill()
    theatre.stage.start_carrier()


def _carrier_frozen(theatre: Theatre) -> None:
    theatre.stage.carrier.freeze()
    _never.wait(8.0)
    theatre.stage.carrier.thaw()


@contextmanager
def _carrier_killed_again_and_again(theatre: Theatre) -> Iterator[list[float]]:
    """Within the block the carrier lives some moments each time; yields how long each of them lived, in seconds."""
    dice, lives, over = random.Random(f"{theatre.seed} carrier"), list[float](), threading.Event()

    def kill_and_start() -> None:
        while not over.is_set():
            lives.append(dice.uniform(*CARRIER_LIVES_SECONDS))
            over.wait(lives[-1])
            theatre.stage.carrier.kill()
            theatre.stage.start_carrier()

    killer = threading.Thread(target=kill_and_start)
    killer.start()
    try:
        yield lives
    finally:
        over.set()
        killer.join(60)


def _there_and_back_with_a_dying_carrier(theatre: Theatre) -> None:
    with _carrier_killed_again_and_again(theatre) as lives:
        theatre.patiently("switch")
        theatre.writes_flow()
        theatre.patiently("reverse")
        theatre.writes_flow()
        theatre.soon(lambda: len(lives) > LEAST_LIVES, "the carrier has died often")


def _copied_with_a_dying_carrier(theatre: Theatre) -> None:
    """What was copied before each death stays copied."""
    with _carrier_killed_again_and_again(theatre):
        theatre.patiently("begin_copy", carrier=False)
        theatre.soon(theatre.is_copied, "everything is copied", seconds=120)


def _during(fault: Act) -> Act:
    """Have the fault while the module changes sides; the verb is repeated until it is done."""

    def act(theatre: Theatre) -> None:
        verb, broke = theatre.other(), list[AssertionError]()

        def change_sides() -> None:
            try:
                theatre.patiently(verb)
            except AssertionError as error:
                broke.append(error)

        changing = threading.Thread(target=change_sides)
        changing.start()
        with suppress(AssertionError):  # a change may be over before anybody sees it
            theatre.soon(lambda: theatre.where["hold"] or not changing.is_alive(), "it is held", seconds=20)
        fault(theatre)
        changing.join(150)
        assert not changing.is_alive()
        assert not broke, f"{verb} was not done: {broke[0]}"

    return act


# --- Databases ---


def _databases() -> Iterator[Case]:
    yield Case("service-database-stopped-in-dual_write", "dual_write", _service_database_stopped)
    yield Case(
        "service-database-stopped-in-switched", "switched", _under("its database is down", _service_database_stopped)
    )
    yield Case("service-database-lost-in-switched", "switched", service_database_lost)
    for phase in PHASES[1:]:
        yield Case(
            f"monolith-database-stopped-in-{phase}", phase, _under("its database is down", _shop_database_stopped)
        )
        yield Case(f"service-table-locked-in-{phase}", phase, _table_locked)
        yield Case(f"long-writer-in-{VERB[phase]}", phase, _long_writer)
        yield Case(f"zombie-writer-after-{VERB[phase]}", phase, _zombie_writer)


def _under(what: str, act: Act) -> Act:
    """Announce what customers may notice."""

    def announced(theatre: Theatre) -> None:
        with theatre.workload.fault(what, lasting=8.0):
            act(theatre)

    return announced


def _under_where_it_serves(what: str, act: Act) -> Act:
    def announced(theatre: Theatre) -> None:
        with _where_it_serves(theatre, what):
            act(theatre)

    return announced


def _service_database_stopped(theatre: Theatre) -> None:
    server = theatre.stage.service_databases[MODULE]
    theatre.stage.stop_at_once(server)
    _never.wait(4.0)
    server.start()


def _shop_database_stopped(theatre: Theatre) -> None:
    theatre.stage.stop_at_once(theatre.stage.database)
    _never.wait(2.0)
    theatre.stage.database.start()


def _table_locked(theatre: Theatre) -> None:
    """Somebody keeps a table of the side that follows locked; whoever carries waits, customers do not."""
    follows = "service" if theatre.where["phase"] == "dual_write" else "monolith"
    with theatre.stage.at(MODULE, follows) as foreign, foreign.transaction():
        foreign.execute("LOCK TABLE payments_payment IN EXCLUSIVE MODE")
        _never.wait(4.0)


def _long_writer(theatre: Theatre) -> None:
    """A transaction that began before keeps the switch waiting; it is put off, nobody else waits long."""
    home = "monolith" if theatre.where["phase"] == "dual_write" else "service"
    with theatre.as_application(home) as writer, writer.transaction():
        writer.execute(
            "UPDATE payments_payment SET method = method WHERE id = (SELECT max(id::text)::uuid FROM payments_payment)"
        )
        refused = theatre.attempt(theatre.other(), tries=1)
        assert refused.code == 1, refused
    theatre.patiently(theatre.other())


def _zombie_writer(theatre: Theatre) -> None:
    """A session that was at home before the switch wakes after it, and is refused by the database."""
    home = "monolith" if theatre.where["phase"] == "dual_write" else "service"
    with theatre.as_application(home) as zombie:
        zombie.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        zombie.execute("SELECT count(*) FROM payments_payment")
        theatre.patiently(theatre.other())
        try:
            zombie.execute("UPDATE payments_payment SET method = 'stolen'")
        except psycopg.errors.InsufficientPrivilege:
            zombie.execute("ROLLBACK")
        else:
            raise AssertionError("a writer of the old side was let in")


# --- Network ---


def _network() -> Iterator[Case]:
    for phase in PHASES:
        cut = _under_where_it_serves("the service is cut off", _cut(lambda t: t.to_service))
        yield Case(f"service-cut-off-in-{phase}", phase, cut)
        deaf = _under_where_it_serves("the service's answers do not come", _one_way(lambda t: t.to_service))
        yield Case(f"service-half-open-in-{phase}", phase, deaf)
        yield Case(f"service-far-away-in-{phase}", phase, _far(lambda t: t.to_service, 0.02))
    for phase in ("shared_database", "switched"):
        yield Case(f"answer-lost-in-{phase}", phase, _under("an answer is lost", _answer_lost))
    for phase in PHASES[1:]:
        yield Case(f"movers-cut-off-in-{phase}", phase, _cut(lambda t: t.to_database))
        yield Case(f"movers-half-open-in-{phase}", phase, _one_way(lambda t: t.to_database))
        yield Case(f"movers-far-away-in-{phase}", phase, _far(lambda t: t.to_database, 0.1))
        yield Case(f"movers-cut-off-in-{VERB[phase]}", phase, _during(_cut(lambda t: t.to_database)))


def _cut(link: Callable[[Theatre], Link]) -> Act:
    def act(theatre: Theatre) -> None:
        with link(theatre).being_cut():
            _never.wait(3.0)

    return act


def _one_way(link: Callable[[Theatre], Link]) -> Act:
    def act(theatre: Theatre) -> None:
        found = link(theatre)
        found.stop("back")
        _never.wait(3.0)
        found.resume()

    return act


def _far(link: Callable[[Theatre], Link], seconds: float) -> Act:
    """Slow, and nothing worse: nobody may notice more than that."""

    def act(theatre: Theatre) -> None:
        with _delay(link(theatre), seconds):
            theatre.writes_flow()
            _never.wait(3.0)

    return act


@contextmanager
def _delay(link: Link, seconds: float) -> Iterator[None]:
    link.delay_seconds = seconds
    try:
        yield
    finally:
        link.delay_seconds = 0.0


def _answer_lost(theatre: Theatre) -> None:
    """A command is done, and its answer breaks off: whoever sent it does not know, and asks again under the same key."""
    before = theatre.to_service.broken_on_purpose
    theatre.to_service.lose_answer_to(b"take_payment")
    theatre.soon(lambda: theatre.to_service.broken_on_purpose > before, "an answer was lost")


# --- People ---


def _people() -> Iterator[Case]:
    for phase, verb in VERB.items():
        yield Case(f"two-operators-{verb}", phase, _two_operators(verb, verb))
        yield Case(f"two-operators-{verb}-and-cancel", phase, _two_operators(verb, "cancel"))
        yield Case(f"two-operators-{verb}-and-verify", phase, _two_operators(verb, "verify"))
    yield Case("shares-shifted-up-and-down", "shared_database", _shifted)
    yield Case("shares-shifted-in-dual_write", "dual_write", _shifted)


def _two_operators(first: str, second: str) -> Act:
    """Both at once: one wins, the other is refused with a sentence or finds it done; nothing is broken."""

    def act(theatre: Theatre) -> None:
        ended: list[int] = []
        operators = [
            threading.Thread(target=lambda verb=verb: ended.append(theatre.attempt(verb).code))
            for verb in (first, second)
        ]
        for operator in operators:
            operator.start()
        for operator in operators:
            operator.join(150)
        assert set(ended) <= {0, 1}, ended
        assert 0 in ended, "both were refused"

    return act


def _shifted(theatre: Theatre) -> None:
    for reads, writes in ((50, 0), (100, 50), (100, 100), (0, 0)):
        theatre.patiently("shift", reads=reads, writes=writes)
        theatre.writes_flow()
