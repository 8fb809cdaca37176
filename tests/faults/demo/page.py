"""The one page that a demonstration ends with: what was moved, how long writes waited, what was compared, what held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tests.faults.demo.steps import Done
from tests.faults.workload.journal import Operation
from tests.faults.workload.oracles import Conviction
from tests.faults.workload.statistics import Failure

_FEW = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that came of a demonstration."""

    modules: Sequence[str]
    seed: int
    done: Sequence[Done]
    failures: Sequence[Failure]
    convictions: Sequence[Conviction]
    invariants: int
    watched: int  # times that the invariants of each moment were looked at meanwhile
    sizes: Mapping[str, tuple[int, int]]  # tables and rows, by module
    compared: Mapping[str, Mapping[str, Any]]  # of the last comparison, by module
    operations: Sequence[Operation]

    @property
    def differences(self) -> int:
        return sum(len(found["differences"]) for found in self._comparisons())

    @property
    def is_good(self) -> bool:
        return not self.failures and not self.convictions and not self.differences

    def _comparisons(self) -> Iterable[Mapping[str, Any]]:
        yield from (done.told for done in self.done if "differences" in done.told)
        yield from self.compared.values()

    @property
    def rows_compared(self) -> int:
        return sum(int(found["rows"]) for found in self._comparisons())


def page(outcome: Outcome) -> RenderableType:
    """Return the page."""
    return Group(
        Text(f"\n{', '.join(outcome.modules)}: out, back, and out again\n", style="bold"),
        _noticed(outcome.done),
        _moved(outcome),
        *_holds(outcome.done),
        Text(
            f"Compared  {outcome.rows_compared:,} rows in {len(list(outcome._comparisons()))} comparisons,"
            f" {outcome.differences} differences"
        ),
        *_customers(outcome.operations),
        *_verdict(outcome),
    )


def _noticed(done: Sequence[Done]) -> Table:
    table = Table(title="What customers noticed", title_justify="left", expand=False)
    for column in ("", "command took", "requests/s", "failed", "slowest", "longest silence"):
        table.add_column(column, justify="right" if column else "left")
    several = len({one.module for one in done}) > 1
    for one in done:
        noticed = one.noticed
        name = f"{one.module}: " if several and one.command.words else ""
        table.add_row(
            name + one.command.title,
            f"{one.took_seconds:.1f} s" if one.command.words else "",
            f"{noticed.per_second:.0f}",
            str(len(noticed.failures)),
            f"{noticed.slowest_seconds * 1000:.0f} ms",
            f"{noticed.longest_gap_seconds * 1000:.0f} ms",
        )
    return table


def _moved(outcome: Outcome) -> Text:
    parts = [f"{module} {tables} tables with {rows:,} rows" for module, (tables, rows) in outcome.sizes.items()]
    return Text(f"Moved     {', '.join(parts)}")


def _holds(done: Sequence[Done]) -> Iterable[Text]:
    for one in done:
        if "feltSeconds" in one.told:
            felt, held = one.told["feltSeconds"] * 1000, one.told["holdSeconds"] * 1000
            yield Text(
                f"Held      {one.module} {one.command.words[0]}: writes waited {felt:.0f} ms, of which the databases took"
                f" {held:.0f} ms, at try {one.told['tries']}"
            )


def _customers(operations: Sequence[Operation]) -> Iterable[Text]:
    done = [operation.intent.operation for operation in operations if operation.done]
    twice = sum(len([each for each in operation.answers if each.verdict == "done"]) > 1 for operation in operations)
    yield Text(
        f"Customers {done.count('register')} registered, {done.count('place an order')} orders placed,"
        f" {done.count('cancel an order')} cancelled, {done.count('refund')} refunds, {done.count('dispatch')} parcels"
        f" dispatched; {twice} requests with a key sent twice on purpose"
    )


def _verdict(outcome: Outcome) -> Iterable[Text]:
    for failure in outcome.failures[:_FEW]:
        yield Text(f"FAILED    {failure.at:.1f} s {failure.operation}: {failure.text}", style="red")
    for conviction in outcome.convictions[:_FEW]:
        yield Text(f"BROKEN    {conviction}", style="red")
    held = f"{outcome.invariants} invariants hold, and held at {outcome.watched} looks meanwhile (seed {outcome.seed})"
    if outcome.is_good:
        yield Text(f"\n0 failed requests, 0 differences; {held}", style="bold green")
    else:
        yield Text(
            f"\n{len(outcome.failures)} failed requests, {outcome.differences} differences,"
            f" {len(outcome.convictions)} broken promises (seed {outcome.seed})",
            style="bold red",
        )
