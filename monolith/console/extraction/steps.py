"""What may be asked for next, and why not where it may not.

The carrier checks everything once more, exactly, when it carries a request out; these preconditions are what can be known from
here, so that nobody asks for what would be refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings

from infra.extraction.record.values import Phase
from monolith.console.extraction.state import Move

# How to start what carries requests out.
CARRIER_COMMAND = "python manage.py carry"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """Something that can be asked for in some phases."""

    name: str  # as the carrier knows it
    title: str  # of the button
    says: str  # what it does, and how long one waits
    phases: tuple[str, ...]
    leads_to: str | None = None  # the phase after it
    is_dangerous: bool = False  # must be confirmed by typing the module's name
    is_back: bool = False
    needs: Callable[[Move], Iterator[str]] = lambda move: iter(())


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A verb for one module at this moment."""

    verb: Verb
    reasons: tuple[str, ...]  # why it can't be asked for; none: it can

    @property
    def is_open(self) -> bool:
        return not self.reasons


def _addressed(move: Move) -> Iterator[str]:
    if move.module not in settings.SERVICE_ADDRESSES:
        yield f"Nobody said where the service will answer. Set {move.module.upper()}_SERVICE_URL and start the shop again."


def _copied_and_equal(move: Move) -> Iterator[str]:
    if move.problem:
        yield move.problem
    if move.copy is None:
        yield "The copy has not begun, or the carrier has said nothing of it yet."
    elif not move.copy.complete:
        yield f"The copy is not complete: {move.copy.per_cent} %."
    yield from _equal(move)


def _equal(move: Move) -> Iterator[str]:
    if move.compared is None:
        yield "Both sides were not compared yet."
    elif move.compared.differences:
        yield f"The last comparison found rows that differ ({move.compared.differences}); they are carried and compared again."


VERBS = (
    Verb(
        name="share",
        title="Let the service answer, too",
        says="The service serves on the monolith's tables, with none of the traffic until it is shifted. Seconds.",
        phases=(Phase.IN_PROCESS,),
        leads_to=Phase.SHARED_DATABASE,
        needs=_addressed,
    ),
    Verb(
        name="begin_copy",
        title="Begin the copy",
        says="From now on every write reaches the service's database, too, and the carrier copies what was there before.",
        phases=(Phase.SHARED_DATABASE,),
        leads_to=Phase.DUAL_WRITE,
    ),
    Verb(
        name="switch",
        title="Switch to the service",
        says="Writes wait for some milliseconds while the service's tables become the truth. They can be given back.",
        phases=(Phase.DUAL_WRITE,),
        leads_to=Phase.SWITCHED,
        is_dangerous=True,
        needs=_copied_and_equal,
    ),
    Verb(
        name="complete",
        title="Complete the split",
        says="Retires the monolith's tables. After this there is no way back.",
        phases=(Phase.SWITCHED,),
        leads_to=Phase.SPLIT,
        is_dangerous=True,
        needs=_equal,
    ),
    Verb(
        name="verify",
        title="Compare both sides now",
        says="Reads what was written since the last comparison on both sides, at one moment, while writes go on.",
        phases=(Phase.DUAL_WRITE, Phase.SWITCHED),
    ),
    Verb(
        name="reverse",
        title="Switch back to the monolith",
        says="Writes wait for some milliseconds while the monolith's tables become the truth again. Nothing is lost.",
        phases=(Phase.SWITCHED,),
        leads_to=Phase.DUAL_WRITE,
        is_dangerous=True,
        is_back=True,
    ),
    Verb(
        name="cancel",
        title="Cancel the move",
        says="The monolith alone answers again, and what was copied is given up. No row of the monolith is touched.",
        phases=(Phase.SHARED_DATABASE, Phase.DUAL_WRITE),
        leads_to=Phase.IN_PROCESS,
        is_dangerous=True,
        is_back=True,
    ),
)
SHIFT = Verb(
    name="shift",
    title="Shift the traffic",
    says="How much the service answers. Each customer stays on one side; more for the service takes more customers along.",
    phases=(Phase.SHARED_DATABASE, Phase.DUAL_WRITE),
)
KINDS = {
    "reads": "Reads that the service answers",
    "writes": "Writes that the service answers",
    "shadow": "Reads asked of both sides and compared",
}


def steps_of(move: Move, *, may_ask: bool) -> tuple[Step, ...]:
    """Return what leads on from the present phase, the next first and ways back last."""
    return tuple(step(move, verb, may_ask=may_ask) for verb in VERBS if move.where.phase in verb.phases)


def step(move: Move, verb: Verb, *, may_ask: bool) -> Step:
    return Step(verb=verb, reasons=tuple(_reasons(move, verb, may_ask)))


def verb_named(name: str) -> Verb | None:
    return next((verb for verb in (*VERBS, SHIFT) if verb.name == name), None)


def title_of(verb: str) -> str:
    """Return how people call a verb."""
    known = verb_named(verb)
    return known.title if known else verb


def _reasons(move: Move, verb: Verb, may_ask: bool) -> Iterator[str]:
    if not may_ask:
        yield "Your account may look and not ask: it lacks the permission to add requests of the extraction record."
    if move.where.phase not in verb.phases:
        yield f"Not in this phase: {move.module} is {move.phase}."
        return
    if not move.carrier.alive:
        yield f"No carrier lives. Start one: {CARRIER_COMMAND}"
    if (request := move.open_request) is not None:
        yield f"“{title_of(request.verb)}” of {request.who} is not done yet."
    if move.where.hold:
        yield "Writes are held at this moment."
    yield from verb.needs(move)
