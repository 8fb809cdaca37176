"""See a module leave: `python -m tests.faults.demo payments`, or `all` (one after the other), or `together`."""

from __future__ import annotations

import argparse
import random
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from psycopg import sql
from rich.console import Console

from tests.faults.demo.page import Outcome, page
from tests.faults.demo.steps import (
    LOOK_SECONDS,
    OUT_AND_BACK_AND_OUT,
    CommandFailed,
    Done,
    Journey,
    each_second,
    extract,
    wait_until,
)
from tests.faults.stage.processes import ProcessFailed
from tests.faults.stage.shop import ROOT, STAFF, Stage
from tests.faults.workload.homes import SCHEMAS, judge_at_rest
from tests.faults.workload.journal import Journal
from tests.faults.workload.oracles import Watch, invariants, take_baselines
from tests.faults.workload.traffic import Workload

FOLDER = ROOT / ".banyan" / "extract-demo"
# Some forty requests a second: the rest of two cores belongs to what is shown.
CUSTOMERS, PACE_SECONDS = 4, 0.08
WARM_UP_REQUESTS = 50
ALL, TOGETHER = "all", "together"


def main() -> None:
    """Show it, print the page, and end with 1 when anything failed, differed, or broke a promise."""
    parser = argparse.ArgumentParser(prog="make extract-demo", description=__doc__)
    parser.add_argument("modules", metavar="MODULE", choices=[*SCHEMAS, ALL, TOGETHER])
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000), help="of the customers' dice")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the shop lives meanwhile; it is emptied")
    asked = parser.parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)
    journeys = {ALL: [[module] for module in SCHEMAS], TOGETHER: [list(SCHEMAS)]}
    good = True
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C: everything is stopped in order
    try:
        for modules in journeys.get(asked.modules, [[asked.modules]]):
            good = show(modules, folder=asked.folder, seed=asked.seed, console=console) and good
    except KeyboardInterrupt:
        console.print("Stopped; everything is cleaned up.")
        sys.exit(130)
    sys.exit(0 if good else 1)


def show(modules: Sequence[str], *, folder: Path, seed: int, console: Console) -> bool:
    """Show the way of these modules side by side; return whether all went well. Leaves nothing behind then."""
    stage = Stage(folder, checkout=ROOT)
    console.print(f"[bold]A shop of its own for {', '.join(modules)}[/] in {folder}; customers from seed {seed}")
    good = False
    try:
        with console.status("opening the shop ..."), stage:
            for module in modules:
                console.print(f"starting the service of {module}")
                stage.start_service(module)
            stage.start_carrier()
            good = _with_customers(stage, modules, seed, console)
    except (CommandFailed, ProcessFailed) as failure:
        console.print(f"[red]{failure}[/]", markup=True)
    if good:
        stage.remove()
    else:
        console.print(f"Logs and the journal of all requests are in {folder}; the next demonstration empties it.")
    return good


def _with_customers(stage: Stage, modules: Sequence[str], seed: int, console: Console) -> bool:
    with Journal(stage.folder / "journal.jsonl") as journal:
        evidence = stage.evidence(journal)
        take_baselines(evidence)
        workload = Workload(stage.url, journal, seed=seed, staff=STAFF, customers=CUSTOMERS, pace_seconds=PACE_SECONDS)
        journey, over = Journey(stage, workload, modules), threading.Event()
        with console.status("customers come") as status:

            def tell() -> None:
                second = workload.statistics.time_line().get(int(workload.statistics.now()) - 1)
                if second:
                    status.update(
                        f"{second.answered} requests/s, {second.failed} failed,"
                        f" slowest {second.slowest * 1000:.0f} ms   [dim]{now[0]}[/]"
                    )

            now = [""]
            try:
                with workload, Watch(evidence) as watch:
                    each_second(tell, over)
                    wait_until(lambda: workload.summary().answered >= WARM_UP_REQUESTS)
                    for step in journey.go(OUT_AND_BACK_AND_OUT, look_seconds=LOOK_SECONDS / len(modules)):
                        if isinstance(step, Done):
                            console.print(f"[green]✓[/] {now[0]}: {step.noticed.line()}", soft_wrap=True)
                        else:
                            now[0] = step
            finally:
                over.set()
            status.update("what was begun comes to its end; then everything is checked")
            convictions = [*watch.convictions, *judge_at_rest(evidence)]
            compared = {module: extract(stage, module, "verify", "--everything") for module in modules}
        outcome = Outcome(
            modules=modules,
            seed=seed,
            done=journey.done,
            failures=[failure for done in journey.done for failure in done.noticed.failures]
            + list(workload.summary().failures),
            convictions=convictions,
            invariants=len(invariants()),
            watched=watch.looks,
            sizes={module: _size(stage, module) for module in modules},
            compared=compared,
            operations=journal.operations(),
        )
    console.print(page(outcome))
    return outcome.is_good


def _size(stage: Stage, module: str) -> tuple[int, int]:
    """Return how many tables a module has at its home, and how many rows."""
    with stage.at(module) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = %s AND tablename <> 'django_migrations'",
                [SCHEMAS[module]],
            )
        ]
        rows = sum(
            connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchall()[0][0]
            for name in names
        )
    return len(names), rows


if __name__ == "__main__":
    main()
