"""What is to be done before a module leaves, the most blocking first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from infra.boundaries.patterns.rules import BESIDE_THE_INBOX, COMMAND_WITHOUT_KEY
from infra.boundaries.readiness.model import Readiness, Todo, Way, Weight
from infra.boundaries.rules import Layer
from infra.boundaries.runtime.rules import CALL_IN_TRANSACTION

# A call on one machine through HTTP, all included: tests/benchmarks/contract_call.py.
NETWORK_MS = 1.1
# Between two parts of one page nobody notices less.
NOTICEABLE_MS = 10.0
LATE_MS = 5_000.0
LONG_COPY_SECONDS = 600.0


def ranked(ready: Readiness) -> list[Todo]:
    """Return everything to do and to know, each once."""
    todo = [
        *_leaks(ready),
        *_uses(ready),
        *_questions(ready),
        *_ways(ready),
        *_events(ready),
        *_stock(ready),
        *_unknown(ready),
        *_tasks(ready),
    ]
    return sorted(dict.fromkeys(todo), key=lambda item: item.weight)


def _leaks(ready: Readiness) -> Iterator[Todo]:
    for finding in ready.leaks:
        if finding.rule is CALL_IN_TRANSACTION:
            continue  # told with its figures, below
        # A measured pattern is advice, but for those that lose or double something over a network.
        hinders = finding.rule.layer is Layer.PATTERN and finding.rule not in (COMMAND_WITHOUT_KEY, BESIDE_THE_INBOX)
        yield Todo(
            weight=Weight.HINDERS if hinders else Weight.BLOCKS,
            what=f"{finding.rule.id} {finding.detail}",
            where=f"{finding.where}, python manage.py boundaries --explain {finding.rule.id}",
        )


def _uses(ready: Readiness) -> Iterator[Todo]:
    for use in ready.uses:
        if use.is_import:
            text = f"{use.what} is imported from outside the modules; it will not be there."
        else:
            text = f"{use.what} is named as a text: it works in the service only, which needs the same setting."
        yield Todo(weight=Weight.BLOCKS if use.is_import else Weight.KNOW, what=text, where=f"{use.path}:{use.line}")


def _questions(ready: Readiness) -> Iterator[Todo]:
    name, known = ready.manifest.name, {*ready.askers}
    for arrow in (*ready.questions_in, *ready.questions_out):
        if arrow.in_transactions:
            yield Todo(
                weight=Weight.BLOCKS,
                what=f"{arrow.asker} asked {arrow.what} {arrow.in_transactions} times inside an open transaction, of"
                f" {arrow.count}: locks would be held while a network answers.",
                where=f"grep 'inside an open transaction' in the log of {arrow.asker}; it names the call site",
            )
        if arrow.errors:
            yield Todo(
                weight=Weight.HINDERS,
                what=f"{arrow.asker} got no answer to {arrow.what} {arrow.errors} times of {arrow.count}"
                f" ({_counted(arrow.outcomes)}).",
                where=f"grep '{arrow.what}' in the log",
            )
    asked = {(arrow.asker, arrow.answerer) for arrow in ready.questions_out}
    for answerer in sorted({there for _, there in asked} - {*ready.manifest.asked_modules}):
        yield Todo(
            weight=Weight.BLOCKS,
            what=f"{name} asks {answerer}, which its manifest does not say: the service would be refused.",
            where=f"{ready.folder}/manifest.py, asks",
        )
    for asker in sorted({arrow.asker for arrow in ready.questions_in} - known):
        yield Todo(
            weight=Weight.KNOW,
            what=f"{asker} asks {name}, too, and is no module: the service must let it in.",
            where="settings: CONTRACT_CALLERS",
        )


def _ways(ready: Readiness) -> Iterator[Todo]:
    by_entry: dict[str, list[Way]] = {}
    for way in ready.ways:
        by_entry.setdefault(way.entry, []).append(way)
    for entry, ways in by_entry.items():
        milliseconds = sum(way.per_journey for way in ways) * NETWORK_MS
        if milliseconds >= NOTICEABLE_MS:
            parts = ", ".join(f"{way.what} {way.per_journey:.1f} times" for way in ways)
            yield Todo(
                weight=Weight.HINDERS,
                what=f"{entry} would take some {milliseconds:.0f} ms more: {parts}. Ask for many at once.",
                where="python manage.py boundaries --layer pattern",
            )


def _events(ready: Readiness) -> Iterator[Todo]:
    for event in (*ready.published, *ready.heard):
        if not event.has_handler:
            yield Todo(
                weight=Weight.BLOCKS,
                what=f"{event.consumer} declares that it hears {event.name}, and has no handler in this process: events would"
                " be parked.",
                where=f"handlers.py of {event.consumer}",
            )
        if event.dead:
            yield Todo(
                weight=Weight.BLOCKS,
                what=f"{event.dead} {event.name} were given up in {event.consumer}: decide about them first, they do not move.",
                where=f"python manage.py events dead-letters --module {event.consumer}",
            )
        if event.observed and event.observed.p99_ms > LATE_MS:
            yield Todo(
                weight=Weight.HINDERS,
                what=f"{event.name} takes effect in {event.consumer} after {event.observed.p99_ms / 1000:.1f} s (99 of 100"
                " sooner): catching up takes as long.",
                where="python manage.py events lag",
            )
    for name in ready.unheard:
        yield Todo(weight=Weight.KNOW, what=f"Nobody hears {name}.", where=f"{ready.folder}/manifest.py")


def _stock(ready: Readiness) -> Iterator[Todo]:
    stock = ready.stock
    if stock.copy_seconds > LONG_COPY_SECONDS:
        yield Todo(
            weight=Weight.KNOW,
            what=f"Copying takes some {stock.copy_seconds / 60:.0f} minutes; clean up first what need not move.",
            where=f"{stock.tables[0].name} is the largest table",
        )
    if stock.sequences:
        yield Todo(
            weight=Weight.KNOW,
            what=f"{len(stock.sequences)} sequences must stand beyond the last number on the other side before it writes:"
            f" {', '.join(stock.sequences)}.",
            where=f"schema {ready.manifest.schema}",
        )


def _tasks(ready: Readiness) -> Iterator[Todo]:
    name = ready.manifest.name
    own = [(task, period) for task, period in ready.tasks if task.startswith(f"{name}.")]
    if own:
        text = ", ".join(f"{task} every {period:g} s" for task, period in own)
        yield Todo(
            weight=Weight.KNOW,
            what=f"From the day of the switch this runs in the service only: {text}.",
            where=f"{ready.folder}/tasks.py",
        )


def _unknown(ready: Readiness) -> Iterator[Todo]:
    if ready.not_watched:
        yield Todo(
            weight=Weight.HINDERS,
            what=f"How often and how slowly it is asked is not known: {ready.not_watched}",
            where="make run",
        )
    if ready.stock.missing:
        yield Todo(weight=Weight.HINDERS, what=f"What it keeps is not known: {ready.stock.missing}", where="make run")
    for run in ready.runs:
        if run.missed:
            yield Todo(
                weight=Weight.HINDERS,
                what=f"The {run.layer.value} layer could not look at everything: {run.missed}",
                where=f"python manage.py boundaries --layer {run.layer.value}",
            )


def _counted(outcomes: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{outcome} {count}" for outcome, count in outcomes)
