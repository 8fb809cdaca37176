"""The phases that lie ahead: what each does, what must hold before, how long it takes, and the way back."""

from __future__ import annotations

from infra.extraction.planning.model import PlannedPhase
from infra.extraction.record.values import Phase
from infra.extraction.words import duration


def phases_ahead(module: str, *, copy_seconds: float, address: str) -> tuple[PlannedPhase, ...]:
    """Return all phases of a move in their order."""
    command = f"python manage.py extract {module}"
    return (
        PlannedPhase(
            phase=Phase.IN_PROCESS,
            does="The monolith runs the module on its own tables.",
            command="",
            preconditions=(),
            takes="",
            back="",
        ),
        PlannedPhase(
            phase=Phase.SHARED_DATABASE,
            does="The service runs the module's code on the monolith's tables, for the share of the traffic that you give it.",
            command=f"{command} start --until shared-database",
            preconditions=(
                "nothing above is left to do",
                f"the service answers at {address or '<its address>'}/_service with the contracts and migrations of this version",
            ),
            takes="seconds; stay for as long as you want to watch its code",
            back=f"{command} cancel: at once",
        ),
        PlannedPhase(
            phase=Phase.DUAL_WRITE,
            does="Every write reaches the service's tables, too; what was there before is copied, and both are compared.",
            command=f"{command} start",
            preconditions=(
                "the service's database answers, with the same migrations",
                "a carrier runs (python manage.py carry)",
                "no migration of the module is due: there is none until the end",
            ),
            takes=f"about {duration(copy_seconds)} to copy; stay until verify finds nothing, and for a day of business",
            back=f"{command} cancel: seconds; the copy is given up, no row of the monolith is touched",
        ),
        PlannedPhase(
            phase=Phase.SWITCHED,
            does="The service's tables are the truth; every write flows back to the monolith's.",
            command=f"{command} switch",
            preconditions=(
                "the copy is complete, and the last comparison found no difference",
                "the lag is below a second",
                "no write transaction of the module takes longer than 150 ms",
                "every process of shop and service acknowledges the hold",
            ),
            takes="writes wait for some ten milliseconds, reads never; at most half a second if something dies",
            back=f"{command} reverse: as quick, at any time, with everything written meanwhile",
        ),
        PlannedPhase(
            phase=Phase.SPLIT,
            does="The monolith's tables are put aside and exported; after a grace period they are dropped.",
            command=f"{command} complete --confirm {module}",
            preconditions=(
                "both sides compared completely, with no difference",
                "nothing uses the monolith's tables, and no process asks the module here",
            ),
            takes="seconds, and the time of an export",
            back="none, but from the export",
        ),
    )
