"""Evidence of a shop, and judging it when what was begun has had time to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from infra.boundaries.discovery import manifests_in
from tests.faults.workload.journal import Journal
from tests.faults.workload.oracles import Conviction, Evidence, Login, judge

# After a fault: leases of dead drivers run out (20 s), keys are taken over (60 s), the completer and the relay come by.
SETTLED_WITHIN_SECONDS = 120.0
MANIFESTS = manifests_in("modules")
SCHEMAS = {manifest.name: manifest.schema for manifest in MANIFESTS}
_never = threading.Event()


def evidence_from(journal: Journal, login: Login) -> Evidence:
    """Return the evidence of the shop of this checkout, with a login to each module's home (`Evidence.login`)."""
    hears: dict[str, list[str]] = {}
    for manifest in MANIFESTS:
        for event in manifest.hears:
            hears.setdefault(event, []).append(manifest.name)
    return Evidence(
        journal=journal,
        login=login,
        modules=list(SCHEMAS),
        hears={event: tuple(consumers) for event, consumers in hears.items()},
    )


def judge_at_rest(
    evidence: Evidence, *, seconds: float = SETTLED_WITHIN_SECONDS, told: Callable[[str], None] = lambda text: None
) -> list[Conviction]:
    """Judge as soon as nothing breaks any invariant, at the latest after `seconds`; what was begun needs time to end."""
    deadline = time.monotonic() + seconds
    while (found := judge(evidence)) and time.monotonic() < deadline:
        told(f"{len(found)} things are still to settle, such as: {found[0]}")
        _never.wait(1.0)
    return found
