"""How many questions one request, task or event may ask."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from infra.boundaries.findings import Finding
from infra.boundaries.runtime import rules
from infra.boundaries.runtime.places import call_site
from infra.boundaries.runtime.policy import settle
from infra.contracts import calls, journeys
from infra.contracts.declaration import Method
from infra.contracts.errors import ContractViolation
from infra.contracts.journeys import Question


class CallBudgetExceeded(ContractViolation):
    """One request, task or event asked more questions than `settings.CONTRACT_CALL_BUDGET` allows."""

    code = "call_budget_exceeded"


def guard_budget(method: Method, asker: str) -> None:
    """Guard the entry of a contract call: the one that is too many is named, with what was asked how often before.

    Raises:
        CallBudgetExceeded: under the policy `raise`.
    """
    journey = journeys.current()
    if journey is None:
        return
    budget = settings.CONTRACT_CALL_BUDGET
    if not budget or sum(journey.asked.values()) <= budget:
        return
    is_news = not journey.is_over_budget
    journey.is_over_budget = True
    if is_news or settings.GUARD_POLICY == "raise":
        site = call_site()
        settle(
            Finding(
                rule=rules.CALL_BUDGET,
                module=asker or site.module,
                source=site.name,
                target=str(method),
                detail=f"This {journey.kind} asks more than {budget} questions ({listed(journey.asked)}), the last at {site}.",
                path=site.path,
                line=site.line,
            ),
            CallBudgetExceeded,
        )


@contextmanager
def max_contract_calls(most: int) -> Iterator[Counter[Question]]:
    """Fail when more than `most` contract calls are made by this thread during the block; for tests.

    Yields:
        What was asked so far: (who asks, contract, method), and how often.

    Raises:
        AssertionError: says which calls, and how often each.
    """
    asked: Counter[Question] = Counter()
    thread = threading.get_ident()

    def count(asker: str, method: Method, outcome: str, seconds: float) -> None:
        if threading.get_ident() == thread:
            asked[asker, method.contract, method.name] += 1

    calls.observe_calls(count)
    try:
        yield asked
    finally:
        calls.stop_observing(count)
    if asked.total() > most:
        raise AssertionError(f"{asked.total()} contract calls instead of at most {most}: {listed(asked)}.")


def listed(asked: dict[Question, int]) -> str:
    """Return what was asked how often, the most frequent first: "orders asks catalog.v1 offers 12 times"."""
    return ", ".join(
        f"{asker or 'somebody'} asks {contract} {method} {count} times"
        for (asker, contract, method), count in sorted(asked.items(), key=lambda item: -item[1])
    )
