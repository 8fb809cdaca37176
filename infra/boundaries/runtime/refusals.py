"""What contracts and events refuse by themselves, whatever the policy: recorded here as findings of their rules."""

from __future__ import annotations

from infra.boundaries.findings import Finding
from infra.boundaries.runtime import rules
from infra.boundaries.runtime.places import call_site
from infra.boundaries.runtime.policy import record
from infra.contracts.declaration import Method
from infra.contracts.errors import ContractViolation, NoPlainValue, TooManyCallsDeep

_RULES = {NoPlainValue: rules.NOT_A_VALUE, TooManyCallsDeep: rules.CIRCLE}


def note_violation(method: Method, asker: str, violation: ContractViolation) -> None:
    """Record a call that could not be made, or whose answer could not be given, for what it carried or where it led."""
    rule = _RULES.get(type(violation))
    if rule is not None:
        site = call_site()
        record(
            Finding(
                rule=rule,
                module=asker or site.module,
                source=site.name,
                target=str(method),
                detail=f"{violation} Asked at {site}.",
                path=site.path,
                line=site.line,
            )
        )


def note_circle(consumer: str, event: str, chain: str) -> None:
    """Record an event that came after more hops than the limit."""
    record(
        Finding(
            rule=rules.CIRCLE,
            module=consumer,
            source=f"handlers of {event} in {consumer}",
            target=event,
            detail=f"{event} came to {consumer} after too many hops: {chain}",
        )
    )
