"""Running periodic tasks in tests: in this thread, now."""

from __future__ import annotations

from infra.schedule import runs
from infra.schedule.declaration import modules_with_tasks


def run_all_due(*, of: str | None = None, regardless_of_time: bool = False) -> list[str]:
    """Run every task that is due, each once; return their names. A task that never ran is due.

    What tasks raise is raised here as one group, after all have run.

    Args:
        of: this module's only, as tests of one module need no other to be there.
        regardless_of_time: run the others too, as if their periods had passed.
    """
    names: list[str] = []
    errors: list[Exception] = []
    for module in modules_with_tasks() if of is None else [of]:
        runs.ensure_rows(module)
        for claim in runs.claim_due(module, regardless_of_time=regardless_of_time):
            names.append(claim.name)
            if error := runs.run(claim):
                errors.append(error)
    if errors:
        raise ExceptionGroup(f"{len(errors)} periodic tasks failed", errors)
    return names
